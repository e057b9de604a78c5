package commands_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ovirt/coco/commands"
	"github.com/ovirt/coco/internal/upgraded"
)

// drawn writes a tree as the numbers of its nodes: 1(2 3(4)).
func drawn(node *commands.Node) string {
	text := strings.TrimLeft(node.ID.String()[24:], "0")
	var children []string
	for _, child := range node.Children {
		children = append(children, drawn(child))
	}
	if len(children) > 0 {
		text += "(" + strings.Join(children, " ") + ")"
	}
	return text
}

func TestATreeIsTheSameFromWhereverItIsAskedFor(t *testing.T) {
	conn := connect(t, upgraded.New(t))
	root := number(1)
	for _, row := range [][]any{
		{root, 1, nil, nil, "2026-01-01", "ACTIVE", nil},
		{number(2), 1, root, root, "2026-01-02", "ACTIVE", nil},
		{number(3), 1, number(2), root, "2026-01-03", "SUCCEEDED", "2026-01-04"},
		{number(4), 1, nil, root, "2026-01-04", "ACTIVE", nil}, // below its root by that alone
		{number(5), 1, root, root, "2026-01-01", "ACTIVE", nil},
		{number(9), 1, nil, nil, "2026-01-01", "ACTIVE", nil}, // another tree
	} {
		execute(t, conn, insert, row...)
	}
	for n := range 5 {
		tree, err := commands.FindTree(t.Context(), conn, number(n+1))
		if err != nil {
			t.Fatal(err)
		}
		if got := drawn(tree.Root); got != "1(5 2(3) 4)" || tree.Commands != 5 || tree.Unfinished != 4 {
			t.Errorf("from %d: %s, %d commands, %d unfinished", n+1, got, tree.Commands, tree.Unfinished)
		}
	}
	details, err := commands.Show(t.Context(), conn, root)
	if err != nil || details.Children != 2 || details.Below != 4 || details.Owner != nil || details.Engine != nil {
		t.Errorf("%+v, %v", details, err)
	}
}

func TestDamagedLinksEndNoTreeInACircle(t *testing.T) {
	conn := connect(t, upgraded.New(t))
	for n := range 6 {
		execute(t, conn, insert, number(n+1), 1, nil, nil, "2026-01-01", "ACTIVE", nil)
	}
	execute(t, conn, `UPDATE command_entities SET parent_command_id = $2 WHERE command_id = $1`, number(1), number(2))
	execute(t, conn, `UPDATE command_entities SET parent_command_id = $2 WHERE command_id = $1`, number(2), number(1))
	execute(t, conn, `UPDATE command_entities SET parent_command_id = $1 WHERE command_id = $1`, number(3))
	// A circle that hangs on a tree by its root.
	execute(t, conn, `UPDATE command_entities SET parent_command_id = $2, root_command_id = $3 WHERE command_id = $1`, number(5), number(6), number(4))
	execute(t, conn, `UPDATE command_entities SET parent_command_id = $2 WHERE command_id = $1`, number(6), number(5))
	for n, want := range map[int]string{1: "1(2)", 2: "2(1)", 3: "3", 4: "4(5(6))"} {
		tree, err := commands.FindTree(t.Context(), conn, number(n))
		if err != nil {
			t.Fatal(err)
		}
		if got := drawn(tree.Root); got != want {
			t.Errorf("from %d: %s, want %s", n, got, want)
		}
	}
}

func TestWhatIsNotThereIsATypedError(t *testing.T) {
	conn := connect(t, upgraded.New(t))
	db, id := conn, uuid.New()
	for what, do := range map[string]func() error{
		"tree":       func() error { _, err := commands.FindTree(t.Context(), db, id); return err },
		"show":       func() error { _, err := commands.Show(t.Context(), db, id); return err },
		"parameters": func() error { _, err := commands.Parameters(t.Context(), db, id); return err },
		"plan":       func() error { _, err := commands.PlanRemoval(t.Context(), db, id, false); return err },
		"remove": func() error {
			_, err := commands.Remove(t.Context(), db, id, commands.RemoveOptions{Export: io.Discard})
			return err
		},
		"resume": func() error { _, err := commands.Resume(t.Context(), db, id); return err },
	} {
		err := do()
		missing, ok := errors.AsType[*commands.NotFoundError](err)
		if !errors.Is(err, commands.ErrNotFound) || !ok || missing.CommandID != id {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := commands.Remove(t.Context(), db, id, commands.RemoveOptions{}); err == nil || errors.Is(err, commands.ErrNotFound) {
		t.Errorf("remove without an export: %v", err)
	}
}
