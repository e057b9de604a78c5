package coordinator_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ovirt/coco/coordinator"
)

func TestATreeIsRetrievedWhole(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	root := store(t, c, "root", nil)
	var middle *coordinator.Command
	for n := range 3 {
		middle = store(t, c, fmt.Sprint("middle ", n), root)
		for range n {
			store(t, c, "leaf", middle)
		}
	}
	tree, err := c.RetrieveTree(t.Context(), root.ID())
	must(t, err)
	if tree.Parent() != nil || len(tree.Children()) != 3 {
		t.Fatalf("%d children", len(tree.Children()))
	}
	for n, child := range tree.Children() {
		parameters, err := coordinator.Parameters[note](child)
		if err != nil || parameters.Text != fmt.Sprint("middle ", n) || len(child.Children()) != n || child.Parent() != tree {
			t.Errorf("child %d: %+v with %d children, %v", n, parameters, len(child.Children()), err)
		}
	}
	part, err := c.RetrieveTree(t.Context(), middle.ID())
	must(t, err)
	if part.Parent() != nil || part.ParentID() != root.ID() || len(part.Children()) != 2 {
		t.Errorf("below %s: %d children", part.ParentID(), len(part.Children()))
	}
}

// Each is an engine's row of old: a root only, itself as its root, circles of parents.
func TestOddAndDamagedLinksNeitherLoseACommandNorLeadRoundAndRound(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	var id [6]uuid.UUID
	for i := range id {
		id[i] = uuid.New()
	}
	root, child, a, b, x, y := id[0], id[1], id[2], id[3], id[4], id[5]
	for _, id := range id {
		db.exec(t, `INSERT INTO command_entities (command_id, command_type, created_at) VALUES ($1, 1, now())`, id)
	}
	for _, row := range []struct{ id, parent, root any }{
		{root, nil, root}, {child, nil, root}, // a root that names itself, a child that names its root only
		{a, b, root}, {b, a, root}, // a circle below the root
		{x, y, nil}, {y, x, nil}, // a circle of its own
	} {
		db.exec(t, `UPDATE command_entities SET parent_command_id = $2, root_command_id = $3 WHERE command_id = $1`, row.id, row.parent, row.root)
	}

	got, err := c.RetrieveCommand(t.Context(), child)
	must(t, err)
	if got.Parent() == nil || got.Parent().ID() != root || got.Root().Parent() != nil {
		t.Error("the child's root is missing above it")
	}
	for top, size := range map[uuid.UUID]int{root: 4, x: 2, child: 1} {
		tree, err := c.RetrieveTree(t.Context(), top)
		must(t, err)
		if count := countBelow(tree, 0); count != size {
			t.Errorf("%d commands in the tree, want %d", count, size)
		}
	}
	for _, damaged := range []uuid.UUID{a, b, x, y} {
		got, err := c.RetrieveCommand(t.Context(), damaged)
		must(t, err)
		got.Root() // would not return
	}
	all, err := c.Unfinished(t.Context(), coordinator.UnfinishedOptions{})
	if err != nil || len(all) != len(id) {
		t.Errorf("%d unfinished, %v", len(all), err)
	}
}

func countBelow(cmd *coordinator.Command, depth int) int {
	count := 1
	for _, child := range cmd.Children() {
		if depth < 100 {
			count += countBelow(child, depth+1)
		}
	}
	return count
}

