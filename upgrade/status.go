package upgrade

import (
	"context"

	"github.com/ovirt/coco/upgrade/driver"
)

// StepState is where a step stands.
type StepState string

// The states of a step.
const (
	StepApplied StepState = "applied"
	StepPending StepState = "pending"
)

// StepStatus is a step and where it stands.
type StepStatus struct {
	Step  Step      `json:"step"`
	State StepState `json:"state"`
	// Journal is nil for a pending step and for one that the stock migrate program has applied.
	Journal *JournalRow `json:"journal,omitempty"`
}

// Status is where a database stands.
type Status struct {
	Database      string `json:"database"`
	ServerVersion string `json:"server_version"`
	// Encryption is the version of TLS that protects this connection, "none", or empty for a socket on the same machine.
	Encryption string `json:"encryption,omitempty"`
	// Version is what the version table says, 0 for none. With a dirty mark in it, Dirty says where the database really is.
	Version int64      `json:"version"`
	Dirty   *DirtyMark `json:"dirty,omitempty"`
	// Phase is the phase that the database is in, empty for none.
	Phase Phase        `json:"phase,omitempty"`
	Steps []StepStatus `json:"steps"`
	// Procedures are those that are not as coco left them. Mending says that taking over what re-installed ones wrote has begun. Up
	// puts both right.
	Procedures []ProcedureFinding `json:"procedures,omitempty"`
	Mending    bool               `json:"mending,omitempty"`
	// Copied says that this is a copy of the database that was upgraded, restored from a dump.
	Copied bool `json:"copied,omitempty"`
	// TakenOver says that an engine of version 3.5 or later has upgraded the database itself: nothing is left to do.
	TakenOver bool `json:"taken_over,omitempty"`
	// Pending is how many steps are left.
	Pending int `json:"pending"`
	// Receipt is the newest proof, nil if there is none.
	Receipt *Receipt `json:"receipt,omitempty"`
	// Running are the sessions that are upgrading this database now.
	Running []Session `json:"running,omitempty"`
	// Problem is why neither Up nor Down would take a step: ErrDirty, ErrMismatch, ErrNewerSchema, ErrEdited or ErrOutOfOrder; nil if they would.
	Problem error `json:"-"`
}

// Status reads where the database stands. It takes no lock and changes nothing.
func (u *Upgrader) Status(ctx context.Context) (Status, error) {
	conn, err := u.connect(ctx)
	if err != nil {
		return Status{}, err
	}
	r := &run{Upgrader: u, conn: conn}
	defer r.end(ctx)
	if err := r.giveWay(ctx); err != nil {
		return Status{}, r.explain(ctx, err, nil)
	}
	status, err := look(ctx, func() (Status, error) { return r.status(ctx) })
	return status, r.explain(ctx, err, nil)
}

func (r *run) status(ctx context.Context) (Status, error) {
	now, err := inspect(ctx, r.conn, r.chain)
	if err != nil {
		return Status{}, err
	}
	status := Status{
		Version: now.table, Dirty: now.dirty, Problem: now.problem, Encryption: encryption(r.conn),
		Procedures: now.procedures, Mending: now.mending, Copied: now.copied, TakenOver: now.takenOver,
	}
	err = r.conn.QueryRow(ctx, `SELECT current_database(), current_setting('server_version')`).
		Scan(&status.Database, &status.ServerVersion)
	if err != nil {
		return Status{}, err
	}
	journal := map[int64]JournalRow{}
	for _, row := range applied(now.journal, now.version) {
		journal[row.Version] = row
	}
	for _, step := range r.chain.ups {
		entry := StepStatus{Step: step, State: StepPending}
		if step.Version > now.version {
			if !now.takenOver {
				status.Pending++
			}
		} else {
			entry.State, status.Phase = StepApplied, step.Phase
			if row, ok := journal[step.Version]; ok {
				entry.Journal = &row
			}
		}
		status.Steps = append(status.Steps, entry)
	}
	if status.Receipt, err = readReceipt(ctx, r.conn); err != nil {
		return Status{}, err
	}
	status.Running, err = driver.Holders(ctx, r.conn)
	return status, err
}
