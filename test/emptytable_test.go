package test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/gen"
)

// A session keeps the plans of its first calls. Made for a table that is known to be empty, they read all of it for good.
func TestSessionsFromBeforeTheFirstCommandUseTheIndexes(t *testing.T) {
	ctx := t.Context()
	conn := engine(t).Connect(ctx)
	up(t, conn, 0, versionRetire)
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	before := timesReadWhole(t, tx)
	dao := gen.New(tx)
	for range 10 { // the sixth call at the latest makes the plan that stays
		row := gen.SaveOrUpdateCommandEntityParams{CommandID: uuid.New(), CommandType: 1}
		for range 2 {
			if err := dao.SaveOrUpdateCommandEntity(ctx, row); err != nil {
				t.Fatal(err)
			}
		}
		if err := dao.UpdateCommandEntityStatus(ctx, gen.UpdateCommandEntityStatusParams{CommandID: row.CommandID, Status: "ACTIVE"}); err != nil {
			t.Fatal(err)
		}
	}
	if after := timesReadWhole(t, tx); after > before {
		t.Errorf("%d times the whole table was read", after-before)
	}
}

// timesReadWhole counts the sequential scans of command_entities that this session has not reported yet.
func timesReadWhole(t *testing.T, tx pgx.Tx) (times int) {
	t.Helper()
	if err := tx.QueryRow(t.Context(),
		`SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relid = 'public.command_entities'::regclass`).Scan(&times); err != nil {
		t.Fatal(err)
	}
	return times
}
