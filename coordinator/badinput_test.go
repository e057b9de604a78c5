package coordinator_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/internal/testdb"
)

func TestBadInputGetsATypedErrorAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{MaxParameters: 100})
	other := open(t, db.URL, coordinator.Options{})

	root := store(t, c, "root", nil)
	child := store(t, c, "child", root)
	finished := store(t, c, "finished", nil)
	must(t, finished.UpdateStatus(t.Context(), coordinator.StatusFailed))
	theirs := store(t, other, "theirs", nil)
	engines := uuid.New()
	db.exec(t, `INSERT INTO command_entities (command_id, command_type, status) VALUES ($1, 1, 'ACTIVE')`, engines)
	ownerless, err := c.RetrieveCommand(t.Context(), engines)
	must(t, err)
	nobody := uuid.New()
	ctx := t.Context()

	circle := func() []*coordinator.Command {
		first, second := newNote(t, c, "first"), newNote(t, c, "second")
		below, err := c.NewCommand(coordinator.NewCommandOptions{ID: first.ID(), Type: 1, Parent: second})
		must(t, err)
		above, err := c.NewCommand(coordinator.NewCommandOptions{ID: second.ID(), Type: 1, Parent: first})
		must(t, err)
		return []*coordinator.Command{newNote(t, c, "good"), below, above}
	}

	digest := `SELECT md5(COALESCE(string_agg(e::text || COALESCE(o::text, '-'), '' ORDER BY e.command_id), ''))
		FROM command_entities e LEFT JOIN coco.command_owner o USING (command_id)`
	for name, test := range map[string]struct {
		call func() error
		want func(error) bool
	}{
		"a parent that does not exist": {
			func() error { return newNote(t, c, "x").Persist(ctx, newNote(t, c, "not stored")) },
			isA(coordinator.ErrParent, func(wrong *coordinator.ParentError) bool { return wrong.Missing }),
		},
		"a parent that does not exist, for one of many": {
			func() error {
				orphan, err := c.NewCommand(coordinator.NewCommandOptions{Type: 1, Parent: newNote(t, c, "not stored")})
				must(t, err)
				return c.PersistCommands(ctx, newNote(t, c, "good"), orphan)
			},
			isA[*coordinator.ParentError](coordinator.ErrParent),
		},
		"another parent than before": {
			func() error { return child.Persist(ctx, ownerless) },
			isA(coordinator.ErrParent, func(wrong *coordinator.ParentError) bool {
				return !wrong.Missing && wrong.Stored == root.ID() && wrong.Parent == engines && wrong.CommandID == child.ID()
			}),
		},
		"no parent any more": {
			func() error { return child.Persist(ctx, nil) },
			isA[*coordinator.ParentError](coordinator.ErrParent),
		},
		"a command below itself": {
			func() error { x := newNote(t, c, "x"); return x.Persist(ctx, x) },
			isA[*coordinator.CycleError](coordinator.ErrCycle),
		},
		"a command below what is below it": {
			func() error { return root.Persist(ctx, child) },
			isA(coordinator.ErrCycle, func(wrong *coordinator.CycleError) bool { return wrong.CommandID == root.ID() }),
		},
		"a circle of new commands": {
			func() error { return c.PersistCommands(ctx, circle()...) },
			isA[*coordinator.CycleError](coordinator.ErrCycle),
		},
		"the same command twice": {
			func() error { x := newNote(t, c, "x"); return c.PersistCommands(ctx, x, x) },
			isA[*coordinator.CycleError](coordinator.ErrCycle),
		},
		"a status that the engine does not know": {
			func() error { return root.UpdateStatus(ctx, "DONE") },
			isA(coordinator.ErrStatus, func(wrong *coordinator.StatusError) bool { return wrong.Status == "DONE" }),
		},
		"a new command with such a status": {
			func() error {
				_, err := c.NewCommand(coordinator.NewCommandOptions{Status: "DONE"})
				return err
			},
			isA[*coordinator.StatusError](coordinator.ErrStatus),
		},
		"parameters over the limit": {
			func() error {
				return root.SetParameters(note{Text: strings.Repeat("x", 100)})
			},
			isA(coordinator.ErrTooLarge, func(wrong *coordinator.TooLargeError) bool {
				return wrong.Limit == 100 && wrong.Bytes > 100 && wrong.CommandID == root.ID()
			}),
		},
		"parameters that nobody has registered": {
			func() error {
				_, err := c.NewCommand(coordinator.NewCommandOptions{Type: noteType, Class: "other", Parameters: note{}})
				return err
			},
			isA[*coordinator.NotRegisteredError](coordinator.ErrNotRegistered),
		},
		"parameters of another Go type": {
			func() error { return root.SetParameters("a string") },
			isA[*coordinator.ParametersError](coordinator.ErrParameters),
		},
		"storing a command that has finished": {
			func() error { return finished.Persist(ctx, nil) },
			isA(coordinator.ErrTransition, func(wrong *coordinator.TransitionError) bool {
				return wrong.CommandID == finished.ID() && wrong.From == coordinator.StatusFailed && wrong.To == ""
			}),
		},
		"a child of a command that has finished": {
			func() error { return newNote(t, c, "x").Persist(ctx, finished) },
			isA[*coordinator.TransitionError](coordinator.ErrTransition),
		},
		"another status for a command that has finished": {
			func() error { return c.UpdateStatus(ctx, finished.ID(), coordinator.StatusSucceeded) },
			isA(coordinator.ErrTransition, func(wrong *coordinator.TransitionError) bool {
				return wrong.From == coordinator.StatusFailed && wrong.To == coordinator.StatusSucceeded
			}),
		},
		"a status that cannot follow": {
			func() error { return root.UpdateStatus(ctx, coordinator.StatusSucceeded) },
			isA(coordinator.ErrTransition, func(wrong *coordinator.TransitionError) bool {
				return wrong.From == coordinator.StatusNotStarted && wrong.To == coordinator.StatusSucceeded
			}),
		},
		"no status": {
			func() error { return root.UpdateStatus(ctx, coordinator.StatusUnknown) },
			isA[*coordinator.TransitionError](coordinator.ErrTransition),
		},
		"storing another's command": {
			func() error {
				mine, err := c.RetrieveCommand(ctx, theirs.ID())
				must(t, err)
				return mine.Persist(ctx, nil)
			},
			isA(coordinator.ErrLostOwnership, func(wrong *coordinator.LostOwnershipError) bool {
				return wrong.CommandID == theirs.ID() && wrong.Owner == other.ID()
			}),
		},
		"a child of another's command": {
			func() error { return newNote(t, c, "x").Persist(ctx, theirs) },
			isA[*coordinator.LostOwnershipError](coordinator.ErrLostOwnership),
		},
		"the status of another's command": {
			func() error { return c.UpdateStatus(ctx, theirs.ID(), coordinator.StatusActive) },
			isA[*coordinator.LostOwnershipError](coordinator.ErrLostOwnership),
		},
		"removing another's command": {
			func() error { _, err := c.RemoveCommand(ctx, theirs.ID(), coordinator.RemoveOptions{}); return err },
			isA[*coordinator.LostOwnershipError](coordinator.ErrLostOwnership),
		},
		"adopting another's command": {
			func() error { _, err := c.Adopt(ctx, engines, theirs.ID()); return err },
			isA[*coordinator.LostOwnershipError](coordinator.ErrLostOwnership),
		},
		"adopting a command that has finished": {
			func() error { _, err := c.Adopt(ctx, engines, finished.ID()); return err },
			isA[*coordinator.TransitionError](coordinator.ErrTransition),
		},
		"adopting nobody": {
			func() error { _, err := c.Adopt(ctx, engines, nobody); return err },
			isA[*coordinator.NotFoundError](coordinator.ErrNotFound),
		},
		"storing the engine's own command": {
			func() error { return ownerless.Persist(ctx, nil) },
			isA(coordinator.ErrLostOwnership, func(wrong *coordinator.LostOwnershipError) bool {
				return wrong.Owner == uuid.Nil && wrong.CommandID == engines
			}),
		},
		"the status of the engine's own command": {
			func() error { return ownerless.UpdateStatus(ctx, coordinator.StatusFailed) },
			isA[*coordinator.LostOwnershipError](coordinator.ErrLostOwnership),
		},
		"the status of nobody": {
			func() error { return c.UpdateStatus(ctx, nobody, coordinator.StatusActive) },
			isA(coordinator.ErrNotFound, func(wrong *coordinator.NotFoundError) bool { return wrong.CommandID == nobody }),
		},
		"retrieving nobody": {
			func() error { _, err := c.RetrieveCommand(ctx, nobody); return err },
			isA[*coordinator.NotFoundError](coordinator.ErrNotFound),
		},
		"the tree of nobody": {
			func() error { _, err := c.RetrieveTree(ctx, nobody); return err },
			isA[*coordinator.NotFoundError](coordinator.ErrNotFound),
		},
		"removing nobody": {
			func() error { _, err := c.RemoveCommand(ctx, nobody, coordinator.RemoveOptions{}); return err },
			isA[*coordinator.NotFoundError](coordinator.ErrNotFound),
		},
		"resuming nobody": {
			func() error { return c.Resume(ctx, nobody) },
			isA[*coordinator.NotFoundError](coordinator.ErrNotFound),
		},
		"removing a command with an unfinished one below": {
			func() error { _, err := c.RemoveCommand(ctx, root.ID(), coordinator.RemoveOptions{}); return err },
			isA(coordinator.ErrLiveDescendants, func(wrong *coordinator.LiveDescendantsError) bool {
				return wrong.CommandID == root.ID() && len(wrong.Descendants) == 1 && wrong.Descendants[0] == child.ID() && len(wrong.Tasks) == 0
			}),
		},
		"a class that is too long": {
			func() error {
				_, err := c.NewCommand(coordinator.NewCommandOptions{Class: strings.Repeat("x", 257)})
				return err
			},
			refused,
		},
		"no command": {
			func() error { return c.PersistCommands(ctx, newNote(t, c, "good"), nil) },
			refused,
		},
		"a command made by nobody": {
			func() error { return (&coordinator.Command{}).Persist(ctx, nil) },
			refused,
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := ask[string](t, db, digest)
			err := test.call()
			if !test.want(err) {
				t.Fatalf("%T: %v", err, err)
			}
			if ask[string](t, db, digest) != before {
				t.Error("something was written")
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v", err)
			}
		})
	}
}

