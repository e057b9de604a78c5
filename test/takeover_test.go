package test

import (
	"fmt"
	"testing"

	"github.com/ovirt/coco/internal/enginedb"
)

func TestAnEngineThatKeepsItsCommandsItselfIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, version := range []int{versionContract, versionRetire} {
		t.Run(fmt.Sprintf("version %d", version), func(t *testing.T) {
			t.Parallel()
			db := engine(t, enginedb.Sample())
			conn := migrated(t, db, version)
			commands := query(t, conn, `SELECT command_id FROM command_entities ORDER BY 1`)

			// What the engine's own upgrade to 3.5 leaves behind: procedures of its own, and its version.
			for _, drop := range query(t, conn, `SELECT format('DROP FUNCTION %s CASCADE', oid::regprocedure) FROM pg_proc
				WHERE pronamespace = 'public'::regnamespace ORDER BY 1`) {
				exec(t, conn, drop)
			}
			exec(t, conn, `CREATE FUNCTION insertcommandentity(v_command_id uuid, v_command_type integer) RETURNS void
					LANGUAGE sql AS 'INSERT INTO command_entities (command_id, command_type) VALUES (v_command_id, v_command_type)';
				CREATE FUNCTION deleteasync_tasks(v_task_id uuid) RETURNS void
					LANGUAGE sql AS 'DELETE FROM async_tasks WHERE task_id = v_task_id';
				UPDATE schema_version SET current = false;
				INSERT INTO schema_version (id, version, script, checksum, installed_by, started_at, ended_at, state, current, comment)
				VALUES (900000, '03051060', 'upgrade/03_05_1060.sql', md5('x'), 'engine', now(), clock_timestamp(), 'INSTALLED', true, '')`)
			exec(t, conn, `SELECT deleteasync_tasks(task_id) FROM async_tasks`)
			same(t, "commands whose tasks are gone", commands, query(t, conn, `SELECT command_id FROM command_entities ORDER BY 1`))
			if err := conn.Close(t.Context()); err != nil {
				t.Fatal(err)
			}

			before := db.Dump(t)
			const text = "an engine of version 3.5 or later has taken this database over"
			upgradeTool(t, db.URL, exitDone, "status").says(t, text, "pending        nothing")
			upgradeTool(t, db.URL, exitDone, "status", "--json").says(t, `"taken_over":true`)
			upgradeTool(t, db.URL, exitDone, "check").says(t, text)
			upgradeTool(t, db.URL, exitDone, "plan").says(t, "nothing to do")
			upgradeTool(t, db.URL, exitDone, "up").says(t, "nothing to do: "+text)
			upgradeTool(t, db.URL, exitFailure, "verify").says(t, text)
			upgradeTool(t, db.URL, exitFailure, "plan", "--down").says(t, text)
			upgradeTool(t, db.URL, exitFailure, "down", "--yes").says(t, text, "restore the backup from before the engine's upgrade")
			identical(t, before, db.Dump(t))
		})
	}
}
