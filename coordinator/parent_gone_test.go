package coordinator_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/ovirt/coco/coordinator"
)

// A parent that the engine has written belongs to nobody, so that nothing keeps it until the child is stored.
func TestAParentThatGoesMeanwhileIsSaidToBeMissing(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c, other := open(t, db.URL, coordinator.Options{}), db.Connect(t.Context())
	mine, engines := store(t, c, "mine", nil), uuid.New()
	db.exec(t, `INSERT INTO command_entities (command_id, command_type, status) VALUES ($1, 7, 'ACTIVE')`, engines)
	parent, err := c.RetrieveCommand(t.Context(), engines)
	must(t, err)
	child, err := c.NewCommand(coordinator.NewCommandOptions{Type: noteType, Class: "note", Parameters: note{}, Parent: parent})
	must(t, err)

	tx, err := other.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), `SELECT FROM coco.command_owner WHERE command_id = $1 FOR UPDATE`, mine.ID())
	must(t, err)
	done := make(chan error, 1)
	go func() { done <- c.PersistCommands(t.Context(), mine, child) }()
	eventually(t, "the call to wait for the row", func() bool {
		return ask[bool](t, db, `SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`)
	})
	db.exec(t, `SELECT DeleteCommandEntity($1)`, engines)
	must(t, tx.Commit(t.Context()))
	refused := fails[*coordinator.ParentError](t, <-done, coordinator.ErrParent)
	if refused.CommandID != child.ID() || refused.Parent != engines || !refused.Missing {
		t.Errorf("%+v", refused)
	}
}