// isA looks for a kind of error, and into the typed one.
func isA[T error](kind error, also ...func(T) bool) func(error) bool {
	return func(err error) bool {
		typed, ok := errors.AsType[T](err)
		for _, holds := range also {
			ok = ok && holds(typed)
		}
		return ok && errors.Is(err, kind)
	}
}

func refused(err error) bool { return err != nil }

func TestATaskKeepsItsCommandFromBeingRemoved(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	root := store(t, c, "root", nil)
	child := store(t, c, "child", root)
	task := uuid.New()
	db.exec(t, `SELECT InsertAsync_tasks(v_action_type => 1, v_result => 0, v_status => 2, v_vdsm_task_id => NULL, v_task_id => $1,
		v_step_id => NULL, v_command_id => $2, v_started_at => now(), v_storage_pool_id => NULL, v_async_task_type => 3)`, task, child.ID())

	_, err := c.RemoveCommand(t.Context(), root.ID(), coordinator.RemoveOptions{Unfinished: true})
	wrong := fails[*coordinator.LiveDescendantsError](t, err, coordinator.ErrLiveDescendants)
	if len(wrong.Tasks) != 1 || wrong.Tasks[0] != task || len(wrong.Descendants) != 1 || wrong.Descendants[0] != child.ID() {
		t.Errorf("%+v", wrong)
	}
	db.exec(t, `DELETE FROM async_tasks`)
	if count, err := c.RemoveCommand(t.Context(), root.ID(), coordinator.RemoveOptions{Unfinished: true}); err != nil || count != 2 {
		t.Errorf("%d, %v", count, err)
	}
	if db.commands(t) != 0 {
		t.Error("they are still there")
	}
}

func TestOpenRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	pool := newPool(t, db.URL, nil)
	for name, options := range map[string]coordinator.Options{
		"a lease that is too short":     {Lease: coordinator.MinLease - 1},
		"a lease that is too long":      {Lease: coordinator.MaxLease + 1},
		"holding before it is too late": {HoldAfter: -1},
		"no room for parameters":        {MaxParameters: -1},
		"a name that is no text":        {Name: "\xff"},
	} {
		if _, err := coordinator.Open(t.Context(), pool, options); err == nil {
			t.Errorf("%s: it was opened", name)
		}
	}
	if _, err := coordinator.Open(t.Context(), nil, coordinator.Options{}); err == nil {
		t.Error("opened without a pool")
	}
	if registered := ask[int](t, db, `SELECT count(*) FROM coco.engine_instance`); registered != 0 {
		t.Errorf("%d were registered", registered)
	}

	empty := testdb.New(t, testdb.Options{})
	_, err := coordinator.Open(t.Context(), newPool(t, empty.URL, nil), coordinator.Options{})
	wrong := fails[*coordinator.NotUpgradedError](t, err, coordinator.ErrNotUpgraded)
	if !strings.Contains(wrong.Error(), "upgrade up") {
		t.Errorf("it does not say what to do: %v", wrong)
	}
}

func TestOpenGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	shut := &gate{}
	shut.close()
	pool := newPool(t, db.URL, func(config *pgxpool.Config) {
		shut.through(config)
		config.ConnConfig.ConnectTimeout = time.Second
	})
	if _, err := coordinator.Open(t.Context(), pool, coordinator.Options{}); err == nil {
		t.Error("opened without a database")
	}
}
