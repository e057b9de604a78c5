package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/ovirt/coco/gen"
)

// State is what has become of an engine instance.
type State string

// The states of an instance.
const (
	// Alive: its lease holds.
	Alive State = "alive"
	// Expired: nothing was heard of it for its lease; another instance may take its commands over.
	Expired State = "expired"
	// Stopped: it has ended by itself; its commands are free.
	Stopped State = "stopped"
	// TakenOver: another instance has ended it; it owns nothing any more.
	TakenOver State = "taken over"
	// TakenBack: the upgrade was taken back to before the switch.
	TakenBack State = "taken back"
)

// Engine is an instance of a program that keeps its commands here.
type Engine struct {
	InstanceID uuid.UUID     `json:"instance_id"`
	Name       string        `json:"name"`
	State      State         `json:"state"`
	Lease      time.Duration `json:"lease_ns"`
	StartedAt  time.Time     `json:"started_at"`
	// SeenAt is the time of its last heartbeat, EndedAt when it ended; nil if it has not.
	SeenAt  time.Time  `json:"seen_at"`
	EndedAt *time.Time `json:"ended_at"`
	// Commands is how many commands it owns, Held how many of them are held.
	Commands int64 `json:"commands"`
	Held     int64 `json:"held"`
}

// Engines lists the instances, the oldest first. One that ended more than a week ago and owns nothing may have been forgotten.
func Engines(ctx context.Context, db gen.DBTX) ([]Engine, error) {
	queries := gen.New(db)
	if err := queries.RequireSwitch(ctx); err != nil {
		return nil, explain(fmt.Errorf("look where the upgrade stands: %w", err))
	}
	rows, err := queries.Instances(ctx)
	if err != nil {
		return nil, explain(fmt.Errorf("list the instances: %w", err))
	}
	engines := make([]Engine, 0, len(rows))
	for _, row := range rows {
		engines = append(engines, Engine{
			InstanceID: row.InstanceID, Name: row.Name, State: State(row.State), Lease: duration(row.Lease),
			StartedAt: row.StartedAt, SeenAt: row.RenewedAt, EndedAt: row.EndedAt, Commands: row.Commands, Held: row.Held,
		})
	}
	return engines, nil
}

// duration turns an interval without months into a duration.
func duration(interval pgtype.Interval) time.Duration {
	return time.Duration(interval.Microseconds)*time.Microsecond + time.Duration(interval.Days)*24*time.Hour
}
