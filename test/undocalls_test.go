package test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/upgrade"
)

// undoCall is one thing that happens to a database between the first upgrade and the way back: a call of a procedure, by the
// signature that it has at the time, or a move to the end of another phase.
type undoCall struct {
	name string
	to   upgrade.Phase // of a move
	// old and current are the SQL by the signatures before retire and after it; empty where there is no such procedure.
	old, current         string
	oldArgs, currentArgs []any
}

func (c undoCall) String() string {
	if c.to != "" {
		return "move to " + string(c.to)
	}
	args := make([]string, len(c.currentArgs))
	for i, arg := range c.currentArgs {
		args[i] = shown(arg)
	}
	return c.name + "(" + strings.Join(args, ", ") + ")"
}

// shown is an argument, short enough to read.
func shown(arg any) string {
	switch arg := arg.(type) {
	case *string:
		if arg == nil {
			return "NULL"
		}
		return fmt.Sprintf("%.20q", *arg)
	case *uuid.UUID:
		if arg == nil {
			return "NULL"
		}
		return arg.String()[:8]
	case uuid.UUID:
		return arg.String()[:8]
	}
	return fmt.Sprint(arg)
}

// undoWriter makes calls over few tasks and commands, so that they meet.
type undoWriter struct {
	*hostile
	tasks   []uuid.UUID
	oldOnly bool
}

func newUndoWriter(seed uint64) *undoWriter {
	w := &undoWriter{hostile: newHostile(seed)}
	for range 1 + w.random.IntN(6) {
		w.tasks = append(w.tasks, w.uuid())
	}
	w.oldOnly = w.random.IntN(3) == 0
	return w
}

// calls is a whole sequence, a move first.
func (w *undoWriter) calls() []undoCall {
	phases := []upgrade.Phase{upgrade.Prove, upgrade.Switch, upgrade.Contract}
	if !w.oldOnly {
		phases = append(phases, upgrade.Retire, upgrade.Retire)
	}
	var all []undoCall
	moves, calls := 5, 9
	if w.random.IntN(2) == 0 { // where little happens, it is one column that differs in the end
		moves, calls = 1, 3
	}
	for range 1 + w.random.IntN(moves) {
		all = append(all, undoCall{to: phases[w.random.IntN(len(phases))]})
		for range w.random.IntN(calls) {
			if w.oldOnly || w.random.IntN(2) == 0 {
				all = append(all, w.taskCall())
			} else {
				all = append(all, w.commandCall())
			}
		}
	}
	return all
}

func (w *undoWriter) taskCall() undoCall {
	task := w.task(w.tasks[w.random.IntN(len(w.tasks))])
	if w.oldOnly && task.rootCommandID != nil && w.random.IntN(4) == 0 {
		task.rootCommandID = nil
	}
	same := func(name, sql string, args ...any) undoCall {
		return undoCall{name: name, old: sql, current: sql, oldArgs: args, currentArgs: args}
	}
	switch w.random.IntN(9) {
	case 0:
		return same("deleteasync_tasks", `SELECT deleteasync_tasks($1)::text`, task.id)
	case 1:
		return same("deleteasynctasksbyvdsmtaskid", `SELECT deleteasynctasksbyvdsmtaskid($1)::text`, w.vdsm[w.random.IntN(len(w.vdsm))])
	case 2:
		return same("insertasynctaskentities", `SELECT insertasynctaskentities($1, $2, 'VM')::text`, task.id, w.commands[0])
	case 3, 4:
		return undoCall{
			name:    "updateasync_tasks",
			old:     `SELECT updateasync_tasks($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)::text`,
			oldArgs: []any{task.actionType, task.result, task.status, task.vdsmTaskID, task.id, task.actionParameters, task.actionClass, task.taskParameters, task.taskClass, task.stepID, task.commandID, task.rootCommandID, task.poolID},
			current: `SELECT updateasync_tasks($1, $2, $3, $4, $5, $6, $7, $8)::text`,
			currentArgs: []any{
				task.actionType, task.result, task.status, task.vdsmTaskID, task.id, task.stepID, task.commandID, task.poolID,
			},
		}
	}
	name := pick(w.hostile, "insertasync_tasks", "insertorupdateasynctasks", "insertorupdateasynctasks")
	return undoCall{
		name: name,
		old:  `SELECT ` + name + `($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::text::timestamptz, $14, $15)::text`,
		oldArgs: []any{
			task.actionType, task.result, task.status, task.vdsmTaskID, task.id, task.actionParameters, task.actionClass,
			task.taskParameters, task.taskClass, task.stepID, task.commandID, task.rootCommandID, task.startedAt, task.poolID,
			task.taskType,
		},
		current: `SELECT ` + name + `($1, $2, $3, $4, $5, $6, $7, $8::text::timestamptz, $9, $10)::text`,
		currentArgs: []any{
			task.actionType, task.result, task.status, task.vdsmTaskID, task.id, task.stepID, task.commandID, task.startedAt,
			task.poolID, task.taskType,
		},
	}
}

func (w *undoWriter) commandCall() undoCall {
	id, parent, root := w.command(), w.maybe(w.command()), w.maybe(w.command())
	status := w.status()
	kind := pick[int32](w.hostile, 0, 1, 7, -1)
	call := func(name, sql string, args ...any) undoCall {
		return undoCall{name: name, current: `SELECT ` + name + sql, currentArgs: args}
	}
	switch w.random.IntN(12) {
	case 0, 1:
		return call("insertcommandentity", `($1, $2, $3, $4, $5, $6, $7::text::timestamptz, $8)::text`,
			id, kind, parent, root, w.text(), w.class(), w.time(), status)
	case 2, 3:
		return call("updatecommandentity", `($1, $2, $3, $4, $5, $6, $7)::text`, id, kind, parent, root, w.text(), w.class(), status)
	case 4:
		return call("deletecommandentity", `($1)::text`, id)
	case 5:
		return call("deletecommandentitiesolderthandate", `($1::text::timestamptz)::text`, pick(w.hostile, "infinity", "2015-01-01", "2100-01-01"))
	case 6, 7, 8:
		return call("updatecommandentitystatus", `($1, $2)::text`, id, status)
	}
	return call("insertorupdatecommandentity", `($1, $2, $3, $4, $5, $6, $7::text::timestamptz, $8)::text`,
		id, kind, parent, root, w.text(), w.class(), w.time(), status)
}

func (w *undoWriter) status() *string {
	if w.random.IntN(10) == 0 {
		return nil
	}
	status := pick(w.hostile, "ACTIVE", "SUCCEEDED", "FAILED", "FAILED_RESTARTED", "NOT_STARTED", "UNKNOWN", "", "twenty characters ok")
	return &status
}

// play makes the call if the database has such a procedure now. What the table's keys or the procedure itself refuse is part of
// the sequence.
func (c undoCall) play(ctx context.Context, conn *pgx.Conn, version int64) (answer string, err error) {
	sql, args := c.current, c.currentArgs
	switch {
	case version < versionRetire && c.old != "":
		sql, args = c.old, c.oldArgs
	case version < versionSwitch:
		return "", nil
	}
	var text *string
	err = conn.QueryRow(ctx, sql, args...).Scan(&text)
	if refusal, ok := errors.AsType[*pgconn.PgError](err); ok && strings.HasPrefix(refusal.Code, "22") || ok && strings.HasPrefix(refusal.Code, "23") {
		return refusal.Code, nil
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", c, err)
	}
	if text == nil {
		return "NULL", nil
	}
	return *text, nil
}
