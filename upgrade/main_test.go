package upgrade_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// engine is a database as an engine leaves it, with the sample of tasks.
func engine(tb testing.TB) *testdb.DB {
	tb.Helper()
	return testdb.New(tb, testdb.Options{Template: engineTemplate()})
}

func engineTemplate() testdb.Template {
	return testdb.Template{
		Name: "engine", Hash: testdb.Hash(enginedb.FixtureSQL(), enginedb.Sample()),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			return loadEngine(ctx, conn)
		},
	}
}

func loadEngine(ctx context.Context, conn *pgx.Conn) error {
	if err := enginedb.Load(ctx, conn); err != nil {
		return err
	}
	return enginedb.LoadSample(ctx, conn)
}

// newUpgrader makes an upgrader for a database. It records events into the returned slice.
func newUpgrader(tb testing.TB, url string, change ...func(*upgrade.Options)) (*upgrade.Upgrader, *[]upgrade.Event) {
	tb.Helper()
	config, err := connect.Config(connect.Options{Database: url})
	if err != nil {
		tb.Fatal(err)
	}
	events := &[]upgrade.Event{}
	options := upgrade.Options{
		Config: config, ToolVersion: "test", Client: "here",
		Observe: func(e upgrade.Event) { *events = append(*events, e) },
	}
	for _, c := range change {
		c(&options)
	}
	upgrader, err := upgrade.New(options)
	if err != nil {
		tb.Fatal(err)
	}
	return upgrader, events
}

// exec runs statements as the superuser.
func exec(tb testing.TB, db *testdb.DB, sql string) {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), db.URL)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = conn.Close(tb.Context()) }()
	if _, err := conn.PgConn().Exec(tb.Context(), sql).ReadAll(); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}

// get reads one value as the superuser.
func get[T any](tb testing.TB, db *testdb.DB, query string) T {
	tb.Helper()
	var value T
	conn, err := pgx.Connect(tb.Context(), db.URL)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = conn.Close(tb.Context()) }()
	if err := conn.QueryRow(tb.Context(), query).Scan(&value); err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	return value
}

// of returns the events of one kind.
func of[E upgrade.Event](events []upgrade.Event) []E {
	var found []E
	for _, event := range events {
		if e, ok := event.(E); ok {
			found = append(found, e)
		}
	}
	return found
}
