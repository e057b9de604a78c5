package coordinator_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/upgraded"
)

func TestAnOwnerThatWasPausedCanNeitherSaveNorRemoveTasks(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]string{
		"taken over as a whole":  `UPDATE coco.engine_instance SET ended_at = clock_timestamp(), ended_because = 'taken over' WHERE instance_id = $1`,
		"the command only":       `UPDATE coco.command_owner SET instance_id = md5(random()::text)::uuid WHERE instance_id = $1`,
		"written by the engine":  `DELETE FROM coco.command_owner WHERE instance_id = $1`,
		"dropped from the table": `DELETE FROM coco.engine_instance WHERE instance_id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := newDatabase(t)
			c := open(t, db.URL, coordinator.Options{})
			f := newFamily(t, c)
			task := saveTask(t, c, &coordinator.Task{Command: f.child})
			db.exec(t, lose, c.ID())
			before := db.everything(t)

			again := *task
			again.Status = coordinator.TaskFinished
			calls := map[string]func() error{
				"save":    func() error { return c.SaveTask(t.Context(), &again) },
				"another": func() error { return c.SaveTask(t.Context(), &coordinator.Task{Command: f.child}) },
				"with a child command": func() error {
					return c.SaveTask(t.Context(), &coordinator.Task{Command: newBelow(t, c, 1, "", f.child)})
				},
				"with new parameters": func() error {
					if err := f.root.SetParameters(note{Text: "changed"}); err != nil {
						return err
					}
					return c.SaveTask(t.Context(), &again)
				},
				"remove": func() error {
					_, err := c.RemoveTask(t.Context(), task.ID, coordinator.RemoveTaskOptions{Command: true})
					return err
				},
			}
			if name == "written by the engine" {
				delete(calls, "with a child command") // anybody may have children below what belongs to nobody
			}
			for call, do := range calls {
				if err := do(); !errors.Is(err, coordinator.ErrLostOwnership) {
					t.Errorf("%s: %v", call, err)
				}
			}
			if db.everything(t) != before {
				t.Error("something was written")
			}
		})
	}
}

func TestATaskIsSavedAndRemovedInTheCallersTransactionAndAgainAfterItsRollback(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	pool := newPool(t, db.URL, nil)
	c := openOn(t, pool, coordinator.Options{})
	f := newFamily(t, c)
	task := &coordinator.Task{Command: f.child, Entities: []coordinator.TaskEntity{{ID: uuid.New(), Type: "VM"}}}
	inTx := func(commit bool, do func(tx pgx.Tx) error) {
		t.Helper()
		stop := errors.New("roll back")
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			if err := do(tx); err != nil {
				return err
			}
			if !commit {
				return stop
			}
			return nil
		})
		if err != nil && !errors.Is(err, stop) {
			t.Fatal(err)
		}
	}
	save := func(tx pgx.Tx) error { return c.SaveTaskTx(t.Context(), tx, task) }
	inTx(false, save)
	if left := db.everything(t); left != "" {
		t.Fatalf("rolled back, and there is %s", left)
	}
	inTx(true, save)
	saved := db.everything(t)
	saveTask(t, c, task)
	if now := db.everything(t); now != saved || db.commands(t) != 3 || db.tasks(t) != 1 {
		t.Errorf("saved again:\n%s\nbefore:\n%s", now, saved)
	}
	remove := func(tx pgx.Tx) error {
		_, err := c.RemoveTaskTx(t.Context(), tx, task.ID, coordinator.RemoveTaskOptions{Command: true})
		return err
	}
	inTx(false, remove)
	if now := db.everything(t); now != saved {
		t.Errorf("removed and rolled back:\n%s\nbefore:\n%s", now, saved)
	}
	inTx(true, remove)
	if db.tasks(t) != 0 || db.commands(t) != 2 {
		t.Errorf("%d tasks and %d commands are left", db.tasks(t), db.commands(t))
	}
}

func TestSaversOfTasksOfOneNewCommandDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	const savers = 4
	for range 20 {
		root, child := uuid.New(), uuid.New()
		var wg sync.WaitGroup
		for range savers {
			wg.Go(func() {
				// Each has its own Commands with the same ids: another goroutine's must not be used.
				parent, err := c.NewCommand(coordinator.NewCommandOptions{ID: root, Type: noteType, Class: "note", Parameters: note{Text: "same"}})
				if err != nil {
					t.Error(err)
					return
				}
				cmd, err := c.NewCommand(coordinator.NewCommandOptions{ID: child, Type: 12, Parent: parent})
				if err != nil {
					t.Error(err)
					return
				}
				if err := c.SaveTask(t.Context(), &coordinator.Task{Command: cmd, VdsmTaskID: root}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if tasks, err := c.TasksByVdsmTask(t.Context(), root); err != nil || len(tasks) != savers {
			t.Fatalf("%d tasks, %v", len(tasks), err)
		}
	}
	if n := db.commands(t); n != 40 {
		t.Errorf("%d commands, want 40", n)
	}
}

// TestTasksOfOneTreeAreSavedAndRemovedAtOnceWithoutAnError lets goroutines work on commands that they share, on commands of
// their own below the same ones, and on their parents' parameters. None may wait for another in a circle, and what is shared stays.
func TestTasksOfOneTreeAreSavedAndRemovedAtOnceWithoutAnError(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	root := newNote(t, c, "root")
	var shared []*coordinator.Command
	for i := range 4 {
		shared = append(shared, newBelow(t, c, 20, fmt.Sprint("shared ", i), root))
		saveTask(t, c, &coordinator.Task{Command: shared[i]}) // this keeps it
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(worker)))
			for step := range 15 {
				if err := saveAndRemove(t, c, random, shared); err != nil {
					t.Errorf("worker %d, step %d: %v", worker, step, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if db.tasks(t) != len(shared) || db.commands(t) != len(shared)+1 {
		t.Errorf("%d tasks and %d commands are left, want those that are shared", db.tasks(t), db.commands(t))
	}
}

// saveAndRemove begins tasks of shared commands and of one below them, in some order, and ends them in another.
func saveAndRemove(t *testing.T, c *coordinator.Coordinator, random *rand.Rand, shared []*coordinator.Command) error {
	t.Helper()
	var tasks []*coordinator.Task
	for _, i := range random.Perm(len(shared))[:2] {
		cmd, err := c.RetrieveCommand(t.Context(), shared[i].ID()) // a Command of this goroutine
		if err != nil {
			return err
		}
		if random.IntN(2) == 0 {
			if err := cmd.Root().SetParameters(note{Text: "root", Step: random.IntN(3)}); err != nil {
				return err
			}
		}
		below := newBelow(t, c, 21, "own", cmd)
		tasks = append(tasks, &coordinator.Task{Command: below}, &coordinator.Task{Command: below}, &coordinator.Task{Command: cmd})
	}
	shuffle := func() { random.Shuffle(len(tasks), func(i, j int) { tasks[i], tasks[j] = tasks[j], tasks[i] }) }
	for range 2 { // placeholder, then submitted
		shuffle()
		for _, task := range tasks {
			if err := c.SaveTask(t.Context(), task); err != nil {
				return fmt.Errorf("save: %w", err)
			}
			task.VdsmTaskID, task.Status = uuid.New(), coordinator.TaskRunning
		}
	}
	shuffle()
	for _, task := range tasks {
		if _, err := c.RemoveTask(t.Context(), task.ID, coordinator.RemoveTaskOptions{Command: true}); err != nil {
			return fmt.Errorf("remove: %w", err)
		}
	}
	return nil
}

func TestTheLastTaskTakesItsCommandsAlongAlsoWhenAllAreRemovedAtOnce(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	for range 10 {
		parent := newNote(t, c, "parent")
		var tasks []*coordinator.Task
		for range 2 {
			child := newBelow(t, c, 12, "child", parent)
			tasks = append(tasks, saveTask(t, c, &coordinator.Task{Command: child}), saveTask(t, c, &coordinator.Task{Command: child}))
		}
		if err := c.UpdateStatus(t.Context(), parent.ID(), coordinator.StatusFailed); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for _, task := range tasks {
			wg.Go(func() {
				if _, err := c.RemoveTask(t.Context(), task.ID, coordinator.RemoveTaskOptions{Command: true}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if left := db.everything(t); left != "" {
			t.Fatalf("left: %s", left)
		}
	}
}

func TestWhoeverRecoversACommandGoesOnWithItsTasks(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	first, next := open(t, db.URL, coordinator.Options{}), open(t, db.URL, coordinator.Options{})
	id := saveTask(t, first, &coordinator.Task{Command: newFamily(t, first).child}).ID
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	task := retrieveTask(t, next, id)
	if err := next.SaveTask(t.Context(), task); !errors.Is(err, coordinator.ErrLostOwnership) {
		t.Errorf("before the command is recovered: %v", err)
	}
	if cmds, err := next.Recover(t.Context(), coordinator.RecoverOptions{}); err != nil || len(cmds) != 3 {
		t.Fatalf("%d commands recovered, %v", len(cmds), err)
	}
	saveTask(t, next, task)
	if err := first.SaveTask(t.Context(), task); !errors.Is(err, coordinator.ErrInstanceEnded) {
		t.Errorf("by the one that was closed: %v", err)
	}
}

func TestARoleThatMayWriteTasksKeepsThemWithTheirCommands(t *testing.T) {
	t.Parallel()
	db := engineWith(t, enginedb.Sample()+enginedb.DecorateSQL())
	if err := upgraded.Upgrade(t.Context(), db.URL); err != nil {
		t.Fatal(err)
	}
	c := open(t, db.URLFor(enginedb.WriterRole), coordinator.Options{})
	f := newFamily(t, c)
	task := saveTask(t, c, &coordinator.Task{Command: f.child, Entities: []coordinator.TaskEntity{{ID: uuid.New(), Type: "VM"}}})
	if err := f.root.SetParameters(note{Text: "changed"}); err != nil {
		t.Fatal(err)
	}
	saveTask(t, c, task)
	retrieveTask(t, c, task.ID)
	if _, err := c.RemoveTask(t.Context(), task.ID, coordinator.RemoveTaskOptions{Command: true}); err != nil {
		t.Error(err)
	}
}
