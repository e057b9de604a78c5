package coordinator_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/coordinator"
)

func TestAnOldSnapshotRemovesNoCommandThatATaskNamesMeanwhile(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	for _, level := range []pgx.TxIsoLevel{pgx.RepeatableRead, pgx.Serializable} {
		cmd := store(t, c, "old", nil)
		tx, err := db.Connect(t.Context()).BeginTx(t.Context(), pgx.TxOptions{IsoLevel: level})
		must(t, err)
		_, err = tx.Exec(t.Context(), `SELECT FROM command_entities`) // from here on the transaction sees nothing new
		must(t, err)
		must(t, c.SaveTask(t.Context(), &coordinator.Task{Command: cmd}))
		_, err = c.RemoveCommandTx(t.Context(), tx, cmd.ID(), coordinator.RemoveOptions{})
		if refusal, ok := errors.AsType[*pgconn.PgError](err); !ok || refusal.Code != "40001" { // serialization failure
			t.Errorf("%s: %v", level, err)
		}
		must(t, tx.Rollback(t.Context()))
	}
}
