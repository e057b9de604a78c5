// Package play plays an engine of version 3.4 that goes on while its database is upgraded: clients with prepared statements that call
// the old procedures by their old signatures, at a fixed rate, and hold every answer against what they know. Beside them, unless it is
// told not to, the same clients do the same on tables that nobody upgrades: what both notice is the machine, not the upgrade.
package play

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Names of the clients' applications, by which the server's log tells them apart.
const (
	Application        = "played engine"
	ControlApplication = "played control"
)

// Options say how the engine is played. The zero value of a field takes its default.
type Options struct {
	// URL connects as the engine's role. It needs CREATE on the database, for the control's schema.
	URL string
	// Rate is how many calls a second are due, over all connections; 200. The control makes as many.
	Rate float64
	// Connections of the engine; 4. The control has as many.
	Connections int
	// Seed makes tasks and calls repeat as far as time lets them. The tasks of different seeds do not meet.
	Seed uint64
	// Tasks is how many tasks the engine works with at a time; 200.
	Tasks int
	// Adopt is how many of the tasks that are there the engine takes for its own: it changes and deletes them; none.
	Adopt int
	// MinText and MaxText bound the length of the parameters in bytes; 512 and 4096.
	MinText, MaxText int
	// NewTask makes the 15 columns of a task with an id, each as PostgreSQL writes it in UTC, nil for NULL. It is called by all clients
	// at once. Nil: tasks are those of an engine that works.
	NewTask func(random *rand.Rand, id string) [15]*string
	// AllEvery is one in how many calls asks for all tasks at once, as an engine does when it starts. 0: 500 where there are at most
	// 1,000 tasks, else none. Negative: none.
	AllEvery int
	// ByEntity asks for tasks by their entity even where there are more than 20,000 links, which have no index.
	ByEntity bool
	// WithoutControl plays the engine alone.
	WithoutControl bool
	// Keep leaves the engine's tasks behind. Without it Stop deletes all but the adopted ones.
	Keep bool
}

const (
	manyTasks = 1_000
	manyLinks = 20_000
	// knownTasks are how many tasks that were there are read now and then, by each client.
	knownTasks = 64
)

func (o Options) withDefaults() Options {
	orElse(&o.Rate, 200)
	orElse(&o.Connections, 4)
	orElse(&o.Tasks, 200)
	orElse(&o.MinText, 512)
	orElse(&o.MaxText, max(4096, o.MinText))
	o.Tasks = max(o.Tasks, o.Adopt, o.Connections)
	return o
}

func orElse[T comparable](value *T, byDefault T) {
	var zero T
	if *value == zero {
		*value = byDefault
	}
}

// Engine is a played engine.
type Engine struct {
	options Options
	start   time.Time
	cancel  context.CancelFunc
	stop    chan struct{}
	running sync.WaitGroup

	engine, control *workload

	mu     sync.Mutex
	phases []phase
}

type phase struct {
	name  string
	begin time.Duration
}

// workload is what the clients of the engine have in common, or those of the control.
type workload struct {
	clients []*client
	counts  counts
}

// Start connects the clients, prepares their statements and lets them begin. When the context ends, they stop as if the engine had died.
func Start(ctx context.Context, options Options) (*Engine, error) {
	options = options.withDefaults()
	playing, cancel := context.WithCancel(ctx)
	e := &Engine{options: options, cancel: cancel, stop: make(chan struct{}), phases: []phase{{name: "start"}}}
	if err := e.prepare(ctx); err != nil {
		cancel()
		return nil, errors.Join(fmt.Errorf("play an engine: %w", err), e.hangUp(ctx), e.dropControl(ctx))
	}
	e.start = time.Now()
	for w, load := range e.workloads() {
		for i, c := range load.clients {
			c.start = e.start
			place := float64(i) + float64(w)/2 // in the schedule, so that no two clients are due at once
			e.running.Go(func() { e.run(playing, c, place) })
		}
	}
	return e, nil
}

func (e *Engine) workloads() []*workload {
	if e.control == nil {
		return []*workload{e.engine}
	}
	return []*workload{e.engine, e.control}
}

// run lets a client work off its schedule. What was due before the end is done, however late.
func (e *Engine) run(ctx context.Context, c *client, place float64) {
	for {
		due := time.Duration(place / e.options.Rate * float64(time.Second))
		if !e.wait(ctx, due) {
			return
		}
		place += float64(c.work(ctx, due) * e.options.Connections)
	}
}

