package coordinator_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/internal/cutconn"
)

// The connection is cut at every read and write of each call: before the server has heard of it, while it works, and when it has
// committed and its answer is on the way. The same call again must end as one that was never disturbed.
func TestACallWhoseAnswerWasLostMayBeRepeated(t *testing.T) {
	t.Parallel()
	type world struct {
		*testing.T

		db      *database
		pool    *pgxpool.Pool
		c       *coordinator.Coordinator
		command *coordinator.Command // of c, with a child
		child   *coordinator.Command
		engines uuid.UUID // belongs to nobody
		fresh   *coordinator.Command
		taken   []*coordinator.Command
	}
	for name, test := range map[string]struct {
		call func(*world) error
		// done says whether the error of a repeated call says that the first one has got through.
		done func(error) bool
		// want is what must be true then, once.
		want string
	}{
		"persist": {
			call: func(w *world) error { return w.fresh.Persist(w.Context(), w.command) },
			want: `SELECT (SELECT count(*) FROM command_entities) = 4 AND (SELECT count(*) FROM coco.command_owner) = 3`,
		},
		"persist in a transaction": {
			call: func(w *world) error {
				return pgx.BeginFunc(w.Context(), w.pool, func(tx pgx.Tx) error { return w.fresh.PersistTx(w.Context(), tx, w.command) })
			},
			want: `SELECT (SELECT count(*) FROM command_entities) = 4 AND (SELECT count(*) FROM coco.command_owner) = 3`,
		},
		"update status": {
			call: func(w *world) error { return w.command.UpdateStatus(w.Context(), coordinator.StatusActive) },
			done: func(err error) bool {
				refused, ok := errors.AsType[*coordinator.TransitionError](err)
				return ok && refused.From == refused.To
			},
			want: `SELECT count(*) = 1 FROM command_entities WHERE status = 'ACTIVE' AND finished_at IS NULL`,
		},
		"finish": {
			call: func(w *world) error { return w.child.UpdateStatus(w.Context(), coordinator.StatusFailed) },
			done: func(err error) bool {
				refused, ok := errors.AsType[*coordinator.TransitionError](err)
				return ok && refused.From == refused.To
			},
			want: `SELECT count(*) = 1 FROM command_entities WHERE status = 'FAILED' AND finished_at IS NOT NULL`,
		},
		"remove": {
			call: func(w *world) error {
				_, err := w.c.RemoveCommand(w.Context(), w.command.ID(), coordinator.RemoveOptions{Unfinished: true})
				return err
			},
			done: func(err error) bool { return errors.Is(err, coordinator.ErrNotFound) },
			want: `SELECT count(*) = 1 FROM command_entities`,
		},
		"adopt": {
			call: func(w *world) error { _, err := w.c.Adopt(w.Context(), w.engines); return err },
			want: `SELECT count(*) = 3 FROM coco.command_owner`,
		},
		"recover": {
			call: func(w *world) (err error) {
				// An instance that was itself late with a heartbeat has to wait for a whole lease of the dead one.
				for started := time.Now(); time.Since(started) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
					w.taken, err = w.c.Recover(w.Context(), coordinator.RecoverOptions{})
					if err != nil || len(w.taken) > 0 {
						break
					}
				}
				if err == nil && len(w.taken) != 2 {
					w.Errorf("%d of 2 commands were handed out", len(w.taken))
				}
				return err
			},
			want: `SELECT count(*) = 4 AND count(DISTINCT instance_id) = 1 FROM coco.command_owner`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for operations := int64(0); ; operations++ {
				db := newDatabase(t)
				w := &world{T: t, db: db, engines: uuid.New()}
				cutter := cutconn.After(1 << 40)
				w.pool = newPool(t, db.URL, func(config *pgxpool.Config) {
					config.MaxConns = 1
					dial := config.ConnConfig.DialFunc
					config.ConnConfig.DialFunc = cutter.Wrap(dial)
				})
				w.c = openOn(t, w.pool, coordinator.Options{})
				w.command = store(t, w.c, "parent", nil)
				w.child = store(t, w.c, "child", w.command)
				db.exec(t, `INSERT INTO command_entities (command_id, command_type) VALUES ($1, 1)`, w.engines)
				w.fresh = newNote(t, w.c, "fresh")
				if name == "recover" {
					other := open(t, db.URL, coordinator.Options{})
					store(t, other, "their child", store(t, other, "theirs", nil))
					must(t, other.Close(t.Context()))
				}
				cutter.Restart(operations)
				err := test.call(w)
				was := cutter.Cut()
				if was == (err == nil) {
					t.Fatalf("after %d operations: cut %t, and the call returned %v", operations, was, err)
				}
				cutter.Restart(1 << 40)
				if was {
					if err := test.call(w); err != nil && (test.done == nil || !test.done(err)) {
						t.Fatalf("repeated after %d operations: %v", operations, err)
					}
				}
				if !ask[bool](t, db, test.want) {
					t.Fatalf("repeated after %d operations: not as if it had never been disturbed", operations)
				}
				if !was {
					if operations < 2 {
						t.Fatalf("it was never disturbed")
					}
					return
				}
			}
		})
	}
}
