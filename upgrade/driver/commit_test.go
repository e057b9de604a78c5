package driver_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade/driver"
)

const below = "\n" + driver.CommitMark + "\n"

func TestWhatStandsBelowTheMarkRunsWhenVersionAndJournalAreWritten(t *testing.T) {
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	m, _ := newMigrate(t, conn, withFile(toy, "2_second.up.sql", journalSQL+`INSERT INTO public.toy VALUES (2);
		CREATE TABLE public.seen AS SELECT count(*) AS journal, txid_current() AS id FROM coco.journal;`+below+
		`INSERT INTO public.seen SELECT max(version), txid_current() FROM coco.journal -- not even a semicolon`), driver.Config{})
	if err := m.Up(); err != nil {
		t.Fatal(err)
	}
	if got := trace(t, conn); got != traceOfTwo {
		t.Errorf("it left %s", got)
	}
	if got := get[string](t, conn, `SELECT string_agg(journal::text, ' ' ORDER BY journal) || ' in ' || count(DISTINCT id) FROM public.seen`); got != "0 2 in 1" {
		t.Errorf("the journal had versions %s transactions, want 0 2 in 1", got)
	}
	if status := conn.PgConn().TxStatus(); status != 'I' {
		t.Errorf("the connection is in state %c behind it", status)
	}
}

func TestWhatFailsBelowTheMarkLeavesNothingAndSaysWhere(t *testing.T) {
	for name, c := range map[string]struct {
		rest, code string
		statement  int
		at         string // what the position points at; empty: there is none
	}{
		"error in the last statement": {`SELECT 1; SELECT 1/0`, "22012", 3, ""},
		"syntax error":                {`SELECT 1; CREATE NONSENSE; SELECT 2`, "42601", 2, "NONSENSE"},
		"unknown column":              {`SELECT 1; SELECT ünknown FROM public.toy`, "42703", 3, "ünknown"},
		"deferred constraint": {`CREATE TABLE public.other (n integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
			INSERT INTO public.other VALUES (1), (1)`, "23505", 4, ""},
	} {
		t.Run(name, func(t *testing.T) {
			conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
			body := `INSERT INTO public.toy VALUES (3); SELECT 'ü' AS "ü"` + below + c.rest
			m, _ := newMigrate(t, conn, withFile(toy, "2_second.up.sql", body), driver.Config{})
			if err := m.Steps(1); err != nil {
				t.Fatal(err)
			}
			err := m.Steps(1)
			var failed *driver.BodyError
			var refused *pgconn.PgError
			if !errors.As(err, &failed) || !errors.As(err, &refused) {
				t.Fatalf("got %v, want an error of the body", err)
			}
			if refused.Code != c.code || failed.Statement != c.statement || failed.Body != body {
				t.Errorf("got %s in statement %d, want %s in %d", refused.Code, failed.Statement, c.code, c.statement)
			}
			if rest := string([]rune(body)[max(refused.Position-1, 0):]); (refused.Position > 0) != (c.at != "") || !strings.HasPrefix(rest, c.at) && c.at != "" {
				t.Errorf("position %d, want that of %q", refused.Position, c.at)
			}
			if got := trace(t, conn); got != traceOfOne {
				t.Errorf("it left %s", got)
			}
		})
	}
}

// The settings of all of coco's transactions hold below the mark, whatever the body has set above it.
func TestALockBelowTheMarkIsTriedForNoLongerThanAnyOther(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	conn, other := db.Connect(t.Context()), db.Connect(t.Context())
	m, _ := newMigrate(t, conn, withFile(toy, "2_second.up.sql", `SET lock_timeout = 0; INSERT INTO public.toy VALUES (3)`+below+`LOCK TABLE public.toy`),
		driver.Config{LockTimeout: 10 * time.Millisecond})
	if err := m.Steps(1); err != nil {
		t.Fatal(err)
	}
	run(t, other, `BEGIN; SELECT * FROM public.toy`)
	var refused *pgconn.PgError
	if err := m.Steps(1); !errors.As(err, &refused) || refused.Code != "55P03" {
		t.Errorf("got %v, want a lock time-out", err)
	}
	if got := trace(t, conn); got != traceOfOne {
		t.Errorf("it left %s", got)
	}
	run(t, other, `COMMIT`)
	if err := m.Steps(1); err != nil {
		t.Errorf("with the lock free: %v", err)
	}
}

func TestEndingTheTransactionBelowTheMarkIsReported(t *testing.T) {
	for _, body := range []string{`COMMIT`, `COMMIT; BEGIN`, `ROLLBACK; BEGIN`} {
		conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
		m, _ := newMigrate(t, conn, withFile(toy, "1_first.up.sql", "SELECT 1"+below+body), driver.Config{})
		if err := m.Steps(1); !errors.Is(err, driver.ErrEndsTransaction) {
			t.Errorf("%s: %v, want ErrEndsTransaction", body, err)
		}
	}
}

// Whoever looks at the transaction behind the body sees all of it.
func TestAHookBehindTheBodySeesWhatStandsBelowTheMark(t *testing.T) {
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	rows := ""
	m, _ := newMigrate(t, conn, toy, driver.Config{After: func(ctx context.Context, tx pgx.Tx, _ driver.Move) error {
		return tx.QueryRow(ctx, `SELECT string_agg(n::text, ' ' ORDER BY n) FROM public.toy`).Scan(&rows)
	}})
	if err := m.Up(); err != nil {
		t.Fatal(err)
	}
	if rows != "1 2" {
		t.Errorf("the hook sees %s", rows)
	}
}
