package coordinator_test

import (
	"testing"

	"github.com/ovirt/coco/coordinator"
)

// The engine's own procedures ask nobody who owns a command.
func TestACommandThatTheEngineHasFinishedStaysAsItIs(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	cmd := store(t, c, "before", nil)
	db.exec(t, `SELECT UpdateCommandEntityStatus($1, 'SUCCEEDED')`, cmd.ID())

	must(t, cmd.SetParameters(note{Text: "after"}))
	_ = fails[*coordinator.TransitionError](t, cmd.Persist(t.Context(), nil), coordinator.ErrTransition)
	_ = fails[*coordinator.TransitionError](t, newNote(t, c, "child").Persist(t.Context(), cmd), coordinator.ErrTransition)
	if text := ask[string](t, db, `SELECT action_parameters FROM command_entities WHERE command_id = $1`, cmd.ID()); text != `{"text":"before","step":0}` {
		t.Error(text)
	}
}
