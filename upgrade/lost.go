package upgrade

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// LostCommand is what may be shown of a command that going down would lose, all of it or a part.
type LostCommand struct {
	ID     string `json:"command_id"`
	Type   int32  `json:"command_type"`
	Status string `json:"status"`
	// Named says that a task names the command, so that async_tasks holds what it has columns for.
	Named bool `json:"named"`
}

// LostCommands returns commands that going down to before the backfill would lose: those without a task first, at most limit of
// them. It takes no lock and changes nothing.
func (u *Upgrader) LostCommands(ctx context.Context, limit int) ([]LostCommand, error) {
	conn, err := u.connect(ctx)
	if err != nil {
		return nil, err
	}
	r := &run{Upgrader: u, conn: conn}
	defer r.end(ctx)
	if err := r.giveWay(ctx); err != nil {
		return nil, r.explain(ctx, err, nil)
	}
	lost, err := look(ctx, func() ([]LostCommand, error) { return lostCommands(ctx, conn, limit) })
	return lost, r.explain(ctx, err, nil)
}

func lostCommands(ctx context.Context, q querier, limit int) ([]LostCommand, error) {
	there, err := hasFunction(ctx, q, "lost_commands")
	if err != nil || !there {
		return nil, err
	}
	rows, err := q.Query(ctx, `SELECT command_id::text, command_type, coalesce(status, ''), named FROM coco.lost_commands()
		ORDER BY named, created_at, command_id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list the commands that would be lost: %w", err)
	}
	lost, err := pgx.CollectRows(rows, pgx.RowToStructByPos[LostCommand])
	if err != nil {
		return nil, fmt.Errorf("list the commands that would be lost: %w", err)
	}
	return lost, nil
}

// countUnheld counts the commands that no task names.
func countUnheld(ctx context.Context, q querier) (int64, error) {
	there, err := hasFunction(ctx, q, "unheld_commands")
	if err != nil || !there {
		return 0, err
	}
	var unheld int64
	if err := q.QueryRow(ctx, `SELECT count(*) FROM coco.unheld_commands()`).Scan(&unheld); err != nil {
		return 0, fmt.Errorf("count the commands without a task: %w", err)
	}
	return unheld, nil
}

// exportBefore refuses to begin while commands would be lost that nobody said may go, and writes the export.
func (d *down) exportBefore(ctx context.Context) error {
	if !d.options.DiscardCommands {
		unheld, err := countUnheld(ctx, d.conn)
		if err != nil {
			return err
		}
		if unheld > 0 {
			return &Error{
				Kind:   ErrUnheld,
				Reason: fmt.Sprintf("commands without a task, which the old schema cannot hold: %d", unheld),
				Hint:   "Export and discard them, or remove them first.",
			}
		}
		if d.options.Export == nil {
			return d.refuseLost(ctx)
		}
	}
	if d.options.Export == nil {
		return nil
	}
	if err := d.export(ctx, d.conn); err != nil || d.result.Exported == 0 {
		return err
	}
	d.observe(CommandsExported{Commands: d.result.Exported})
	return nil
}

// refuseLost refuses while tasks name commands that async_tasks cannot hold as they are.
func (d *down) refuseLost(ctx context.Context) error {
	lost, err := lostCommands(ctx, d.conn, 1)
	if err != nil || len(lost) == 0 {
		return err
	}
	return &Error{
		Kind:   ErrUnheld,
		Reason: "the old schema cannot hold all of a command, such as its status: the first is " + lost[0].ID,
		Hint:   "Export them, or discard what it cannot hold.",
	}
}

// exportWithin prepares the transaction that drops the commands: what has changed since the first export is written too.
func (d *down) exportWithin(ctx context.Context, tx pgx.Tx) error {
	if d.options.DiscardCommands {
		if _, err := tx.Exec(ctx, `SET LOCAL coco.discard_commands = on`); err != nil {
			return fmt.Errorf("allow discarding: %w", err)
		}
	}
	if d.options.Export == nil {
		return nil
	}
	// Nobody may change a command between the export and its end.
	if _, err := tx.Exec(ctx, `LOCK TABLE public.command_entities IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		return fmt.Errorf("lock the commands: %w", err)
	}
	if err := d.export(ctx, tx); err != nil {
		return err
	}
	if file, ok := d.options.Export.(interface{ Sync() error }); ok {
		if err := file.Sync(); err != nil {
			return fmt.Errorf("export the commands: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, `SET LOCAL coco.commands_exported = on`); err != nil {
		return fmt.Errorf("allow dropping what is exported: %w", err)
	}
	return nil
}

// exportCommands gives a command as a line; docs/exports.md describes it.
const exportCommands = `SELECT command_id::text, row_to_json(line)::text FROM (
	SELECT 1 AS coco_command, command_id, command_type, parent_command_id, root_command_id,
		action_parameters, action_parameters_class, created_at, status, finished_at
	FROM coco.lost_commands()) AS line`

// export writes the commands that this call has not written yet as they are now. Of a command's lines in a file the last one counts.
func (d *down) export(ctx context.Context, q querier) error {
	there, err := hasFunction(ctx, q, "lost_commands")
	if err != nil || !there {
		return err
	}
	rows, err := q.Query(ctx, exportCommands)
	if err != nil {
		return fmt.Errorf("export the commands: %w", err)
	}
	var id, line string
	_, err = pgx.ForEachRow(rows, []any{&id, &line}, func() error {
		sum := sha256.Sum256([]byte(line))
		if d.written[id] == sum {
			return nil
		}
		if _, err := d.options.Export.Write([]byte(line + "\n")); err != nil {
			return err
		}
		d.written[id] = sum
		d.result.Exported++
		return nil
	})
	if err != nil {
		return fmt.Errorf("export the commands: %w", err)
	}
	return nil
}
