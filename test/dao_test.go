package test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/gen"
	"github.com/ovirt/coco/internal/enginedb"
)

func TestEveryQueryOfTheDAODoesWhatItSays(t *testing.T) {
	t.Parallel()
	for name, sample := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := engine(t, sample, enginedb.DecorateSQL()).Connect(t.Context())
			before := readThroughDAO(t, conn)
			up(t, conn, 0, versionRetire)
			callsEveryQuery(t, conn, before)
		})
	}
}

// readThroughDAO returns what every getter of tasks gives for every argument that occurs. The getters have the same names,
// arguments and columns before the upgrade and after it.
func readThroughDAO(t *testing.T, db gen.DBTX) map[string]any {
	t.Helper()
	q, ctx, answers := gen.New(db), t.Context(), map[string]any{}
	tasks := sorted(must(q.GetAllAsyncTasks(ctx)))
	answers["GetAllAsyncTasks"] = tasks
	answers["GetAsyncTaskSummary"] = sorted(must(q.GetAsyncTaskSummary(ctx)))
	for _, task := range tasks {
		id := task.TaskID
		answers["GetAsyncTask "+id.String()] = must(q.GetAsyncTask(ctx, id))
		links := sorted(must(q.GetAsyncTaskEntities(ctx, id)))
		answers["GetAsyncTaskEntities "+id.String()] = links
		for _, link := range links {
			entity := link.EntityID
			answers["GetAsyncTasksByEntityID "+entity.String()] = sorted(must(q.GetAsyncTasksByEntityID(ctx, entity)))
			answers["GetAsyncTaskIDsByEntityID "+entity.String()] = sorted(must(q.GetAsyncTaskIDsByEntityID(ctx, entity)))
		}
		vdsm, pool := task.VdsmTaskID.UUID, task.StoragePoolID.UUID
		answers["GetAsyncTasksByVdsmTaskID "+vdsm.String()] = sorted(must(q.GetAsyncTasksByVdsmTaskID(ctx, vdsm)))
		answers["GetAsyncTaskIDsByStoragePoolID "+pool.String()] = sorted(must(q.GetAsyncTaskIDsByStoragePoolID(ctx, pool)))
	}
	return answers
}

// sorted puts rows into an order; the procedures promise none.
func sorted[T any](rows []T) []T {
	slices.SortFunc(rows, func(a, b T) int { return strings.Compare(ids(a), ids(b)) })
	return rows
}

func ids(row any) string {
	switch row := row.(type) {
	case gen.TaskWithCommand:
		return row.TaskID.String()
	case gen.AsyncTasksEntity:
		return row.AsyncTaskID.String() + row.EntityID.String()
	case gen.AsyncTaskSummary:
		return row.DcID.UUID.String()
	}
	return fmt.Sprint(row)
}

// must ends the test that calls it; a panic is the only way out of an expression.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// callsEveryQuery calls every method of the DAO on a fully upgraded database and checks what it answers and does. What was read
// before the upgrade must read the same. Nothing stays.
func callsEveryQuery(t *testing.T, conn *pgx.Conn, before map[string]any) {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	recorded := &recorder{DBTX: tx, called: map[string]bool{}}
	sameAnswers(t, "before any call", before, readThroughDAO(t, recorded))

	d := &daoCalls{Queries: gen.New(recorded), t: t, tx: tx, calls: recorded}
	d.prepare()
	d.commands()
	d.tasks()
	d.links()
	d.deletes()
	d.exports()
	d.coordinator()
	d.cleanup()
	d.tasksWithCommands()
	sameAnswers(t, "after all calls", before, readThroughDAO(t, recorded))

	for method := range reflect.TypeFor[*gen.Queries]().Methods() {
		if method.Name != "WithTx" && !recorded.called[method.Name] {
			t.Errorf("%s was not called", method.Name)
		}
	}
	t.Logf("%d queries of the DAO called, %d answers as before the upgrade", len(recorded.called), len(before))
}

func sameAnswers(t *testing.T, what string, want, got map[string]any) {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("%s: %d answers, want %d", what, len(got), len(want))
	}
	for call, answer := range want {
		if !reflect.DeepEqual(answer, got[call]) {
			t.Errorf("%s: %s answers otherwise than before the upgrade", what, call)
		}
	}
}

// recorder notes which queries are called: sqlc begins each with its name.
type recorder struct {
	gen.DBTX

	called map[string]bool
}

func (r *recorder) note(sql string) {
	if _, rest, ok := strings.Cut(sql, "-- name: "); ok {
		name, _, _ := strings.Cut(rest, " ")
		r.called[name] = true
	}
}

func (r *recorder) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	r.note(sql)
	return r.DBTX.Exec(ctx, sql, args...)
}

func (r *recorder) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	r.note(sql)
	return r.DBTX.Query(ctx, sql, args...)
}

func (r *recorder) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	r.note(sql)
	return r.DBTX.QueryRow(ctx, sql, args...)
}

// daoCalls is one command with a child, and tasks of theirs, taken through their lives.
type daoCalls struct {
	*gen.Queries

	t     *testing.T
	tx    pgx.Tx
	calls *recorder

	root, child, task, vdsm, pool, entity uuid.UUID
	at                                    time.Time
	rootText, childText, class            string
	commandsBefore                        int
}

func (d *daoCalls) prepare() {
	d.t.Helper()
	for i, id := range []*uuid.UUID{&d.root, &d.child, &d.task, &d.vdsm, &d.pool, &d.entity} {
		*id = uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "coco test %d", i))
	}
	d.at = time.Date(2014, 9, 18, 9, 53, 20, 822456000, time.UTC)
	d.rootText = "{\"pool\" : \"" + d.pool.String() + "\", \"odd\" : \"\\u0000 \U0010FFFF\"}"
	d.childText, d.class = "", "org.ovirt.engine.core.common.action.RemoveVmParameters"
	d.commandsBefore = len(must(d.GetAllCommandEntities(d.t.Context())))
}

// check compares through pointers; times are compared as instants.
func (d *daoCalls) check(what string, want, got any) {
	d.t.Helper()
	if !reflect.DeepEqual(want, got) {
		d.t.Errorf("%s:\nwant %+v\n got %+v", what, reflect.ValueOf(want), reflect.ValueOf(got))
	}
}

func (d *daoCalls) done(what string, err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatalf("%s: %v", what, err)
	}
}

// refused checks that a call fails with an SQLSTATE, in a transaction of its own within the test's.
func (d *daoCalls) refused(what, code string, call func(*gen.Queries) error) {
	d.t.Helper()
	inner := must(d.tx.Begin(d.t.Context()))
	err := call(gen.New(&recorder{DBTX: inner, called: d.calls.called}))
	var refusal *pgconn.PgError
	if !errors.As(err, &refusal) || refusal.Code != code {
		d.t.Errorf("%s: %v, want SQLSTATE %s", what, err, code)
	}
	d.done("roll back", inner.Rollback(d.t.Context()))
}

func null(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: true} }
