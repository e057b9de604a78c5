package coordinator_test

import (
	"testing"

	"github.com/ovirt/coco/coordinator"
)

// Who adopts what is its own already waits for its own open transaction, and does not keep it from going on.
func TestAdoptLetsAnOpenTransactionOfTheSameInstanceGoOn(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	parent := store(t, c, "parent", nil)

	tx, err := newPool(t, db.URL, nil).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if err := newNote(t, c, "child").PersistTx(t.Context(), tx, parent); err != nil { // locks who owns the parent, not the parent
		t.Fatal(err)
	}
	adopted := make(chan error, 1)
	go func() {
		_, err := c.Adopt(t.Context(), parent.ID())
		adopted <- err
	}()
	eventually(t, "Adopt waits", func() bool {
		return ask[int](t, db, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%own_commands%'`) == 1
	})
	if err := parent.SetParameters(note{Text: "more"}); err != nil {
		t.Fatal(err)
	}
	if err := c.PersistCommandTx(t.Context(), tx, parent); err != nil {
		t.Error(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-adopted; err != nil {
		t.Error(err)
	}
}
