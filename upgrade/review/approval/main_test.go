package approval_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
	"github.com/ovirt/coco/upgrade/review/approval"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// engine is a database as an engine leaves it after years, with the sample of tasks.
func engine(t *testing.T) *testdb.DB {
	t.Helper()
	return testdb.New(t, testdb.Options{Template: testdb.Template{
		Name: "engine", Hash: testdb.Hash(enginedb.FixtureSQL(), enginedb.DecorateSQL(), enginedb.Sample(), approval.ForeignSQL),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			err = errors.Join(enginedb.Load(ctx, conn), enginedb.Decorate(ctx, conn), enginedb.LoadSample(ctx, conn))
			if err != nil {
				return err
			}
			_, err = conn.PgConn().Exec(ctx, approval.ForeignSQL).ReadAll()
			return err
		},
	}})
}

// newUpgrader makes an upgrader for a database.
func newUpgrader(t *testing.T, url string, observe func(upgrade.Event), change ...func(*pgx.ConnConfig)) *upgrade.Upgrader {
	t.Helper()
	config, err := connect.Config(connect.Options{Database: url})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(config)
	}
	upgrader, err := upgrade.New(upgrade.Options{Config: config, Observe: observe})
	if err != nil {
		t.Fatal(err)
	}
	return upgrader
}

// hash is that of going up to the end of a phase, as a connection sees it.
func hash(t *testing.T, conn *pgx.Conn, chain *upgrade.Chain, to upgrade.Phase) approval.Hash {
	t.Helper()
	found, err := approval.Of(read(t, conn), chain, to)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func read(t *testing.T, conn *pgx.Conn) *approval.Live {
	t.Helper()
	var live *approval.Live
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(t.Context(), conn, options, func(tx pgx.Tx) (err error) {
		live, err = approval.Read(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return live
}

func run(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
