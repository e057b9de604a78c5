package main

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/gen"
)

const (
	commandType int32 = 206
	class             = "org.ovirt.engine.core.common.action.RemoveSnapshotParameters"
	active            = "ACTIVE"
	batch             = 1000
)

// payload are the parameters of a command, and the arguments of one of River's jobs.
type payload struct {
	SnapshotID  uuid.UUID `json:"snapshotId"`
	Description string    `json:"description"`
}

// snapshot takes 1 KB as text: parameters of the engine's commands are of that order.
var snapshot = payload{uuid.New(), strings.Repeat("snapshot before the update, ", 34)}

var parameters = func() string {
	text, err := coordinator.JSON[payload]().Encode(snapshot)
	if err != nil {
		panic(err) // a constant
	}
	return text
}()

// newRow is a new command as the DAO takes it.
func newRow() gen.SaveOrUpdateCommandEntityParams {
	text, className, status, now := parameters, class, active, time.Now()
	return gen.SaveOrUpdateCommandEntityParams{
		CommandID: uuid.New(), CommandType: commandType,
		ActionParameters: &text, ActionParametersClass: &className, CreatedAt: &now, Status: &status,
	}
}

// newRows are as many new commands as the DAO takes them at once.
func newRows(count int) gen.SaveAllCommandEntitiesParams {
	rows := gen.SaveAllCommandEntitiesParams{
		CommandTypes: repeat(commandType, count), ParentIds: make([]uuid.UUID, count), RootIds: make([]uuid.UUID, count),
		Parameters: repeat(parameters, count), Classes: repeat(class, count), Statuses: repeat(active, count), Nulls: make([]int32, count),
	}
	for range count {
		rows.CommandIds = append(rows.CommandIds, uuid.New())
	}
	return rows
}

func repeat[T any](value T, count int) []T {
	values := make([]T, count)
	for i := range values {
		values[i] = value
	}
	return values
}

// openCoordinator opens one that knows the type of the parameters.
func openCoordinator(ctx context.Context, pool *pgxpool.Pool) (*coordinator.Coordinator, error) {
	registry := coordinator.NewRegistry()
	if err := coordinator.Register(registry, coordinator.Key{Type: commandType, Class: class}, coordinator.JSON[payload]()); err != nil {
		return nil, err
	}
	return coordinator.Open(ctx, pool, coordinator.Options{Name: "bench", Registry: registry})
}

// newCommand is a new command as the coordinator takes it; nil is no parent.
func newCommand(c *coordinator.Coordinator, parent *coordinator.Command) (*coordinator.Command, error) {
	return c.NewCommand(coordinator.NewCommandOptions{
		Type: commandType, Class: class, Parameters: snapshot, Status: coordinator.StatusActive, Parent: parent,
	})
}

func persistNew(c *coordinator.Coordinator) call {
	return func(ctx context.Context, _ int) error {
		cmd, err := newCommand(c, nil)
		if err != nil {
			return err
		}
		return c.PersistCommand(ctx, cmd)
	}
}

func persistMany(c *coordinator.Coordinator, count int) call {
	return func(ctx context.Context, _ int) error {
		cmds := make([]*coordinator.Command, count)
		for i := range cmds {
			var err error
			if cmds[i], err = newCommand(c, nil); err != nil {
				return err
			}
		}
		return c.PersistCommands(ctx, cmds...)
	}
}
