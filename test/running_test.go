package test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestARunningEngineNoticesNothingUpToContract lets clients call the old procedures in transactions over tasks that share their
// commands, while the chain runs beneath them. No call may fail, and every answer must be what the same client wrote last.
func TestARunningEngineNoticesNothingUpToContract(t *testing.T) {
	t.Parallel()
	db := engine(t)
	shared := newHostile(99)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	stopped := sync.OnceFunc(func() {
		close(stop)
		clients.Wait()
	})
	calls := make([]int, 6)
	for i := range calls {
		conn := db.Connect(t.Context())
		clients.Go(func() {
			c := client{hostile: newHostile(uint64(i)), conn: conn, wrote: map[uuid.UUID]string{}}
			c.commands = shared.commands
			for {
				select {
				case <-stop:
					return
				case <-time.After(3 * time.Millisecond): // clients that fill the machine leave no gap for anybody's lock
				}
				if err := c.transaction(t.Context()); err != nil {
					t.Errorf("client %d after %d transactions: %v%s", i, calls[i], err, detail(err))
					return
				}
				calls[i]++
			}
		})
	}

	conn := db.Connect(t.Context())
	t.Cleanup(stopped) // before the connections are closed
	for version := 1; version <= versionContract; version++ {
		time.Sleep(200 * time.Millisecond)
		migrateBeneathClients(t, conn, version)
	}
	time.Sleep(300 * time.Millisecond)
	stopped()
	for i, n := range calls {
		if n == 0 {
			t.Errorf("client %d did nothing", i)
		}
	}
	holds(t, conn)
}

// detail is what the server says about an error beside its message: who waits for whom in a dead-lock, and where.
func detail(err error) string {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return ""
	}
	return "\n" + refused.Detail + "\n" + refused.Where
}

// migrateBeneathClients applies one version as the tool does: caught up, and with a lock timeout, tried again. The timeout is
// longer than the tool's: this test is about answers, on a machine that may have much else to do.
func migrateBeneathClients(t *testing.T, conn *pgx.Conn, version int) {
	t.Helper()
	exec(t, conn, `SET lock_timeout = '100ms'`)
	deadline := time.Now().Add(time.Minute)
	for {
		if version >= versionProve {
			for range 20 {
				if query(t, conn, `SELECT coco.catch_up(20)::text`)[0] == "0" {
					break
				}
			}
		}
		err := apply(t.Context(), conn, version, "up")
		if err == nil {
			return
		}
		var refused *pgconn.PgError
		again := errors.As(err, &refused) && (refused.Code == "55P03" || refused.Code == "40P01")
		if !again || time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// client is one connection of an engine. The tasks are its own, their commands are everybody's.
type client struct {
	*hostile
	conn  *pgx.Conn
	wrote map[uuid.UUID]string
	ids   []uuid.UUID
}

const readBack = `SELECT row(t.action_parameters, t.action_params_class, t.task_parameters, t.task_params_class,
	t.root_command_id, t.status)::text FROM getasync_tasksbytask_id($1) t`

func (c *client) transaction(ctx context.Context) error {
	tx, err := c.conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	for range 1 + c.random.IntN(4) {
		if err := c.call(ctx, tx); err != nil {
			return err
		}
	}
	return tx.Commit(ctx)
}

func (c *client) call(ctx context.Context, tx pgx.Tx) error {
	if len(c.ids) < 8 {
		c.ids = append(c.ids, c.uuid())
	}
	id := c.ids[c.random.IntN(len(c.ids))]
	task := c.task(id)
	switch c.random.IntN(6) {
	case 0:
		var deleted int
		if err := tx.QueryRow(ctx, `SELECT deleteasync_tasks($1)`, id).Scan(&deleted); err != nil {
			return fmt.Errorf("delete: %w", err)
		}
		delete(c.wrote, id)
		return nil
	case 1, 2:
		var all int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM getallfromasync_tasks()`).Scan(&all); err != nil {
			return fmt.Errorf("get all: %w", err)
		}
	default:
		var answer string
		err := tx.QueryRow(ctx, `SELECT row($6::text, $7::varchar, $8::text, $9::varchar, $12::uuid, $3::integer)::text,
			insertorupdateasynctasks($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::text::timestamptz, $14, $15)::text`,
			task.actionType, task.result, task.status, task.vdsmTaskID, task.id, task.actionParameters, task.actionClass,
			task.taskParameters, task.taskClass, task.stepID, task.commandID, task.rootCommandID, task.startedAt,
			task.poolID, task.taskType).Scan(&answer, nil)
		if err != nil {
			return fmt.Errorf("upsert: %w", err)
		}
		c.wrote[id] = answer
	}
	var got string
	err := tx.QueryRow(ctx, readBack, id).Scan(&got)
	if errors.Is(err, pgx.ErrNoRows) {
		got, err = "", nil
	}
	if err != nil {
		return fmt.Errorf("get: %w", err)
	}
	if got != c.wrote[id] {
		return fmt.Errorf("wrong answer for task %s\nwrote %.300q\n  got %.300q", id, c.wrote[id], got)
	}
	return nil
}
