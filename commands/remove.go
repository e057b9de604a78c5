package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/gen"
)

// RemoveOptions say what Remove may remove, and where it writes what it removes.
type RemoveOptions struct {
	// Unfinished removes commands that have not finished as well.
	Unfinished bool
	// Export gets each removed command as a line that Load reads, before Remove returns. If it has a method Sync() error, that is called
	// too. Required: nothing is removed that nobody has kept.
	Export io.Writer
}

// Removal is what Remove would remove.
type Removal struct {
	// Commands are the command and all below it, the command first.
	Commands []Command `json:"commands"`
	// Blocked is what is in the way; nil if nothing is.
	Blocked *BlockedError `json:"-"`
}

// PlanRemoval says what Remove would remove, and what would keep it from that. It changes nothing.
func PlanRemoval(ctx context.Context, db gen.DBTX, id uuid.UUID, unfinished bool) (*Removal, error) {
	queries := gen.New(db)
	list, err := overview(ctx, queries, id, false)
	if err != nil {
		return nil, err
	}
	blocked, err := blockers(ctx, queries, id)
	if err != nil {
		return nil, err
	}
	for _, command := range list {
		if !unfinished && !command.Finished() {
			blocked.Unfinished = append(blocked.Unfinished, command.ID)
		}
	}
	removal := &Removal{Commands: list}
	if len(blocked.Owned)+len(blocked.Tasks)+len(blocked.Unfinished) > 0 {
		removal.Blocked = blocked
	}
	return removal, nil
}

// blockers are the live owners and the tasks that keep a command from being removed.
func blockers(ctx context.Context, queries *gen.Queries, id uuid.UUID) (*BlockedError, error) {
	rows, err := queries.RemovalBlockers(ctx, id)
	if err != nil {
		return nil, explain(fmt.Errorf("look what is in the way: %w", err))
	}
	blocked := &BlockedError{CommandID: id}
	for _, row := range rows {
		switch row.Reason {
		case "owned":
			blocked.Owned = append(blocked.Owned, row.CommandID)
		case "task":
			blocked.Tasks = append(blocked.Tasks, Task{ID: row.TaskID.UUID, CommandID: row.CommandID})
		}
	}
	return blocked, nil
}

// Remove removes a command and all below it in the caller's transaction, which has to be rolled back when it fails, and returns how many
// they were. It refuses, with a BlockedError, while a live instance drives any of them or a task names one.
func Remove(ctx context.Context, tx gen.DBTX, id uuid.UUID, options RemoveOptions) (int, error) {
	if options.Export == nil {
		return 0, errors.New("no export was given to write the removed commands to")
	}
	plan, err := PlanRemoval(ctx, tx, id, options.Unfinished)
	if err != nil {
		return 0, err
	}
	if plan.Blocked != nil {
		return 0, plan.Blocked
	}
	rows, err := gen.New(tx).TakeOut(ctx, gen.TakeOutParams{CommandID: id, Unfinished: options.Unfinished})
	if err != nil {
		return 0, explainRemoval(id, fmt.Errorf("remove the command: %w", err))
	}
	for _, row := range rows {
		if _, err := io.WriteString(options.Export, row.Line+"\n"); err != nil {
			return 0, fmt.Errorf("export the commands: %w", err)
		}
	}
	if file, ok := options.Export.(interface{ Sync() error }); ok {
		if err := file.Sync(); err != nil {
			return 0, fmt.Errorf("export the commands: %w", err)
		}
	}
	return len(rows), nil
}

// explainRemoval gives the refusals of the server their types: what was not so when the plan was made.
func explainRemoval(id uuid.UUID, err error) error {
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	named := details(refusal.Detail)
	switch refusal.Code {
	case "CO012":
		return &NotFoundError{CommandID: id}
	case "CO010":
		return &BlockedError{CommandID: id, Owned: named["command"]}
	case "CO013":
		blocked := &BlockedError{CommandID: id}
		for _, task := range named["tasks"] {
			blocked.Tasks = append(blocked.Tasks, Task{ID: task, CommandID: id})
		}
		if len(blocked.Tasks) == 0 {
			blocked.Unfinished = named["descendants"]
		}
		return blocked
	}
	return explain(err)
}

// details reads the ids in a refusal's details: pairs key=id,id.
func details(text string) map[string][]uuid.UUID {
	found := map[string][]uuid.UUID{}
	for pair := range strings.FieldsSeq(text) {
		key, values, _ := strings.Cut(pair, "=")
		for value := range strings.SplitSeq(values, ",") {
			if id, err := uuid.Parse(value); err == nil {
				found[key] = append(found[key], id)
			}
		}
	}
	return found
}

// Resume lets a held command, with its tree, be handed out again. It returns false if none of it was held.
func Resume(ctx context.Context, db gen.DBTX, id uuid.UUID) (bool, error) {
	queries := gen.New(db)
	if err := queries.RequireSwitch(ctx); err != nil {
		return false, explain(fmt.Errorf("look where the upgrade stands: %w", err))
	}
	resumed, err := queries.ResumeCommand(ctx, id)
	if err != nil {
		return false, explainRemoval(id, fmt.Errorf("resume the command: %w", err))
	}
	return resumed, nil
}
