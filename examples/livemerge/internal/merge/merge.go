// Package merge merges the snapshots of a disk, one after the other, as a command with a child for each snapshot. Whatever happens to
// the process, another one carries on where it was.
package merge

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
)

// The two kinds of commands. Types are the engine's, of its live merge; the classes say that these are not the engine's own.
const (
	jobType   = 236
	stepType  = 237
	jobClass  = "livemerge.Job"
	stepClass = "livemerge.Step"
)

// Job is what the whole command is to do: the parameters of the root.
type Job struct {
	Disk      uuid.UUID `json:"disk"`
	Snapshots int       `json:"snapshots"`
}

// Step is what a child of it does.
type Step struct {
	Snapshot int `json:"snapshot"`
}

// Registry knows both kinds of parameters.
func Registry() (*coordinator.Registry, error) {
	registry := coordinator.NewRegistry()
	if err := coordinator.Register(registry, coordinator.Key{Type: jobType, Class: jobClass}, coordinator.JSON[Job]()); err != nil {
		return nil, err
	}
	return registry, coordinator.Register(registry, coordinator.Key{Type: stepType, Class: stepClass}, coordinator.JSON[Step]())
}

// Moment is one of those at which it matters most whether a process dies.
type Moment string

// The moments of each step.
const (
	Beginning Moment = "beginning" // the child is stored, in a transaction that is not committed
	Begun     Moment = "begun"     // it is committed, and the work is not done
	Ending    Moment = "ending"    // the work is done and the child has ended, in a transaction that is not committed
	Ended     Moment = "ended"     // it is committed
)

// Merger drives jobs.
type Merger struct {
	Coordinator *coordinator.Coordinator
	Pool        *pgxpool.Pool
	// StepTime is how long the work of a step takes.
	StepTime time.Duration
	// LookTime is how long to wait between two looks whether a job has become free.
	LookTime time.Duration
	// Say tells people what happens.
	Say func(format string, args ...any)
	// At is called at each moment of each step.
	At func(snapshot int, moment Moment)
}

// Run carries on with the job that a dead process has left. If there is none it begins one, for a new disk with so many snapshots.
func (m *Merger) Run(ctx context.Context, snapshots int) error {
	job, err := m.takeOver(ctx)
	if err != nil {
		return err
	}
	if job != nil {
		return m.drive(ctx, job, true)
	}
	job, err = m.begin(ctx, snapshots)
	if err != nil {
		return err
	}
	return m.drive(ctx, job, false)
}

// takeOver waits until nobody drives a job any more, and returns it. Nil: there is no job.
func (m *Merger) takeOver(ctx context.Context) (*coordinator.Command, error) {
	for {
		taken, err := m.Coordinator.Recover(ctx, coordinator.RecoverOptions{})
		if err != nil {
			return nil, err
		}
		if job := findJob(taken); job != nil {
			return job, nil
		}
		unfinished, err := m.Coordinator.Unfinished(ctx, coordinator.UnfinishedOptions{})
		if err != nil {
			return nil, err
		}
		job := findJob(unfinished)
		if job == nil {
			return nil, nil
		}
		if !job.HeldAt().IsZero() {
			return nil, fmt.Errorf(`command %s is held: its processes died too often. Run "upgrade commands resume %s" when the cause is gone`, job.ID(), job.ID())
		}
		if err := sleep(ctx, m.LookTime); err != nil {
			return nil, err
		}
	}
}

func findJob(cmds []*coordinator.Command) *coordinator.Command {
	for _, cmd := range cmds {
		if cmd.Class() == jobClass {
			return cmd
		}
	}
	return nil
}

// begin stores a new job in one transaction with the disk that it is about.
func (m *Merger) begin(ctx context.Context, snapshots int) (*coordinator.Command, error) {
	disk := uuid.New()
	job, err := m.Coordinator.NewCommand(coordinator.NewCommandOptions{
		Type: jobType, Class: jobClass, Parameters: Job{Disk: disk, Snapshots: snapshots}, Status: coordinator.StatusActive,
	})
	if err != nil {
		return nil, err
	}
	err = pgx.BeginFunc(ctx, m.Pool, func(tx pgx.Tx) error {
		if err := makeDisk(ctx, tx, disk, snapshots); err != nil {
			return err
		}
		return job.PersistTx(ctx, tx, nil)
	})
	if err != nil {
		return nil, err
	}
	m.Say("stored the command")
	return job, nil
}

// drive does what is left to do of a job.
func (m *Merger) drive(ctx context.Context, job *coordinator.Command, takenOver bool) error {
	work, err := coordinator.Parameters[Job](job)
	if err != nil {
		return err
	}
	job, err = m.Coordinator.RetrieveTree(ctx, job.ID())
	if err != nil {
		return err
	}
	steps := map[int]*coordinator.Command{}
	ended := 0
	for _, child := range job.Children() {
		step, err := coordinator.Parameters[Step](child)
		if err != nil {
			return err
		}
		steps[step.Snapshot] = child
		if child.Status() == coordinator.StatusSucceeded {
			ended++
		}
	}
	if takenOver {
		m.Say("took the command over with %d of %d merged", ended, work.Snapshots)
	}
	for snapshot := 1; snapshot <= work.Snapshots; snapshot++ {
		if err := m.step(ctx, job, work.Disk, snapshot, steps[snapshot]); err != nil {
			return err
		}
	}
	if err := job.UpdateStatus(ctx, coordinator.StatusSucceeded); err != nil {
		return err
	}
	m.Say("the command has succeeded")
	return nil
}

// step merges one snapshot, or does what is left to do of that.
func (m *Merger) step(ctx context.Context, job *coordinator.Command, disk uuid.UUID, snapshot int, child *coordinator.Command) (err error) {
	if child == nil {
		child, err = m.beginStep(ctx, job, disk, snapshot)
		if err != nil {
			return err
		}
	}
	if child.Status() == coordinator.StatusSucceeded {
		return nil
	}
	m.Say("merging snapshot %d", snapshot)
	m.At(snapshot, Begun)
	if err := sleep(ctx, m.StepTime); err != nil {
		return err
	}
	return m.endStep(ctx, child, disk, snapshot)
}

// beginStep stores the child of a step in one transaction with the program's own change.
func (m *Merger) beginStep(ctx context.Context, job *coordinator.Command, disk uuid.UUID, snapshot int) (*coordinator.Command, error) {
	child, err := m.Coordinator.NewCommand(coordinator.NewCommandOptions{
		Type: stepType, Class: stepClass, Parameters: Step{Snapshot: snapshot}, Status: coordinator.StatusActive,
	})
	if err != nil {
		return nil, err
	}
	return child, pgx.BeginFunc(ctx, m.Pool, func(tx pgx.Tx) error {
		if err := beginSnapshot(ctx, tx, disk, snapshot); err != nil {
			return err
		}
		if err := child.PersistTx(ctx, tx, job); err != nil {
			return err
		}
		m.At(snapshot, Beginning)
		return nil
	})
}

// endStep ends the child of a step in one transaction with the program's own change: both happen, once, or neither.
func (m *Merger) endStep(ctx context.Context, child *coordinator.Command, disk uuid.UUID, snapshot int) error {
	err := pgx.BeginFunc(ctx, m.Pool, func(tx pgx.Tx) error {
		if err := child.UpdateStatusTx(ctx, tx, coordinator.StatusSucceeded); err != nil {
			return err
		}
		if err := mergeSnapshot(ctx, tx, disk, snapshot); err != nil {
			return err
		}
		m.At(snapshot, Ending)
		return nil
	})
	if err != nil {
		return err
	}
	m.At(snapshot, Ended)
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
