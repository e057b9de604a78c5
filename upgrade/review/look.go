package review

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/review/approval"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/check"
	"github.com/ovirt/coco/upgrade/review/judge"
)

// lookAt reads the catalog of the copy and checks its procedures.
func (r *run) lookAt(ctx context.Context, conn *pgx.Conn) (judge.Side, error) {
	var side judge.Side
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
		side.Catalog, err = catalog.Read(ctx, tx)
		return err
	})
	if err != nil {
		return side, err
	}
	if side.Plans, err = planned(ctx, conn, side.Catalog, r.facts.Texts); err != nil {
		return side, err
	}
	ask := check.Routines
	if r.alone {
		ask = check.Alone
	}
	judged := *side.Catalog
	judged.Routines = withoutOwn(judged.Routines)
	problems, err := ask(ctx, conn, &judged)
	if errors.Is(err, check.ErrSecond) {
		r.alone = true
		r.notes = append(r.notes, "plpgsql_check gives no second opinion on the procedures: "+err.Error())
		err = comesBack(ctx, conn.Config())
	}
	if err != nil {
		return side, err
	}
	side.Problems = &problems
	return side, nil
}

// withoutOwn leaves out coco's own, whose statements fit the tables of one phase each: nobody judges them.
func withoutOwn(routines []catalog.Routine) []catalog.Routine {
	return slices.DeleteFunc(slices.Clone(routines), func(r catalog.Routine) bool { return r.Schema == "coco" })
}

// comesBack waits for a server that starts again after a crash. Before it has noticed, it takes connections that it ends in a moment: one has to
// last.
func comesBack(ctx context.Context, config *pgx.ConnConfig) error {
	ctx, cancel := context.WithTimeout(ctx, restartTime)
	defer cancel()
	for {
		conn, err := pgx.ConnectConfig(ctx, config)
		if err == nil {
			_, err = conn.Exec(ctx, `SELECT pg_sleep(0.3)`)
			if closing := conn.Close(ctx); err == nil {
				return closing
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the server of the copy, which has crashed: %w", err)
		case <-time.After(restartPause):
		}
	}
}

// Limits of what is read of the database itself. Nobody is kept waiting, and nothing is read for long.
const (
	lockWait  = 100 * time.Millisecond
	countTime = 3 * time.Second
)

// How long a server may take to start again, and how often it is tried.
const (
	restartTime  = 30 * time.Second
	restartPause = 50 * time.Millisecond
)

// live is what is read of the database itself.
type live struct {
	catalog  *catalog.Catalog
	hashed   *approval.Live // nil: what coco keeps may not be read, and unhashed says so
	unhashed string
	rows     counts
	// uncounted is why the rows were not counted, empty if they were.
	uncounted string
}

// counts are what the rows come to.
type counts struct {
	archived int64
	why      []judge.Count
	longest  []judge.Count
}

//go:embed archived.sql
var archivedSQL string

// readLive reads the catalog of the database, and counts its rows, in one snapshot.
func readLive(ctx context.Context, config *pgx.ConnConfig) (live, error) {
	var l live
	err := l.read(ctx, config, func(tx pgx.Tx) (err error) {
		if l.hashed, err = approval.Complete(ctx, tx, l.catalog); errors.Is(err, upgrade.ErrRefused) {
			l.unhashed = reason(err)
		} else if err != nil {
			return err
		}
		return pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return l.count(ctx, tx) })
	})
	var refused *pgconn.PgError
	if l.catalog != nil && errors.As(err, &refused) && ctx.Err() == nil { // the rows only
		l.uncounted = whyUncounted(refused, config.User)
		return l, nil
	}
	if err != nil {
		return l, unreadable(fmt.Errorf("read the database: %w", err), config.User)
	}
	return l, nil
}

// read reads the catalog, and in the same snapshot what else is asked for.
func (l *live) read(ctx context.Context, config *pgx.ConnConfig, more func(pgx.Tx) error) error {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, conn, options, func(tx pgx.Tx) (err error) {
		set := fmt.Sprintf(`SET LOCAL lock_timeout = %d`, lockWait.Milliseconds())
		if _, err := tx.Exec(ctx, set); err != nil {
			return err
		}
		if l.catalog, err = catalog.Read(ctx, tx); err != nil {
			return err
		}
		return more(tx)
	})
}