func TestAnOpaqueCommandDoesNotStopOthers(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	dead, die := openMortal(t, db, coordinator.Options{Lease: short})
	good := store(t, dead, "good", nil)
	damaged := store(t, dead, "damaged", good)
	foreign := store(t, dead, "foreign", good)
	store(t, dead, "below what is damaged", damaged)
	db.exec(t, `UPDATE command_entities SET action_parameters = '{' WHERE command_id = $1`, damaged.ID())
	db.exec(t, `UPDATE command_entities SET action_parameters_class = 'unheard.of' WHERE command_id = $1`, foreign.ID())
	die()

	c := openSeasoned(t, db, coordinator.Options{Lease: short})
	cmds := recovered(t, c)
	if len(cmds) != 4 {
		t.Fatalf("%d of 4 were recovered", len(cmds))
	}
	for _, cmd := range cmds {
		_, err := coordinator.Parameters[note](cmd)
		switch cmd.ID() {
		case damaged.ID():
			if !errors.Is(cmd.Opaque(), coordinator.ErrOpaque) || !errors.Is(err, coordinator.ErrOpaque) || cmd.Text() != "{" || cmd.Parameters() != nil {
				t.Errorf("damaged: %v, %q", err, cmd.Text())
			}
		case foreign.ID():
			if !errors.Is(cmd.Opaque(), coordinator.ErrNotRegistered) || cmd.Text() != `{"text":"foreign","step":0}` {
				t.Errorf("foreign: %v, %q", cmd.Opaque(), cmd.Text())
			}
		default:
			if cmd.Opaque() != nil || err != nil {
				t.Errorf("good: %v, %v", cmd.Opaque(), err)
			}
		}
		must(t, cmd.UpdateStatus(t.Context(), coordinator.StatusFailed)) // it can be driven to its end all the same
	}
}

func TestACommandWithoutParametersIsNotOpaque(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	cmd, err := c.NewCommand(coordinator.NewCommandOptions{Type: noteType, Class: "note"})
	must(t, err)
	must(t, cmd.Persist(t.Context(), nil))
	got, err := c.RetrieveCommand(t.Context(), cmd.ID())
	must(t, err)
	if got.Opaque() != nil || got.Parameters() != nil || got.Text() != "" {
		t.Errorf("%v %v %q", got.Opaque(), got.Parameters(), got.Text())
	}
	if _, err := coordinator.Parameters[note](got); !errors.Is(err, coordinator.ErrOpaque) {
		t.Errorf("parameters of none: %v", err)
	}
	must(t, got.SetParameters(note{Text: "now it has"}))
	must(t, got.Persist(t.Context(), nil))
	if _, err := coordinator.Parameters[string](got); !errors.Is(err, coordinator.ErrOpaque) {
		t.Errorf("parameters of another type: %v", err)
	}
	must(t, got.SetParameters(nil))
	must(t, got.Persist(t.Context(), nil))
	if ask[int](t, db, `SELECT count(*) FROM command_entities WHERE action_parameters IS NULL`) != 1 {
		t.Error("the parameters are still there")
	}
}

func TestUnfinishedListsTheOldestFirstAndOnlyWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	first, second := open(t, db.URL, coordinator.Options{}), open(t, db.URL, coordinator.Options{})
	var want []uuid.UUID
	for n := range 5 {
		want = append(want, store(t, first, fmt.Sprint(n), nil).ID())
	}
	store(t, second, "theirs", nil)
	must(t, first.UpdateStatus(t.Context(), want[0], coordinator.StatusFailed))
	for name, test := range map[string]struct {
		options coordinator.UnfinishedOptions
		count   int
	}{
		"all": {coordinator.UnfinishedOptions{}, 5}, "mine": {coordinator.UnfinishedOptions{Mine: true}, 4},
		"two": {coordinator.UnfinishedOptions{Limit: 2}, 2},
	} {
		cmds, err := first.Unfinished(t.Context(), test.options)
		if err != nil || len(cmds) != test.count || cmds[0].ID() != want[1] || cmds[1].ID() != want[2] {
			t.Errorf("%s: %v, %v", name, ids(cmds), err)
		}
	}
}

func TestDamagedTimesDoNotStopARetrieval(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	for _, created := range []any{nil, "infinity", "-infinity"} {
		id := uuid.New()
		db.exec(t, `INSERT INTO command_entities (command_id, command_type, created_at) VALUES ($1, 1, $2::text::timestamptz)`, id, created)
		got, err := c.RetrieveCommand(t.Context(), id)
		must(t, err)
		if !got.CreatedAt().Equal(time.Time{}) {
			t.Errorf("%v: %s", created, got.CreatedAt())
		}
	}
}
