package coordinator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/gen"
)

// Defaults of Options, and the limits of Options.Lease.
const (
	DefaultLease         = 30 * time.Second
	MinLease             = 300 * time.Millisecond
	MaxLease             = 24 * time.Hour
	DefaultHoldAfter     = 5
	DefaultMaxParameters = 16 << 20
)

// Options say how a coordinator works. The zero value is the usual choice.
type Options struct {
	// Name is what operators see of this instance. Default: host name and process id.
	Name string
	// Registry knows the Go types of parameters. Default: an empty one, every command is opaque.
	Registry *Registry
	// Lease is how long nothing has to be heard of this instance until others may take its commands; three heartbeats go into it.
	// A transaction that has written commands may also not pause longer than that between two statements: the server ends it.
	// Default 30 s; from 300 ms to a day.
	Lease time.Duration
	// HoldAfter is how many times a command is taken from a dead owner without progress in between, which is another status or other
	// parameters of any command of its tree. When that owner dies too the tree is held: nobody is handed it until Resume. Default 5.
	HoldAfter int
	// MaxParameters is how many bytes the encoded parameters of a command may have. Default 16 MiB.
	MaxParameters int
	// Logger is told of what nobody waits for: lost leases, failing heartbeats, commands that are taken, held or cannot be decoded.
	// Parameters are never logged. Default: discards all.
	Logger *slog.Logger
	// Hooks are for metrics.
	Hooks Hooks
}

// Hooks are called when something has happened, from whatever goroutine it happened in: they must be safe for concurrent use and
// must not block. Nil ones are not called.
type Hooks struct {
	// Call is told of every call to the database, heartbeats included.
	Call func(Call)
	// Recovered is told how many commands Recover has handed to this instance.
	Recovered func(count int)
	// Held is told which command will not be handed out any more because its owners died too often.
	Held func(commandID uuid.UUID)
	// Lost is called once, when another instance has taken over.
	Lost func()
	// Cleaned is told what a cleanup has removed and kept.
	Cleaned func(CleanupReport)
}

// Call is one call to the database.
type Call struct {
	// Operation is the same for each form of a method: "persist", "update status", "renew lease".
	Operation string
	// Commands is how many commands it was about, as far as that is known before the call.
	Commands int
	Duration time.Duration
	// Err is what the method returned.
	Err error
}

// Coordinator keeps the commands of one run of a program in the database. Its methods may be called from several goroutines.
type Coordinator struct {
	id      uuid.UUID
	pool    *pgxpool.Pool
	options Options

	// stop ends the heartbeat, beaten is closed when it has ended.
	stop   context.CancelFunc
	beaten chan struct{}
	// closing is closed when Close begins, lost when another instance has taken over.
	closing   chan struct{}
	closeOnce sync.Once
	stopped   atomic.Bool
	lost      chan struct{}
	loseOnce  sync.Once

	attempts attempts
}

