package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/gen"
)

// Details are what there is to say about a command, but for its parameters.
type Details struct {
	Command

	// Children is how many commands have it as their parent, Below how many stand below it in all.
	Children int `json:"children"`
	Below    int `json:"below"`
	// Tasks are those that name the command.
	Tasks []uuid.UUID `json:"tasks"`
	// Engine is the instance that owns the command; nil without an owner, or if that has been forgotten.
	Engine *Engine `json:"engine"`
}

// Show returns what there is to say about a command.
func Show(ctx context.Context, db gen.DBTX, id uuid.UUID) (*Details, error) {
	queries := gen.New(db)
	list, err := overview(ctx, queries, id, false)
	if err != nil {
		return nil, err
	}
	details := &Details{Command: list[0], Below: len(list) - 1, Tasks: []uuid.UUID{}}
	for _, command := range list[1:] {
		if command.ParentID.UUID == id {
			details.Children++
		}
	}
	tasks, err := tasksOf(ctx, queries, id)
	if err != nil {
		return nil, err
	}
	for _, task := range tasks {
		if task.CommandID == id {
			details.Tasks = append(details.Tasks, task.ID)
		}
	}
	if details.Owner == nil {
		return details, nil
	}
	engines, err := Engines(ctx, db)
	if err != nil {
		return nil, err
	}
	for _, engine := range engines {
		if engine.InstanceID == details.Owner.InstanceID {
			details.Engine = &engine
		}
	}
	return details, nil
}

// Parameters returns the parameters of a command, nil if it has none. They may hold passwords.
func Parameters(ctx context.Context, db gen.DBTX, id uuid.UUID) (*string, error) {
	row, err := gen.New(db).GetCommandEntity(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, &NotFoundError{CommandID: id}
	}
	if err != nil {
		return nil, explain(fmt.Errorf("read the parameters: %w", err))
	}
	return row.ActionParameters, nil
}
