package coordinator_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/coordinator"
)

func TestACommandIsThereAgainWithItsParents(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	root := store(t, c, "root", nil)
	child := store(t, c, "child", root)
	grandchild := store(t, c, "grandchild", child)
	must(t, child.UpdateStatus(t.Context(), coordinator.StatusActive))

	got, err := open(t, db.URL, coordinator.Options{}).RetrieveCommand(t.Context(), grandchild.ID())
	must(t, err)
	if got.ParentID() != child.ID() || got.RootID() != root.ID() || got.Root().ID() != root.ID() || got.Owner() != c.ID() {
		t.Errorf("parent %s, root %s, top %s, owner %s", got.ParentID(), got.RootID(), got.Root().ID(), got.Owner())
	}
	if got.Parent().Status() != coordinator.StatusActive || got.Status() != coordinator.StatusNotStarted || got.CreatedAt().IsZero() {
		t.Errorf("%s below %s, created at %s", got.Status(), got.Parent().Status(), got.CreatedAt())
	}
	parameters, err := coordinator.Parameters[note](got.Root())
	if err != nil || parameters.Text != "root" {
		t.Errorf("%+v, %v", parameters, err)
	}
}

func TestManyCommandsAreStoredInAnyOrder(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	cmds := []*coordinator.Command{newNote(t, c, "root")}
	for range 20 {
		cmd, err := c.NewCommand(coordinator.NewCommandOptions{Type: 1, Parent: cmds[0]})
		must(t, err)
		cmds = append([]*coordinator.Command{cmd}, cmds...) // children first
	}
	must(t, c.PersistCommands(t.Context(), cmds...))
	for _, cmd := range cmds[:20] {
		if cmd.RootID() != cmds[20].ID() || cmd.Owner() != c.ID() {
			t.Fatalf("root %s, owner %s", cmd.RootID(), cmd.Owner())
		}
	}
	tree, err := c.RetrieveTree(t.Context(), cmds[20].ID())
	must(t, err)
	depth := 0
	for cmd := tree; len(cmd.Children()) > 0; cmd = cmd.Children()[0] {
		if depth++; len(cmd.Children()) != 1 || cmd.Children()[0].Parent() != cmd {
			t.Fatalf("%d children", len(cmd.Children()))
		}
	}
	if depth != 20 || db.commands(t) != 21 {
		t.Errorf("%d deep, %d commands", depth, db.commands(t))
	}
	must(t, c.PersistCommands(t.Context())) // none
}

func TestStoringAgainReplacesTheParametersAndNothingElse(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	cmd := store(t, c, "before", nil)
	must(t, cmd.UpdateStatus(t.Context(), coordinator.StatusActive))

	// A second Command of the same id believes in the status of long ago.
	again, err := c.NewCommand(coordinator.NewCommandOptions{ID: cmd.ID(), Type: noteType, Class: "note", Parameters: note{Text: "after"}})
	must(t, err)
	must(t, c.PersistCommand(t.Context(), again))
	if again.Status() != coordinator.StatusActive || !again.CreatedAt().Equal(cmd.CreatedAt()) {
		t.Errorf("%s, created at %s", again.Status(), again.CreatedAt())
	}
	got, err := c.RetrieveCommand(t.Context(), cmd.ID())
	must(t, err)
	if parameters, _ := coordinator.Parameters[note](got); parameters.Text != "after" || got.Status() != coordinator.StatusActive {
		t.Errorf("%+v %s", parameters, got.Status())
	}
}

func TestParametersThatWereNotSetAreWrittenBackAsTheyWereRead(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	const odd = ` { "step" : 1e0 , "text":"\u0061" } `
	for name, class := range map[string]any{"registered": "note", "opaque": "other", "without a class": nil, "with an empty class": ""} {
		id := uuid.New()
		db.exec(t, `INSERT INTO command_entities (command_id, command_type, action_parameters, action_parameters_class)
			VALUES ($1, $2, $3, $4)`, id, noteType, odd, class)
		digest := `SELECT md5(row(e.*)::text) FROM command_entities e WHERE command_id = $1`
		before := ask[string](t, db, digest, id)
		cmds, err := c.Adopt(t.Context(), id)
		must(t, err)
		must(t, c.PersistCommand(t.Context(), cmds[0]))
		if ask[string](t, db, digest, id) != before || cmds[0].Text() != odd {
			t.Errorf("%s: the row has changed: %s", name, cmds[0].Text())
		}
	}
}

func TestACallersTransactionIsAllOrNothing(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	pool := newPool(t, db.URL, nil)
	c := openOn(t, pool, coordinator.Options{})
	parent := store(t, c, "parent", nil)
	before := ask[string](t, db, `SELECT md5(string_agg(e::text || o::text, '')) FROM command_entities e JOIN coco.command_owner o USING (command_id)`)

	var child *coordinator.Command
	broken := errors.New("the caller's own part failed")
	work := func(end error) error {
		return pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			child = newNote(t, c, "child")
			must(t, child.PersistTx(t.Context(), tx, parent))
			must(t, parent.SetParameters(note{Text: "parent", Step: 1}))
			must(t, c.PersistCommandTx(t.Context(), tx, parent))
			must(t, c.PersistCommandsTx(t.Context(), tx, newNote(t, c, "another"), newNote(t, c, "a third")))
			must(t, parent.UpdateStatusTx(t.Context(), tx, coordinator.StatusActive))
			must(t, c.UpdateStatusTx(t.Context(), tx, child.ID(), coordinator.StatusFailed))
			return end
		})
	}
	if err := work(broken); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	after := ask[string](t, db, `SELECT md5(string_agg(e::text || o::text, '')) FROM command_entities e JOIN coco.command_owner o USING (command_id)`)
	if after != before || db.commands(t) != 1 {
		t.Error("something of a transaction that was rolled back has stayed")
	}
	// What the Command believes since must not get into the database.
	must(t, parent.Persist(t.Context(), nil))
	if parent.Status() != coordinator.StatusNotStarted {
		t.Errorf("the status of a transaction that was rolled back: %s", parent.Status())
	}
	must(t, work(nil))
	if db.commands(t) != 4 || db.status(t, parent.ID()) != "ACTIVE" || db.status(t, child.ID()) != "FAILED" {
		t.Error("something of a transaction that was committed is missing")
	}
}
