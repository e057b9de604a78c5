package driver_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade/driver"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// toy is a chain of two migrations; the second brings the journal, and ends in one message with the commit.
var toy = files(map[string]string{
	"1_first.up.sql":    `CREATE TABLE public.toy (n integer); INSERT INTO public.toy VALUES (1)`,
	"1_first.down.sql":  `DROP TABLE public.toy`,
	"2_second.up.sql":   journalSQL + driver.CommitMark + "\nINSERT INTO public.toy VALUES (2)",
	"2_second.down.sql": `DELETE FROM public.toy WHERE n = 2; DROP SCHEMA coco CASCADE`,
})

const journalSQL = `CREATE SCHEMA coco;
CREATE TABLE coco.journal (
	id bigserial PRIMARY KEY, version bigint NOT NULL, direction text NOT NULL, name text NOT NULL, sha256 text NOT NULL,
	lineage text NOT NULL, started_at timestamptz NOT NULL, duration interval NOT NULL, tool_version text NOT NULL,
	applied_by text NOT NULL DEFAULT session_user, client text, applied_at timestamptz NOT NULL DEFAULT clock_timestamp());
`

func entries() []driver.Entry {
	return []driver.Entry{
		{Version: 1, Name: "first", SHA256: "s1", Lineage: "l1"},
		{Version: 2, Name: "second", SHA256: "s2", Lineage: "l2"},
	}
}

func files(content map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range content {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// newMigrate puts golang-migrate on top of our driver.
func newMigrate(tb testing.TB, conn *pgx.Conn, fsys fstest.MapFS, config driver.Config) (*migrate.Migrate, *driver.Driver) {
	tb.Helper()
	if config.Ups == nil {
		config.Ups, config.Downs = entries(), entries()
	}
	if config.RunLockBudget == 0 {
		config.RunLockBudget = 10 * time.Second
	}
	config.ToolVersion, config.Client = "test", "here"
	d := driver.New(tb.Context(), conn, config)
	source, err := iofs.New(fsys, ".")
	if err != nil {
		tb.Fatal(err)
	}
	m, err := migrate.NewWithInstance("toy", source, "coco", d)
	if err != nil {
		tb.Fatal(err)
	}
	return m, d
}

// get reads one value.
func get[T any](tb testing.TB, conn *pgx.Conn, query string, args ...any) T {
	tb.Helper()
	var value T
	if err := conn.QueryRow(tb.Context(), query, args...).Scan(&value); err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	return value
}

func run(tb testing.TB, conn *pgx.Conn, sql string) {
	tb.Helper()
	if _, err := conn.PgConn().Exec(tb.Context(), sql).ReadAll(); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}

// trace is everything that a migration of the toy chain leaves: equal traces, equal databases.
func trace(tb testing.TB, conn *pgx.Conn) string {
	tb.Helper()
	ctx := context.WithoutCancel(tb.Context())
	version, dirty, err := driver.ReadVersion(ctx, conn)
	if err != nil {
		tb.Fatal(err)
	}
	text := get[string](tb, conn, `SELECT format('version %s dirty %s', $1::bigint, $2::boolean)`, version, dirty)
	text += get[string](tb, conn, `SELECT ' table ' || (to_regclass('public.schema_migrations') IS NOT NULL)::text`)
	if get[bool](tb, conn, `SELECT to_regclass('public.toy') IS NOT NULL`) {
		text += get[string](tb, conn, `SELECT ' rows ' || coalesce(string_agg(n::text, ',' ORDER BY n), '') FROM public.toy`)
	}
	if get[bool](tb, conn, `SELECT to_regclass('coco.journal') IS NOT NULL`) {
		text += get[string](tb, conn, `SELECT ' journal ' ||
			string_agg(direction || version || name || sha256 || lineage, ',' ORDER BY id) FROM coco.journal`)
	}
	return text
}
