package coordinator

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/commands"
)

func TestWhatWasRemovedComesBackFromTheExport(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	plant(t, pool)
	exec(t, pool, `UPDATE command_entities SET action_parameters = E'{"odd" : "\\u0000 \U0010FFFF', created_at = '-infinity', action_parameters_class = ''
		WHERE command_type IN (10, 12)`)
	exec(t, pool, `UPDATE command_entities SET action_parameters = NULL, action_parameters_class = NULL, created_at = NULL WHERE command_type IN (11, 20)`)
	rows := func() string {
		t.Helper()
		var all string
		if err := pool.QueryRow(t.Context(), `SELECT string_agg(e::text, E'\n' ORDER BY command_id) FROM command_entities e`).Scan(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := rows()
	var export bytes.Buffer
	report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{Export: &export, BatchRows: 4})
	if err != nil || report.RemovedCommands != forestGoes || strings.Count(export.String(), "\n") != forestGoes {
		t.Fatalf("%+v, %v; the export has %d lines", report, err, strings.Count(export.String(), "\n"))
	}
	err = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		result, err := commands.Load(t.Context(), tx, &export, false)
		if result.Loaded != forestGoes {
			t.Errorf("%+v", result)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if after := rows(); after != before {
		t.Errorf("there is\n%s\nthere was\n%s", after, before)
	}
}

// sinking is an export that cannot be written, or not be brought to the disk.
type sinking struct{ synced bool }

var errDiskFull = errors.New("no space left on device")

func (s *sinking) Write(p []byte) (int, error) {
	if s.synced {
		return len(p), nil
	}
	return 0, errDiskFull
}

func (s *sinking) Sync() error { return errDiskFull }

func TestWhatCannotBeExportedIsNotRemoved(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	store(t, pool, node{1, 0, 1, done, 40}, node{2, 1, 1, done, 40})
	for _, synced := range []bool{false, true} {
		report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{Export: &sinking{synced: synced}})
		if !errors.Is(err, errDiskFull) || report.RemovedTrees != 0 {
			t.Errorf("%+v, %v", report, err)
		}
		if got := len(stored(t, pool)); got != 2 {
			t.Errorf("%d commands are left", got)
		}
	}
	if report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{}); err != nil || report.RemovedTrees != 1 {
		t.Errorf("the failed runs were not ended: %+v, %v", report, err)
	}
}
