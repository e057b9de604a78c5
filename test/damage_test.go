package test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The sample's task of a command with two roots: only the archive knows that this task's root is the other one.
const archivedRoot = `SELECT a.root_command_id::text FROM coco.archive a JOIN command_entities e ON e.command_id = a.root_command_id
	WHERE a.keeps_root AND NOT a.keeps_action ORDER BY a.task_id LIMIT 1`

func TestDamageAtTheSwitchIsMendedByGoingBack(t *testing.T) {
	t.Parallel()
	conn := upgraded(t, versionSwitch).Connect(t.Context())
	before := query(t, conn, allTasks)
	exec(t, conn, `UPDATE command_entities SET action_parameters = 'damaged', root_command_id = NULL`)
	if err := apply(t.Context(), conn, versionContract, "up"); code(err) != "CO004" {
		t.Fatal(err)
	}
	if err := goDown(t, conn, versionSwitch); code(err) != "CO003" {
		t.Fatal(err)
	}
	exec(t, conn, `SET coco.commands_exported = on`)
	down(t, conn, versionBackfill, versionExpand)
	up(t, conn, versionExpand, versionRetire)
	same(t, "tasks", before, query(t, conn, allTasks))
	holds(t, conn)
}

func TestDamageIsNeverWrittenIntoAsyncTasksUnasked(t *testing.T) {
	t.Parallel()
	for version := versionContract; version <= versionRetire; version++ {
		db := upgraded(t, version)
		conn := db.Connect(t.Context())
		exec(t, conn, `UPDATE command_entities SET action_parameters = 'damaged' WHERE command_id IN (
			SELECT command_id FROM coco.ledger ORDER BY task_id LIMIT 1)`)
		dump := db.Dump(t)
		if err := apply(t.Context(), conn, version, "down"); code(err) != "CO004" {
			t.Fatalf("version %d: %v", version, err)
		}
		identical(t, dump, db.Dump(t))
		if version == versionContract {
			if err := apply(t.Context(), conn, versionRetire, "up"); code(err) != "CO004" {
				t.Fatalf("retire: %v", err)
			}
		}
		exec(t, conn, `SET coco.accept_drift = on`)
		down(t, conn, version, 0)
	}
}

func TestACommandThatATaskReadsIsNotDeleted(t *testing.T) {
	t.Parallel()
	conn := upgraded(t, versionRetire).Connect(t.Context())
	before := query(t, conn, allTasks)
	root := query(t, conn, archivedRoot)[0]
	for _, call := range []string{
		`SELECT deletecommandentity('` + root + `')`,
		`SELECT deletecommandentity(command_id) FROM command_entities`,
	} {
		if _, err := conn.Exec(t.Context(), call); code(err) != "23503" {
			t.Errorf("%s: %v", call, err)
		}
	}
	exec(t, conn, `SELECT updatecommandentitystatus(command_id, 'SUCCEEDED') FROM command_entities`)
	same(t, "commands cleaned up", []string{"0"},
		query(t, conn, `SELECT deletecommandentitiesolderthandate(now() + interval '1 day')::text`))
	same(t, "tasks", before, query(t, conn, allTasks))
	holds(t, conn)
}

func TestTwoClientsThatDeleteSiblingsLeaveNoCommandBehind(t *testing.T) {
	t.Parallel()
	for _, version := range []int{versionMirror, versionContract} {
		db := engine(t)
		conn := db.Connect(t.Context())
		up(t, conn, 0, version)
		exec(t, conn, `SELECT insertasync_tasks(1, 0, 2, NULL, md5(n::text)::uuid, 'parent', 'P', 'own', 'O', NULL,
			md5('command')::uuid, md5('root')::uuid, now(), NULL, 1) FROM generate_series(1, 3) n`)
		first, second := db.Connect(t.Context()), db.Connect(t.Context())
		exec(t, first, `BEGIN; SELECT deleteasync_tasks(md5('1')::uuid)`)
		exec(t, second, `BEGIN; SELECT deleteasync_tasks(md5('2')::uuid), deleteasync_tasks(md5('3')::uuid)`)
		exec(t, first, `COMMIT`)
		exec(t, second, `COMMIT`)
		same(t, "commands that cannot be held", nil, query(t, conn, `SELECT u::text FROM coco.unheld_commands() u`))
		if version == versionMirror {
			up(t, conn, version, versionContract)
		}
		exec(t, conn, `SELECT insertasync_tasks(1, 0, 2, NULL, md5('4')::uuid, 'p', 'P', 'o', 'O', NULL,
			md5('another')::uuid, NULL, now(), NULL, 1), deleteasync_tasks(md5('4')::uuid)`)
		same(t, "commands", nil, query(t, conn, `SELECT e::text FROM command_entities e`))
		holds(t, conn)
	}
}

func TestATaskFollowsACommandThatIsChangedOnPurpose(t *testing.T) {
	t.Parallel()
	conn := engine(t).Connect(t.Context())
	// Two tasks of one command that differ in everything: the second is in the archive with all it has.
	exec(t, conn, `INSERT INTO async_tasks (task_id, action_type, status, result, command_id, root_command_id, action_parameters,
			task_parameters, started_at)
		VALUES (md5('1')::uuid, 1, 2, 0, md5('command')::uuid, md5('root')::uuid, 'parent', 'own', now()),
			(md5('2')::uuid, 1, 2, 0, md5('command')::uuid, md5('other root')::uuid, 'other parent', 'other own', '2001-01-01')`)
	up(t, conn, 0, versionRetire)
	const read = `SELECT concat_ws(' / ', task_parameters, action_parameters, root_command_id = md5('new root')::uuid)
		FROM getallfromasync_tasks() ORDER BY task_parameters DESC`
	exec(t, conn, `SELECT insertcommandentity(md5('new root')::uuid, 1, NULL, md5('new root')::uuid, 'new parent', 'C', NULL, 'ACTIVE'),
		updatecommandentity(md5('command')::uuid, 0, md5('new root')::uuid, md5('new root')::uuid, 'own', NULL, 'ACTIVE')`)
	same(t, "under a new parent", []string{"own / new parent / t", "other own / new parent / t"}, query(t, conn, read))

	exec(t, conn, `SELECT updatecommandentity(md5('new root')::uuid, 1, NULL, md5('new root')::uuid, 'changed', 'C', 'ACTIVE'),
		updatecommandentity(md5('command')::uuid, 0, md5('new root')::uuid, md5('new root')::uuid, 'own v2', NULL, 'ACTIVE')`)
	same(t, "with new parameters", []string{"own v2 / changed / t", "own v2 / changed / t"}, query(t, conn, read))
	same(t, "commands that no task names any more", []string{"2"}, query(t, conn, `SELECT count(*)::text FROM coco.unheld_commands()`))
	holds(t, conn)

	if err := goDown(t, conn, versionRetire); code(err) != "CO003" {
		t.Fatal(err)
	}
	exec(t, conn, `SET coco.discard_commands = on`)
	down(t, conn, 3, versionExpand)
	same(t, "what the old engine finds", []string{"own v2 / changed / t", "own v2 / changed / t"}, query(t, conn, read))
}

// goDown takes versions back until one refuses.
func goDown(t *testing.T, conn *pgx.Conn, from int) error {
	t.Helper()
	for version := from; version > 0; version-- {
		if err := apply(t.Context(), conn, version, "down"); err != nil {
			return err
		}
	}
	return nil
}

// code is the SQLSTATE of an error, empty for another error or none.
func code(err error) string {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return refused.Code
	}
	return ""
}
