package commands_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/commands"
	"github.com/ovirt/coco/internal/upgraded"
)

// own gives an instance a command that has not finished.
const own = `INSERT INTO coco.command_owner (command_id, instance_id) VALUES ($1, $2)`

const instance = `INSERT INTO coco.engine_instance (instance_id, name, lease) VALUES ($1, 'one', '1 hour')`

// line is a command of an export that finished.
func line(n int) string {
	return `{"coco_command":1,"command_id":"` + number(n).String() + `","command_type":1,"parent_command_id":null,"root_command_id":null,` +
		`"action_parameters":"from the file","action_parameters_class":null,"created_at":"2026-01-01T00:00:00+00:00",` +
		`"status":"SUCCEEDED","finished_at":"2026-01-02T00:00:00+00:00"}` + "\n"
}

func load(t *testing.T, conn *pgx.Conn, lines string, overwrite bool) (result commands.Result, err error) {
	t.Helper()
	err = pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
		result, err = commands.Load(t.Context(), tx, strings.NewReader(lines), overwrite)
		return err
	})
	return result, err
}

func TestLoadReplacesNothingThatALiveInstanceDrives(t *testing.T) {
	conn := connect(t, upgraded.New(t))
	execute(t, conn, instance, number(100))
	execute(t, conn, insert, number(1), 1, nil, nil, "2026-01-01", "ACTIVE", nil)
	execute(t, conn, own, number(1), number(100))

	_, err := load(t, conn, line(2)+line(1), true)
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || refusal.Code != "CO010" || !strings.Contains(refusal.Message, number(1).String()) || refusal.Hint == "" {
		t.Fatal(err)
	}
	if there := all(t, conn, commands.ListOptions{Limit: 10}, func() {}); len(there) != 1 {
		t.Errorf("%d commands are there: it is to be all or nothing", len(there))
	}
	result, err := load(t, conn, line(2)+line(1), false)
	if err != nil || result.Loaded != 1 || len(result.Kept) != 1 {
		t.Errorf("without overwrite: %+v, %v", result, err)
	}
	details, err := commands.Show(t.Context(), conn, number(1))
	if err != nil || details.Status != "ACTIVE" || details.Owner == nil {
		t.Errorf("%+v, %v", details, err)
	}
}

func TestNobodyOwnsWhatLoadHasReplaced(t *testing.T) {
	for name, end := range map[string]string{
		"stopped": `UPDATE coco.engine_instance SET ended_at = now(), ended_because = 'stopped' WHERE instance_id = $1`,
		"silent":  `UPDATE coco.engine_instance SET renewed_at = now() - interval '2 hours' WHERE instance_id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			conn := connect(t, upgraded.New(t))
			execute(t, conn, instance, number(100))
			execute(t, conn, insert, number(1), 1, nil, nil, "2026-01-01", "ACTIVE", nil)
			execute(t, conn, own, number(1), number(100))
			execute(t, conn, end, number(100))
			if result, err := load(t, conn, line(1), true); err != nil || result.Replaced != 1 {
				t.Fatalf("%+v, %v", result, err)
			}
			var owners int
			if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM coco.command_owner`).Scan(&owners); err != nil {
				t.Fatal(err)
			}
			if owners != 0 {
				t.Error("a command that has finished still belongs to an instance")
			}
		})
	}
}
