package test

import (
	"testing"
	"time"
)

// A command that is being stored while the copy is taken back is waited for, and then it is refused to lose it: with the SQL alone, as the
// stock program runs it.
func TestCommandThatIsBeingStoredIsNotLostOnTheWayDown(t *testing.T) {
	db := upgraded(t, versionBackfill)
	client := db.Connect(t.Context())
	exec(t, client, `BEGIN`)
	exec(t, client, `INSERT INTO command_entities (command_id, command_type) VALUES ('11111111-2222-3333-4444-555555555555', 7)`)
	down, done := db.Connect(t.Context()), make(chan error, 1)
	go func() { done <- apply(t.Context(), down, versionBackfill, "down") }()
	select {
	case err := <-done:
		t.Fatalf("it waited for nobody: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	exec(t, client, `COMMIT`)
	if err := <-done; code(err) != "CO003" {
		t.Errorf("got %v, want CO003", err)
	}
	same(t, "commands of type 7", []string{"1"}, query(t, client, `SELECT count(*)::text FROM command_entities WHERE command_type = 7`))
}
