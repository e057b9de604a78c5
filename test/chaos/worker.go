package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
)

const (
	lease    = time.Second
	stepTime = 50 * time.Millisecond
	lookTime = 200 * time.Millisecond // between two looks for what there is to do

	// Nothing is to be held here: how often an owner can die within one step is a matter of luck.
	holdAfter = 1000

	commandType = 9001
	childType   = 9002
	class       = "chaos"
)

// state is what a command keeps in its parameters.
type state struct {
	Steps    int       `json:"steps"`
	Done     int       `json:"done"`
	Status   string    `json:"status"` // to end with
	Children bool      `json:"children"`
	Child    uuid.UUID `json:"child"`   // of the step to do next
	Attempt  uuid.UUID `json:"attempt"` // that has written this
}

// worker is a process that drives commands, as one instance after the other.
type worker struct {
	orders

	pool     *pgxpool.Pool // the coordinator's
	work     *pgxpool.Pool
	journal  *journal
	registry *coordinator.Registry
}

// Work is the whole life of a worker process: until it is told to end, or killed.
func Work(text string) error {
	var w worker
	if err := json.Unmarshal([]byte(text), &w.orders); err != nil {
		return fmt.Errorf("read the orders: %w", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var err error
	if w.journal, err = openJournal(w.Journal); err != nil {
		return err
	}
	w.registry = coordinator.NewRegistry()
	for _, kind := range []int32{commandType, childType} {
		if err := coordinator.Register(w.registry, coordinator.Key{Type: kind, Class: class}, coordinator.JSON[state]()); err != nil {
			return err
		}
	}
	if w.pool, err = pgxpool.New(ctx, w.URL); err != nil {
		return err
	}
	defer w.pool.Close()
	if w.work, err = pgxpool.New(ctx, w.WorkURL); err != nil {
		return err
	}
	defer w.work.Close()
	for ctx.Err() == nil {
		if err := w.live(ctx); err != nil {
			w.journal.note(line{What: troubled, Error: err.Error()})
			pause(ctx, stepTime)
		}
	}
	return nil
}

// live is the life of one instance: until the process is to end, or has learnt that it was taken for dead.
func (w *worker) live(ctx context.Context) error {
	c, err := coordinator.Open(ctx, w.pool, coordinator.Options{
		Name: w.Name, Registry: w.registry, Lease: lease, HoldAfter: holdAfter,
	})
	if err != nil {
		return err
	}
	w.journal.note(line{What: opened, Instance: c.ID()})
	in := &instance{worker: w, c: c, driving: map[uuid.UUID]bool{}}
	in.lookAround(ctx)
	in.drivers.Wait()

	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := c.Close(closing); err != nil && !errors.Is(err, coordinator.ErrInstanceEnded) {
		return err
	}
	return nil
}

// pause waits, and says whether the time was over before the context was.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
