package upgrade_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

// finished is an upgraded database in which one command that tasks name has succeeded, and its id.
func finished(t *testing.T) (db *testdb.DB, upgrader *upgrade.Upgrader, id string) {
	t.Helper()
	db = engine(t)
	upgrader, _ = newUpgrader(t, db.URL)
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{}); err != nil {
		t.Fatal(err)
	}
	id = get[string](t, db, `SELECT command_id::text FROM command_entities WHERE command_type <> 0 ORDER BY 1 LIMIT 1`)
	exec(t, db, `SELECT updatecommandentitystatus('`+id+`', 'SUCCEEDED')`)
	return db, upgrader, id
}

// export records what is written to it, and fails where it is told to.
type export struct {
	bytes.Buffer

	synced            []int // how much there was each time
	writeErr, syncErr error
}

func (e *export) Write(p []byte) (int, error) {
	if e.writeErr != nil {
		return 0, e.writeErr
	}
	return e.Buffer.Write(p)
}

func (e *export) Sync() error {
	e.synced = append(e.synced, e.Len())
	return e.syncErr
}

func TestACommandThatTasksNameIsExportedWithoutBeingAsked(t *testing.T) {
	db, upgrader, id := finished(t)
	lost, err := upgrader.LostCommands(t.Context(), 10)
	if err != nil || len(lost) != 1 || lost[0].ID != id || !lost[0].Named || lost[0].Status != "SUCCEEDED" {
		t.Fatalf("%+v, %v", lost, err)
	}
	row := get[string](t, db, `SELECT e::text FROM command_entities e WHERE command_id = '`+id+`'`)
	file := &export{}
	result, err := upgrader.Down(t.Context(), upgrade.DownOptions{Export: file})
	if err != nil || result.To != 0 || result.Exported != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
	if len(file.synced) != 1 || file.synced[0] != file.Len() || strings.Count(file.String(), "\n") != 1 {
		t.Errorf("of %d bytes, %v were made last", file.Len(), file.synced)
	}
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Expand}); err != nil {
		t.Fatal(err)
	}
	line := strings.ReplaceAll(file.String(), "'", "''")
	if got := get[string](t, db, `SELECT json_populate_record(NULL::command_entities, '`+line+`')::text`); got != row {
		t.Errorf("exported %.300s\nwas %.300s", got, row)
	}
}

func TestWithoutAnExportNothingIsLostUnasked(t *testing.T) {
	db, upgrader, id := finished(t)
	result, err := upgrader.Down(t.Context(), upgrade.DownOptions{})
	if !errors.Is(err, upgrade.ErrUnheld) || !strings.Contains(err.Error(), id) || result.To != 10 {
		t.Fatalf("%+v, %v", result, err)
	}
	if result, err = upgrader.Down(t.Context(), upgrade.DownOptions{To: upgrade.Prove}); err != nil || result.To != 5 {
		t.Fatalf("to where nothing is dropped: %+v, %v", result, err)
	}
	if result, err = upgrader.Down(t.Context(), upgrade.DownOptions{To: upgrade.Expand}); !errors.Is(err, upgrade.ErrUnheld) {
		t.Fatalf("on the way: %+v, %v", result, err)
	}
	if status := get[string](t, db, `SELECT status FROM command_entities WHERE command_id = '`+id+`'`); status != "SUCCEEDED" {
		t.Errorf("status %s", status)
	}
	if result, err = upgrader.Down(t.Context(), upgrade.DownOptions{DiscardCommands: true}); err != nil || result.To != 0 {
		t.Fatalf("discarding: %+v, %v", result, err)
	}
}

func TestAnExportThatFailsKeepsTheCommands(t *testing.T) {
	full := errors.New("disk full")
	db, upgrader, _ := finished(t)
	commands := get[int64](t, db, `SELECT count(*) FROM command_entities`)
	result, err := upgrader.Down(t.Context(), upgrade.DownOptions{Export: &export{writeErr: full}})
	if !errors.Is(err, full) || result.To != 10 {
		t.Fatalf("not written: %+v, %v", result, err)
	}
	result, err = upgrader.Down(t.Context(), upgrade.DownOptions{Export: &export{syncErr: full}})
	if !errors.Is(err, full) || result.To != 3 {
		t.Fatalf("not on the disk: %+v, %v", result, err)
	}
	if left := get[int64](t, db, `SELECT count(*) FROM command_entities`); left != commands {
		t.Errorf("%d commands are left of %d", left, commands)
	}
}

func TestBeforeTheSwitchThereIsNothingToExport(t *testing.T) {
	db := engine(t)
	upgrader, _ := newUpgrader(t, db.URL)
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Prove}); err != nil {
		t.Fatal(err)
	}
	// The engine goes on: what is copied no longer is what the tasks say.
	exec(t, db, `UPDATE async_tasks SET action_type = 1, action_parameters = 'changed', started_at = now()`)
	exec(t, db, `DELETE FROM async_tasks WHERE task_id IN (SELECT task_id FROM async_tasks ORDER BY task_id LIMIT 9)`)
	if lost, err := upgrader.LostCommands(t.Context(), 10); err != nil || len(lost) > 0 {
		t.Errorf("%+v, %v", lost, err)
	}
	if result, err := upgrader.Down(t.Context(), upgrade.DownOptions{}); err != nil || result.To != 0 {
		t.Errorf("%+v, %v", result, err)
	}
}