// whyUncounted is why rows were not counted, and what to do about it.
func whyUncounted(refused *pgconn.PgError, role string) string {
	switch refused.Code {
	case notAllowed:
		return refused.Message + ": GRANT SELECT ON public.async_tasks TO " + pgx.Identifier{role}.Sanitize()
	case "42P01", "42703": // undefined table, column
		return "there is no table async_tasks with the columns that move"
	case "57014": // canceled
		return fmt.Sprintf("it would have taken longer than %s", countTime)
	}
	return refused.Message
}

const notAllowed = "42501" // insufficient privilege

// unreadable says what to do about a catalog that is not to be read; any other error stays as it is.
func unreadable(err error, role string) error {
	var (
		refused *pgconn.PgError
		known   *upgrade.Error
	)
	if !errors.As(err, &refused) {
		return err
	}
	switch table := catalogTable.FindString(refused.Message); {
	case refused.Code == "55P03" && !errors.As(err, &known): // lock not available
		return &upgrade.Error{
			Kind: upgrade.ErrBusy, Cause: err, Reason: "somebody holds a lock that keeps readers out of a table, so the catalog could not be read",
			Hint: "Review again when that is done.",
		}
	case refused.Code == notAllowed && table != "":
		return &upgrade.Error{
			Kind: upgrade.ErrRefused, Cause: err, Reason: fmt.Sprintf("role %s may not read pg_catalog.%s, and nothing can be said without it", role, table),
			Hint: fmt.Sprintf("Let a superuser grant it: GRANT SELECT ON pg_catalog.%s TO %s.", table, pgx.Identifier{role}.Sanitize()),
		}
	}
	return err
}

// catalogTable is one in the server's message, in whatever language that is.
var catalogTable = regexp.MustCompile(`\bpg_\w+`)

// count counts which tasks hold what their commands cannot give back exactly, by the mapping of the backfill.
func (l *live) count(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, fmt.Sprintf(`SET LOCAL statement_timeout = %d`, countTime.Milliseconds())); err != nil {
		return err
	}
	names := []string{"action_parameters", "action_params_class", "task_parameters", "task_params_class", "root_command_id"}
	lengths := make([]int64, len(names))
	var links, actions, tasks int64
	err := tx.QueryRow(ctx, archivedSQL).Scan(&l.rows.archived, &links, &actions, &tasks,
		&lengths[0], &lengths[1], &lengths[2], &lengths[3], &lengths[4])
	if err != nil {
		return err
	}
	l.rows.why = []judge.Count{
		{Name: "another root than their command's", Count: links},
		{Name: "other parameters than their root command's", Count: actions},
		{Name: "other parameters than their own command's", Count: tasks},
	}
	for i, name := range names {
		l.rows.longest = append(l.rows.longest, judge.Count{Name: name, Count: lengths[i]})
	}
	return nil
}

// data is what is at stake, nil where it was not to be counted, or has moved already.
func (l *live) data(plan upgrade.Plan, looked upgrade.CheckResult) *judge.Data {
	if l.uncounted != "" {
		return nil
	}
	data := &judge.Data{
		Tables: []judge.TableData{{Table: "async_tasks", Rows: plan.Tasks, Bytes: plan.Bytes, Moves: l.rows.longest}},
		Tasks:  plan.Tasks, Commands: plan.Commands, Archived: l.rows.archived, Why: l.rows.why,
		Bytes: plan.Bytes, WAL: plan.WAL, Space: plan.Space, Estimate: plan.Estimate,
	}
	if looked.Tasks == nil {
		return data
	}
	for _, status := range upgrade.TaskStatuses() {
		if n := looked.Tasks.ByStatus[status]; n > 0 {
			data.InFlight = append(data.InFlight, judge.Count{Name: status, Count: n})
		}
	}
	return data
}
