// Package upgraded gives a test or an example an engine's database at the end of the chain of migrations.
package upgraded

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
)

// New creates the database of an engine that had no tasks when it was upgraded.
func New(tb testing.TB) *testdb.DB {
	tb.Helper()
	return testdb.New(tb, testdb.Options{Template: template("upgraded without tasks", "")})
}

// WithSample creates the database of an engine that was upgraded with tasks in flight.
func WithSample(tb testing.TB) *testdb.DB {
	tb.Helper()
	return testdb.New(tb, testdb.Options{Template: template("upgraded", enginedb.Sample())})
}

// Example is New for an example: it names the database in DATABASE_URL until done is called.
func Example() (done func()) { return testdb.Example(template("upgraded without tasks", "")) }

// ExampleWithSample is WithSample for an example.
func ExampleWithSample() (done func()) {
	return testdb.Example(template("upgraded", enginedb.Sample()))
}

func template(name, tasks string) testdb.Template {
	return testdb.Template{
		Name: name, Hash: testdb.Hash(enginedb.FixtureSQL(), tasks),
		Build: func(ctx context.Context, url string) error {
			if err := load(ctx, url, tasks != ""); err != nil {
				return err
			}
			return Upgrade(ctx, url)
		},
	}
}

func load(ctx context.Context, url string, sample bool) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := enginedb.Load(ctx, conn); err != nil || !sample {
		return err
	}
	return enginedb.LoadSample(ctx, conn)
}

// Upgrade runs all migrations on the database that the URL names.
func Upgrade(ctx context.Context, url string) error {
	config, err := connect.Config(connect.Options{Database: url})
	if err != nil {
		return err
	}
	upgrader, err := upgrade.New(upgrade.Options{Config: config})
	if err != nil {
		return err
	}
	_, err = upgrader.Up(ctx, upgrade.UpOptions{To: upgrade.Retire, Force: true})
	return err
}
