package commands_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/ovirt/coco/commands"
	"github.com/ovirt/coco/internal/upgraded"
)

func TestRemoveSaysWhatIsInTheWayAndRemovesNothing(t *testing.T) {
	conn := connect(t, upgraded.New(t))
	execute(t, conn, insert, number(1), 1, nil, nil, "2026-01-01", "SUCCEEDED", "2026-01-02")
	execute(t, conn, insert, number(2), 1, number(1), number(1), "2026-01-01", "ACTIVE", nil)
	execute(t, conn, `INSERT INTO coco.engine_instance (instance_id, name, lease) VALUES ($1, 'one', '1 hour')`, number(100))
	execute(t, conn, `INSERT INTO coco.command_owner (command_id, instance_id) VALUES ($1, $2)`, number(2), number(100))
	execute(t, conn, `SELECT insertasync_tasks(1, 0, 2, NULL, $1, NULL, $2, now(), NULL, 0)`, number(50), number(1))
	_, err := commands.Remove(t.Context(), conn, number(1), commands.RemoveOptions{Export: io.Discard})
	blocked, ok := errors.AsType[*commands.BlockedError](err)
	if !ok || !errors.Is(err, commands.ErrBlocked) {
		t.Fatal(err)
	}
	if len(blocked.Owned) != 1 || blocked.Owned[0] != number(2) || len(blocked.Unfinished) != 1 || blocked.Unfinished[0] != number(2) ||
		len(blocked.Tasks) != 1 || blocked.Tasks[0] != (commands.Task{ID: number(50), CommandID: number(1)}) {
		t.Errorf("%+v", blocked)
	}
	for _, part := range []string{"a live instance drives command " + number(2).String(), "task " + number(50).String(), "has not finished"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
	if left := all(t, conn, commands.ListOptions{Limit: 10}, func() {}); len(left) != 2 {
		t.Errorf("%d commands are left", len(left))
	}
}

// disk is a file that looks, when it is synced, whether the commands are still there for everybody else.
type disk struct {
	strings.Builder

	sync func()
}

func (d *disk) Sync() error {
	d.sync()
	return nil
}

func TestWhatIsRemovedIsOnTheDiskBeforeItIsGone(t *testing.T) {
	db := upgraded.New(t)
	conn, other := connect(t, db), connect(t, db)
	execute(t, conn, insert, number(1), 1, nil, nil, "infinity", "", "2026-01-02 03:04:05.000001+00")
	execute(t, conn, insert, number(2), 1, number(1), number(1), nil, nil, nil)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	synced := false
	export := &disk{}
	export.sync = func() {
		synced = strings.Count(export.String(), "\n") == 2
		if there := all(t, other, commands.ListOptions{Limit: 10}, func() {}); len(there) != 2 {
			t.Errorf("%d commands were there while the export was written", len(there))
		}
	}
	removed, err := commands.Remove(t.Context(), tx, number(1), commands.RemoveOptions{Unfinished: true, Export: export})
	if err != nil || removed != 2 || !synced {
		t.Fatalf("removed %d, synced %t, %v", removed, synced, err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := all(t, other, commands.ListOptions{Limit: 10}, func() {}); len(left) != 0 {
		t.Errorf("%d commands are left", len(left))
	}
	loaded, err := commands.Load(t.Context(), other, strings.NewReader(export.String()), false)
	if err != nil || loaded.Loaded != 2 {
		t.Fatalf("%+v, %v", loaded, err)
	}
	details, err := commands.Show(t.Context(), other, number(1))
	if err != nil || details.CreatedAt.InfinityModifier != 1 || details.FinishedAt.Time.Nanosecond() != 1000 || details.Children != 1 {
		t.Errorf("%+v, %v", details, err)
	}
}

func TestNothingIsRemovedThatCannotBeExported(t *testing.T) {
	conn := connect(t, upgraded.New(t))
	execute(t, conn, insert, number(1), 1, nil, nil, "2026-01-01", "FAILED", "2026-01-02")
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	reader, full := io.Pipe()
	_ = reader.Close() // from now on nothing can be written
	if _, err := commands.Remove(t.Context(), tx, number(1), commands.RemoveOptions{Export: full}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := all(t, conn, commands.ListOptions{Limit: 10}, func() {}); len(left) != 1 {
		t.Errorf("%d commands are left", len(left))
	}
}
