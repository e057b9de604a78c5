package coordinator_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/gen"
)

const (
	writers = 8
	calls   = 4000
)

// The engine's own procedure looks first and inserts then: 1,847 of such 4,000 calls failed.
func TestManyWritersOfOneIDNeverFail(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	pool := newPool(t, db.URL, func(config *pgxpool.Config) { config.MaxConns = writers })
	c := openOn(t, pool, coordinator.Options{})
	text, active := `{"text":"from the DAO","step":0}`, "ACTIVE"
	q := gen.New(pool)
	for name, write := range map[string]func(id uuid.UUID, cmd *coordinator.Command) error{
		"the DAO's SaveOrUpdate": func(id uuid.UUID, _ *coordinator.Command) error {
			return q.SaveOrUpdateCommandEntity(t.Context(), gen.SaveOrUpdateCommandEntityParams{
				CommandID: id, CommandType: noteType, ActionParameters: &text, Status: &active,
			})
		},
		"the coordinator's Persist": func(_ uuid.UUID, cmd *coordinator.Command) error { return cmd.Persist(t.Context(), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			ids := make([]uuid.UUID, 100)
			for i := range ids {
				ids[i] = uuid.New()
			}
			var (
				wg     sync.WaitGroup
				failed atomic.Int64
			)
			for writer := range writers {
				wg.Go(func() {
					for n := range calls / writers {
						id := ids[n*len(ids)/(calls/writers)] // all of them race for an id that is not there yet
						cmd, err := c.NewCommand(coordinator.NewCommandOptions{
							ID: id, Type: noteType, Class: "note", Parameters: note{Step: writer},
						})
						if err == nil {
							err = write(id, cmd)
						}
						if err != nil && failed.Add(1) == 1 {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			if failed.Load() > 0 {
				t.Errorf("%d of %d calls failed", failed.Load(), calls)
			}
			if stored := ask[int](t, db, `SELECT count(*) FROM command_entities WHERE command_id = ANY ($1)`, ids); stored != len(ids) {
				t.Errorf("%d of %d commands are stored", stored, len(ids))
			}
		})
	}
}

func TestOfManyWhoChangeAStatusAtOnceExactlyOneSucceeds(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	pool := newPool(t, db.URL, func(config *pgxpool.Config) { config.MaxConns = writers })
	c := openOn(t, pool, coordinator.Options{})
	for round := range 30 {
		cmd := store(t, c, "raced for", nil)
		for _, choices := range [][]coordinator.Status{
			{coordinator.StatusActive},
			{coordinator.StatusSucceeded, coordinator.StatusFailed, coordinator.StatusFailedRestarted},
		} {
			var (
				wg   sync.WaitGroup
				mu   sync.Mutex
				won  []coordinator.Status
				from []coordinator.Status
			)
			for n := range writers {
				to := choices[n%len(choices)]
				wg.Go(func() {
					err := c.UpdateStatus(t.Context(), cmd.ID(), to)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						won = append(won, to)
						return
					}
					lost, ok := errors.AsType[*coordinator.TransitionError](err)
					if !ok {
						t.Error(err)
						return
					}
					from = append(from, lost.From)
				})
			}
			wg.Wait()
			if len(won) != 1 || db.status(t, cmd.ID()) != string(won[0]) {
				t.Fatalf("round %d: %v have succeeded, and it is %s", round, won, db.status(t, cmd.ID()))
			}
			if slices.ContainsFunc(from, func(s coordinator.Status) bool { return s != won[0] }) {
				t.Errorf("round %d: the others were told %v, and it is %s", round, from, won[0])
			}
		}
	}
}

func TestTheTableOfTransitionsIsThatOfTheDatabase(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	for _, from := range append(coordinator.Statuses(), "SOMETHING") {
		for _, to := range coordinator.Statuses() {
			if allowed := ask[bool](t, db, `SELECT coco.may_become($1, $2)`, string(from), string(to)); allowed != from.MayBecome(to) {
				t.Errorf("%s to %s: %t in the database", from, to, allowed)
			}
			if from == "SOMETHING" {
				continue
			}
			cmd, err := c.NewCommand(coordinator.NewCommandOptions{Status: from})
			must(t, err)
			must(t, cmd.Persist(t.Context(), nil))
			if finished := cmd.FinishedAt(); finished.IsZero() == from.Final() {
				t.Errorf("a new command that is %s has finished at %s", from, finished)
			}
			err = cmd.UpdateStatus(t.Context(), to)
			if from.MayBecome(to) == (err != nil) || errors.Is(err, coordinator.ErrTransition) == from.MayBecome(to) {
				t.Errorf("%s to %s: %v", from, to, err)
			}
			want := from
			if err == nil {
				want = to
			}
			if cmd.Status() != want || db.status(t, cmd.ID()) != string(want) {
				t.Errorf("%s to %s: it is %s, and the Command says %s", from, to, db.status(t, cmd.ID()), cmd.Status())
			}
			if owned := ask[bool](t, db, `SELECT EXISTS (SELECT 1 FROM coco.command_owner WHERE command_id = $1)`, cmd.ID()); owned == want.Final() {
				t.Errorf("%s: owned %t", want, owned)
			}
		}
	}
	for _, empty := range []any{nil, ""} {
		id := uuid.New()
		db.exec(t, `INSERT INTO command_entities (command_id, command_type, status) VALUES ($1, 1, $2)`, id, empty)
		cmds, err := c.Adopt(t.Context(), id)
		must(t, err)
		if cmds[0].Status() != coordinator.StatusUnknown {
			t.Errorf("%v reads as %s", empty, cmds[0].Status())
		}
		must(t, cmds[0].UpdateStatus(t.Context(), coordinator.StatusSucceeded))
	}
}

func TestAStatusIsComparedWithWhatTheCommandHolds(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	first := store(t, c, "known twice", nil)
	second, err := c.RetrieveCommand(t.Context(), first.ID())
	must(t, err)
	must(t, first.UpdateStatus(t.Context(), coordinator.StatusActive))
	err = second.UpdateStatus(t.Context(), coordinator.StatusFailed) // from NOT_STARTED, which it is no more
	_ = fails[*coordinator.TransitionError](t, err, coordinator.ErrTransition)
	if second.Status() != coordinator.StatusActive {
		t.Errorf("it holds %s still", second.Status())
	}
	must(t, second.UpdateStatus(t.Context(), coordinator.StatusFailed))
}

func TestStatusesAreParsed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]coordinator.Status{"": coordinator.StatusUnknown, "ACTIVE": coordinator.StatusActive} {
		if got, err := coordinator.ParseStatus(text); err != nil || got != want || got.String() != string(want) {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	_, err := coordinator.ParseStatus("active")
	_ = fails[*coordinator.StatusError](t, err, coordinator.ErrStatus)
}
