package enginejson_test

import (
	"context"
	"os"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/coordinator/enginejson"
	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/internal/upgraded"
)

// upgradedSample is the database of an engine that was upgraded with a sample's tasks in flight.
func upgradedSample(t *testing.T, sample string) *testdb.DB {
	t.Helper()
	db := testdb.New(t, testdb.Options{})
	conn := db.Connect(t.Context())
	for _, script := range []string{enginedb.FixtureSQL(), sample} {
		if _, err := conn.PgConn().Exec(t.Context(), script).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(t.Context()); err != nil { // retire goes alone
		t.Fatal(err)
	}
	if err := upgraded.Upgrade(t.Context(), db.URL); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestCommandsOfAnUpgradedEngineAreReadAndStoredAgain(t *testing.T) {
	t.Parallel()
	all := map[string]string{"our sample": enginedb.Sample()}
	if path := os.Getenv("ENGINE_SAMPLE"); path != "" {
		script, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all["the engine's sample"] = string(script)
	}
	for name, sample := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := upgradedSample(t, sample)
			conn := db.Connect(t.Context())
			c := openWithEveryClass(t, db, conn)
			read, opaque := 0, 0
			for _, id := range ids(t, conn) {
				cmds, err := c.Adopt(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				cmd := cmds[0]
				before := cmd.Text()
				parameters, err := coordinator.Parameters[few](cmd)
				if err != nil {
					opaque++
					continue
				}
				read++
				if err := cmd.SetParameters(parameters); err != nil {
					t.Fatal(err)
				}
				if err := c.PersistCommand(t.Context(), cmd); err != nil {
					t.Fatal(err)
				}
				again, err := c.RetrieveCommand(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				if compact(t, again.Text()) != compact(t, before) || isJackson(before) && again.Text() != before {
					t.Errorf("command %s: another text: %.200q from %.200q", id, again.Text(), before)
				}
			}
			t.Logf("%d commands were read, %d are opaque or have no parameters", read, opaque)
			if read < 40 {
				t.Errorf("only %d commands were read", read)
			}
		})
	}
}

// openWithEveryClass registers one type for each class there is.
func openWithEveryClass(t *testing.T, db *testdb.DB, conn *pgx.Conn) *coordinator.Coordinator {
	t.Helper()
	registry := coordinator.NewRegistry()
	for _, class := range column[string](t, conn, `SELECT DISTINCT action_parameters_class FROM command_entities WHERE action_parameters_class IS NOT NULL`) {
		key := coordinator.Key{Type: coordinator.AnyType, Class: class}
		if err := coordinator.Register(registry, key, enginejson.For[few]()); err != nil {
			t.Fatal(err)
		}
	}
	pool, err := pgxpool.New(t.Context(), db.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	c, err := coordinator.Open(t.Context(), pool, coordinator.Options{Registry: registry})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return c
}

func ids(t *testing.T, conn *pgx.Conn) []uuid.UUID {
	t.Helper()
	return column[uuid.UUID](t, conn, `SELECT command_id FROM command_entities ORDER BY created_at, command_id`)
}

func column[T any](t *testing.T, conn *pgx.Conn, sql string) []T {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatal(err)
	}
	return values
}