// Open registers a new instance and starts its heartbeat, on a connection of its own that is made as the pool makes its own. The
// context bounds this call only. Close what was opened. The errors include ErrNotUpgraded.
func Open(ctx context.Context, pool *pgxpool.Pool, options Options) (*Coordinator, error) {
	if pool == nil {
		return nil, errors.New("open a coordinator: no pool of connections was given")
	}
	options, err := options.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open a coordinator: %w", err)
	}
	c := &Coordinator{
		id: uuid.New(), pool: pool, options: options,
		beaten: make(chan struct{}), closing: make(chan struct{}), lost: make(chan struct{}),
	}
	err = c.call(ctx, "register instance", 0, func() error {
		_, err := gen.New(pool).RegisterInstance(ctx, gen.RegisterInstanceParams{
			InstanceID: c.id, Name: options.Name, LeaseMs: int32(options.Lease.Milliseconds()), //nolint:gosec // a day at most
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	c.log().InfoContext(ctx, "instance registered", "name", options.Name, "lease", options.Lease)
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.stop = stop
	go c.heartbeat(beating)
	return c, nil
}

func (o Options) withDefaults() (Options, error) {
	if o.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "unknown host"
		}
		o.Name = fmt.Sprintf("%s, process %d", host, os.Getpid())
	}
	if o.Registry == nil {
		o.Registry = &Registry{}
	}
	if o.Lease == 0 {
		o.Lease = DefaultLease
	}
	if o.HoldAfter == 0 {
		o.HoldAfter = DefaultHoldAfter
	}
	if o.MaxParameters == 0 {
		o.MaxParameters = DefaultMaxParameters
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case o.Lease < MinLease || o.Lease > MaxLease:
		return o, fmt.Errorf("Options.Lease is %v: it must be from %v to %v", o.Lease, MinLease, MaxLease)
	case o.HoldAfter < 0:
		return o, fmt.Errorf("Options.HoldAfter is %d: it must not be negative", o.HoldAfter)
	case o.MaxParameters < 0:
		return o, fmt.Errorf("Options.MaxParameters is %d: it must not be negative", o.MaxParameters)
	}
	return o, nil
}

// ID is the instance's own id: a fresh one for each Open.
func (c *Coordinator) ID() uuid.UUID { return c.id }

// Lost is closed once another instance has taken over, or the upgrade was taken back: what this one still does for its commands will not be recorded. The program
// stops doing it, closes this coordinator and opens a new one.
func (c *Coordinator) Lost() <-chan struct{} { return c.lost }

// Close ends the instance and frees its commands at once, so stop what drives them first. It waits for the heartbeat to end. When the
// database cannot be told, the error says so and the commands are free when the lease is over; Close may be called again.
func (c *Coordinator) Close(ctx context.Context) error {
	c.closeOnce.Do(func() { close(c.closing) })
	c.stop()
	select {
	case <-c.beaten:
	case <-ctx.Done():
		return fmt.Errorf("close the coordinator: wait for the heartbeat to end: %w", ctx.Err())
	}
	if c.stopped.Load() {
		return nil
	}
	err := c.call(ctx, "stop instance", 0, func() error { return gen.New(c.pool).StopInstance(ctx, c.id) })
	if err != nil {
		return err
	}
	c.stopped.Store(true)
	c.log().InfoContext(ctx, "instance stopped")
	return nil
}

// call makes a call to the database, and sees to its error, its metrics and to what it says about this instance.
func (c *Coordinator) call(ctx context.Context, operation string, commands int, run func() error) error {
	begin := time.Now()
	err := explain(run())
	if err != nil {
		err = fmt.Errorf("%s: %w", operation, err)
	}
	if c.options.Hooks.Call != nil {
		c.options.Hooks.Call(Call{Operation: operation, Commands: commands, Duration: time.Since(begin), Err: err})
	}
	if errors.Is(err, ErrInstanceEnded) {
		c.lose(ctx)
	}
	return err
}

// write is call for what an instance must not do any more once it has ended.
func (c *Coordinator) write(ctx context.Context, operation string, commands int, run func() error) error {
	select {
	case <-c.closing:
		return fmt.Errorf("%s: %w", operation, &InstanceEndedError{InstanceID: c.id, Because: "stopped"})
	case <-c.lost:
		return fmt.Errorf("%s: %w", operation, &InstanceEndedError{InstanceID: c.id, Because: "taken over"})
	default:
		return c.call(ctx, operation, commands, run)
	}
}

// lose tells the program that this instance owns nothing any more, unless it has ended itself.
func (c *Coordinator) lose(ctx context.Context) {
	select {
	case <-c.closing:
		return
	default:
	}
	c.loseOnce.Do(func() {
		close(c.lost)
		c.log().ErrorContext(ctx, "instance has ended: its commands are for others to drive")
		if c.options.Hooks.Lost != nil {
			c.options.Hooks.Lost()
		}
	})
}

func (c *Coordinator) log() *slog.Logger { return c.options.Logger.With("instance", c.id) }
