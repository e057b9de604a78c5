package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/gen"
)

func TestWhatIsInUseIsKeptAndNotWaitedFor(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	store(t, pool, node{1, 0, 1, done, 40}, node{2, 1, 1, done, 40}, node{10, 0, 10, done, 40}, node{11, 10, 10, done, 40}, node{20, 0, 20, done, 40})
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	exec(t, tx, `UPDATE command_entities SET status = 'ACTIVE', finished_at = NULL WHERE command_id = $1`, id(2)) // an engine starts it again
	store(t, tx, node{12, 11, 10, "ACTIVE", 0})                                                                   // or adds to it
	started := time.Now()
	for _, dry := range []bool{true, false} {
		report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{DryRun: dry})
		want := []KeptTrees{{KeptLocked, 2, 4, []uuid.UUID{id(1), id(10)}}}
		if err == nil && id(1).String() > id(10).String() {
			slices.Reverse(want[0].First)
		}
		if err != nil || report.RemovedTrees != 1 || fmt.Sprint(report.Kept) != fmt.Sprint(want) {
			t.Errorf("dry run %v: %+v, %v", dry, report, err)
		}
	}
	if waited := time.Since(started); waited > 10*time.Second {
		t.Errorf("it waited %v", waited)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{})
	if err != nil || report.RemovedTrees != 0 || len(report.Kept) != 1 || report.Kept[0].Reason != KeptUnfinished || report.Kept[0].Trees != 2 {
		t.Errorf("afterwards: %+v, %v", report, err)
	}
	if got, want := stored(t, pool), []int{1, 2, 10, 11, 12}; !slices.Equal(got, want) {
		t.Errorf("there are %v, want %v", got, want)
	}
}

func TestAChildThatComesInWhileItsTreeIsRemovedIsRefused(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	store(t, pool, node{1, 0, 1, done, 40}, node{2, 1, 1, done, 40})
	result := make(chan error, 1)
	var once sync.Once
	// The tree is locked and deleted, and what it was is being written: now a client adds a child, and has to wait.
	export := writer(func([]byte) {
		once.Do(func() {
			go func() {
				_, err := pool.Exec(t.Context(), `INSERT INTO command_entities (command_id, command_type, parent_command_id, status) VALUES ($1, 3, $2, 'ACTIVE')`, id(3), id(2))
				result <- err
			}()
			eventually(t, func() bool {
				var waiting bool
				err := pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waiting)
				return err == nil && waiting
			})
		})
	})
	report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{Export: export})
	if err != nil || report.RemovedCommands != 2 {
		t.Fatalf("%+v, %v", report, err)
	}
	var refusal *pgconn.PgError
	if err := <-result; !errors.As(err, &refusal) || refusal.Code != "23503" {
		t.Errorf("the child: %v", err)
	}
	if got := stored(t, pool); len(got) > 0 {
		t.Errorf("there are %v", got)
	}
}

func TestClientsWorkOnWhileCommandsAreCleanedUp(t *testing.T) {
	t.Parallel()
	db, pool := pooled(t)
	exec(t, pool, `INSERT INTO command_entities (command_id, command_type, created_at, status, finished_at)
		SELECT md5(random()::text)::uuid, 1, now(), 'SUCCEEDED', now() - interval '40 days'
		FROM generate_series(1, 4000)`)
	exec(t, pool, `INSERT INTO command_entities (command_id, command_type, parent_command_id, status, finished_at)
		SELECT md5(random()::text)::uuid, 2, command_id, 'SUCCEEDED', finished_at
		FROM command_entities`)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var clients sync.WaitGroup
	var mu sync.Mutex
	var longest time.Duration
	calls := 0
	for range 3 {
		conn := db.Connect(t.Context())
		clients.Go(func() {
			q, active := gen.New(conn), "ACTIVE"
			for ctx.Err() == nil {
				root, child := uuid.New(), uuid.New()
				within := uuid.NullUUID{UUID: root, Valid: true}
				for _, call := range []func() error{
					func() error {
						return q.InsertCommandEntity(t.Context(), gen.InsertCommandEntityParams{CommandID: root, CommandType: 3, Status: &active})
					},
					func() error {
						return q.InsertCommandEntity(t.Context(), gen.InsertCommandEntityParams{
							CommandID: child, CommandType: 4, Status: &active, ParentCommandID: within, RootCommandID: within,
						})
					},
					func() error {
						return q.InsertAsyncTask(t.Context(), gen.InsertAsyncTaskParams{TaskID: uuid.New(), CommandID: child})
					},
					func() error {
						return q.UpdateCommandEntityStatus(t.Context(), gen.UpdateCommandEntityStatusParams{CommandID: child, Status: done})
					},
				} {
					begun := time.Now()
					if err := call(); err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					longest, calls = max(longest, time.Since(begun)), calls+1
					mu.Unlock()
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{})
	stop()
	clients.Wait()
	if err != nil || report.RemovedCommands != 8000 || report.RemovedTrees != 4000 {
		t.Errorf("%+v, %v", report, err)
	}
	t.Logf("%d calls, the longest %v; %d batches in %v, the longest %v", calls, longest, report.Batches, report.Duration, report.Longest)
	if longest > 3*time.Second {
		t.Errorf("a client waited %v", longest)
	}
	var lost int
	err = pool.QueryRow(t.Context(), `SELECT count(*) FROM async_tasks t LEFT JOIN command_entities e ON e.command_id = t.command_id
		LEFT JOIN command_entities p ON p.command_id = e.parent_command_id WHERE p.command_id IS NULL`).Scan(&lost)
	if err != nil || lost > 0 {
		t.Errorf("%d tasks have lost their command or its parent, %v", lost, err)
	}
}
