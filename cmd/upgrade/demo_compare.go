package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/upgrade"
)

// The columns of a task: those that move come first, behind the id.
var (
	movedColumns   = []string{"root_command_id", "action_parameters", "action_params_class", "task_parameters", "task_params_class"}
	stayingColumns = []string{
		"action_type", "status", "result", "step_id", "command_id", "started_at", "storage_pool_id", "task_type", "vdsm_task_id",
	}
)

// taskRows are the values of tasks, as text, by the task's id. NULL is nil.
type taskRows map[string][]*string

// readTable reads the tasks from the old table itself.
func readTable(ctx context.Context, conn *pgx.Conn) (taskRows, error) {
	return readTasks(ctx, conn, "public.async_tasks")
}

// readProcedure reads them through the procedure that the engine calls when it starts.
func readProcedure(ctx context.Context, conn *pgx.Conn) (taskRows, error) {
	return readTasks(ctx, conn, "public.GetAllFromasync_tasks()")
}

func readTasks(ctx context.Context, conn *pgx.Conn, source string) (taskRows, error) {
	columns := slices.Concat(movedColumns, stayingColumns)
	query := "SELECT task_id::text, ARRAY[" + strings.Join(columns, "::text, ") + "::text] FROM " + source
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read the tasks: %w", err)
	}
	tasks := taskRows{}
	var (
		id     string
		values []*string
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &values}, func() error {
		if _, twice := tasks[id]; twice {
			return fmt.Errorf("%w: task %s came twice", upgrade.ErrDrift, id)
		}
		tasks[id] = values
		values = nil
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the tasks: %w", err)
	}
	return tasks, nil
}

// compare returns how many moved values were compared and found equal, or an error that names the first difference.
func (before taskRows) compare(after taskRows) (moved int, err error) {
	columns := slices.Concat(movedColumns, stayingColumns)
	for id, old := range before {
		now, ok := after[id]
		if !ok {
			return moved, fmt.Errorf("%w: task %s is lost", upgrade.ErrDrift, id)
		}
		for i, column := range columns {
			if !same(old[i], now[i]) {
				return moved, fmt.Errorf("%w: %s of task %s is not what it was", upgrade.ErrDrift, column, id)
			}
		}
		moved += len(movedColumns)
	}
	if len(after) != len(before) {
		return moved, fmt.Errorf("%w: there are %d tasks, and were %d", upgrade.ErrDrift, len(after), len(before))
	}
	return moved, nil
}

// same tells NULL from an empty text.
func same(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// dump is what pg_dump says about the demo's database.
type dump []byte

func (d dump) String() string {
	return fmt.Sprintf("%s bytes, sha256 %.16x…", count(int64(len(d))), sha256.Sum256(d))
}

// difference names the first line that differs, by its number: the line itself may hold parameters.
func (d dump) difference(other dump) string {
	if bytes.Equal(d, other) {
		return ""
	}
	n := 0
	for n < len(d) && n < len(other) && d[n] == other[n] {
		n++
	}
	return fmt.Sprintf("from line %d on", 1+bytes.Count(d[:n], []byte("\n")))
}

func takeDump(ctx context.Context, server *ephemeral.Server) (dump, error) {
	help, err := output(server.Command(ctx, demoDatabase, "pg_dump", "--help"))
	if err != nil {
		return nil, err
	}
	var args []string
	if strings.Contains(string(help), "--restrict-key") { // otherwise such a pg_dump writes a random key
		args = append(args, "--restrict-key=coco")
	}
	return output(server.Command(ctx, demoDatabase, "pg_dump", args...))
}

func output(cmd *exec.Cmd) ([]byte, error) {
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("run pg_dump: %w: %s", err, strings.Join(strings.Fields(string(exit.Stderr)), " "))
	}
	if err != nil {
		return nil, fmt.Errorf("run pg_dump: %w", err)
	}
	return out, nil
}