// wait reports whether the moment has come, and not the end.
func (e *Engine) wait(ctx context.Context, due time.Duration) bool {
	left := due - time.Since(e.start)
	if left <= 0 {
		return ctx.Err() == nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-e.stop:
		return false
	case <-time.After(left):
		return true
	}
}

// Phase gives a name to what is due from now on. The first phase is called start.
func (e *Engine) Phase(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.phases = append(e.phases, phase{name, time.Since(e.start)})
}

// Counts are the engine's calls so far, how many failed, and how many answers were wrong.
func (e *Engine) Counts() (calls, failed, wrong int64) {
	n := &e.engine.counts
	return n.calls.Load(), n.failed.Load(), n.wrong.Load()
}

// Stop ends the play, reads every task of the engine once more, deletes those that it made, drops what the control worked on, and
// returns when the server has closed the last connection. The context bounds it.
func (e *Engine) Stop(ctx context.Context) (Report, error) {
	end := time.Since(e.start)
	close(e.stop)
	defer e.cancel()
	release := context.AfterFunc(ctx, e.cancel)
	defer release()
	e.running.Wait()

	var failures []error
	for _, load := range e.workloads() {
		for _, c := range load.clients {
			failures = append(failures, c.leave(ctx, e.options.Keep))
		}
	}
	report := e.report(end)
	failures = append(failures, e.hangUp(ctx), e.dropControl(ctx))
	if err := errors.Join(failures...); err != nil {
		return report, fmt.Errorf("stop the played engine: %w", err)
	}
	return report, nil
}

// leave looks at all tasks once more, and deletes those that the client made.
func (c *client) leave(ctx context.Context, keep bool) error {
	if err := c.reconnect(ctx); err != nil {
		return err
	}
	due := time.Since(c.start)
	for id := range c.tasks {
		calls := []call{c.find(id)}
		if !keep && !c.adopted[id] {
			calls = append(calls, c.remove(id))
		}
		for _, last := range calls {
			c.counts.calls.Add(1)
			if err := c.call(ctx, due, last, false); err != nil {
				c.fail(due, c.names[last.procedure], err)
				return fmt.Errorf("clear away: %s", failure(err))
			}
		}
	}
	return nil
}

func (e *Engine) prepare(ctx context.Context) error {
	config, err := pgx.ParseConfig(e.options.URL)
	if err != nil {
		return err
	}
	config.RuntimeParams["timezone"] = "UTC" // answers are compared as text
	config.RuntimeParams["datestyle"] = "ISO"
	config.RuntimeParams["application_name"] = Application
	e.engine = e.newWorkload(config, engineProcedures)
	if err := e.connect(ctx, e.engine); err != nil {
		return err
	}
	if err := e.survey(ctx); err != nil {
		return err
	}
	if e.options.WithoutControl {
		return nil
	}
	if err := e.createControl(ctx); err != nil {
		return err
	}
	config = config.Copy()
	config.RuntimeParams["application_name"] = ControlApplication
	config.RuntimeParams["search_path"] = e.controlSchema()
	e.control = e.newWorkload(config, controlProcedures)
	return e.connect(ctx, e.control)
}

func (e *Engine) newWorkload(config *pgx.ConnConfig, names procedures) *workload {
	w := &workload{}
	shared := &commands{seed: e.options.Seed}
	for i := range e.options.Connections {
		c := &client{
			config: config, names: names, commands: shared, counts: &w.counts,
			texts:    shared.texts(e.options.MinText, e.options.MaxText),
			random:   rand.New(rand.NewPCG(e.options.Seed, uint64(i)+2)), //nolint:gosec // calls must repeat, not be secret
			byEntity: true, newValues: e.options.NewTask,
			tasks: map[string]*task{}, adopted: map[string]bool{},
		}
		tasks := e.options.Tasks / e.options.Connections
		for range tasks {
			c.slots = append(c.slots, c.newID())
			c.vdsm = append(c.vdsm, c.newID())
		}
		for range max(1, tasks/4) {
			c.entities = append(c.entities, c.newID())
		}
		w.clients = append(w.clients, c)
	}
	return w
}

func (e *Engine) connect(ctx context.Context, w *workload) error {
	for _, c := range w.clients {
		var err error
		if c.conn, err = pgx.ConnectConfig(ctx, c.config); err != nil {
			return err
		}
		if err := c.names.prepare(ctx, c.conn); err != nil {
			return err
		}
	}
	return nil
}
