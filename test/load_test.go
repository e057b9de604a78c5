package test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/gen"
	"github.com/ovirt/coco/internal/enginedb"
)

// TestLoadingKeepsWhatAClientStoresMeanwhile replaces two commands; while it waits for the second one, a client stores a task of the
// first one, and commits only after the load has come to what that task reads.
func TestLoadingKeepsWhatAClientStoresMeanwhile(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]string{
		"changed": `SELECT insertorupdateasynctasks(4, 0, 3, NULL, md5('task')::uuid, 'new action', 'A', 'new task', 'B', NULL,
			'00000000-0000-0000-0000-00000000000c', '00000000-0000-0000-0000-00000000000b', now(), md5('p')::uuid, 0)`,
		"deleted": `SELECT deleteasync_tasks(md5('task')::uuid)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := engine(t, enginedb.Sample())
			conn, client, blocker := migrated(t, db, versionSwitch), db.Connect(t.Context()), db.Connect(t.Context())
			exec(t, conn, `SELECT insertorupdateasynctasks(4, 0, 3, NULL, md5('task')::uuid, 'action', 'A', 'task', 'B', NULL,
				'00000000-0000-0000-0000-00000000000c', '00000000-0000-0000-0000-00000000000b', now(), md5('p')::uuid, 0)`)
			lines := query(t, conn, `SELECT row_to_json(e)::text FROM (SELECT command_id, command_type, parent_command_id, root_command_id,
				'from the file' AS action_parameters, action_parameters_class, created_at, 'FAILED' AS status, finished_at
				FROM command_entities WHERE command_id IN (
					'00000000-0000-0000-0000-00000000000b', '00000000-0000-0000-0000-00000000000c')) AS e`)
			blocking, err := blocker.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			exec(t, blocker, `SELECT FROM command_entities WHERE command_id = '00000000-0000-0000-0000-00000000000c' FOR SHARE`)

			done := make(chan error, 1)
			pid := conn.PgConn().PID()
			go func() {
				done <- pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error { return replace(t.Context(), tx, lines) })
			}()
			waitFor(t, client, fmt.Sprintf(`SELECT (wait_event_type = 'Lock')::text FROM pg_stat_activity WHERE pid = %d`, pid))
			writing, err := client.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			exec(t, client, write)
			if err := blocking.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(200 * time.Millisecond)
			if err := writing.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			const task = `SELECT action_parameters || ', ' || task_parameters FROM getasync_tasksbytask_id(md5('task')::uuid)`
			var want []string
			if name == "changed" {
				want = []string{"new action, new task"}
			}
			same(t, "what the task reads", want, query(t, client, task))
			holds(t, client)
		})
	}
}

// replace replaces commands by those of an export's lines.
func replace(ctx context.Context, tx pgx.Tx, lines []string) error {
	queries := gen.New(tx)
	if err := queries.StageCommands(ctx, gen.StageCommandsParams{FirstLine: 1, Lines: lines}); err != nil {
		return err
	}
	_, err := queries.LoadCommands(ctx, true)
	return err
}
