package coordinator_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/ovirt/coco/coordinator"
)

// A transaction of the dead instance may still have been on its way to its end when another one looked for trees.
func TestATreeThatGrowsWhileItIsRecoveredIsHandedOutWholeAllTheSame(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	dead, die := openMortal(t, db, coordinator.Options{Lease: short})
	first := store(t, dead, "recovered first", nil)
	root := store(t, dead, "grows meanwhile", nil)
	die()
	// Whoever takes the first tree waits for the end of the transaction below.
	db.exec(t, `
		CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			PERFORM pg_advisory_xact_lock_shared(1);
			RETURN NEW;
		END $$;
		CREATE TRIGGER wait BEFORE UPDATE ON coco.command_owner
			FOR EACH ROW WHEN (OLD.command_id = '`+first.ID().String()+`') EXECUTE FUNCTION wait()`)
	c := openSeasoned(t, db, coordinator.Options{Lease: busy})
	tx, err := db.conn.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), `SELECT pg_advisory_xact_lock(1)`)
	must(t, err)
	child := uuid.New()
	_, err = tx.Exec(t.Context(), `INSERT INTO command_entities (command_id, command_type, parent_command_id, root_command_id, status, created_at)
		VALUES ($1, 1, $2, $2, 'ACTIVE', now())`, child, root.ID())
	must(t, err)
	_, err = tx.Exec(t.Context(), `INSERT INTO coco.command_owner (command_id, instance_id) VALUES ($1, $2)`, child, dead.ID())
	must(t, err)

	taken := make(chan []*coordinator.Command)
	go func() { taken <- recovered(t, c) }()
	observer := db.Connect(t.Context())
	eventually(t, "the taker to wait", func() bool {
		var waits bool
		must(t, observer.QueryRow(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`).Scan(&waits))
		return waits
	})
	must(t, tx.Commit(t.Context()))
	if cmds := <-taken; len(cmds) != 1 || cmds[0].ID() != first.ID() {
		t.Fatalf("recovered %v: the other tree had grown since", ids(cmds))
	}
	if cmds := recovered(t, c); len(cmds) != 2 || cmds[0].ID() != root.ID() || cmds[1].ID() != child {
		t.Fatalf("recovered %v, want the whole tree", ids(cmds))
	}
}
