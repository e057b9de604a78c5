package test

import (
	"testing"
)

const storedTree = `SELECT insertcommandentity(md5('p')::uuid, 1, NULL, md5('p')::uuid, '{}', 'P', now(), 'ACTIVE');
	SELECT insertcommandentity(md5('c')::uuid, 2, md5('p')::uuid, NULL, '{}', 'C', now(), 'ACTIVE');`

const storedCommands = `SELECT concat_ws(' ', action_parameters_class, (SELECT p.action_parameters_class FROM command_entities p
	WHERE p.command_id = e.parent_command_id)) FROM command_entities e ORDER BY 1`

func TestDeletingATaskLeavesThePlaceOfCommandsThatWereStoredByThemselves(t *testing.T) {
	t.Parallel()
	db := engine(t)
	conn := db.Connect(t.Context())
	up(t, conn, 0, versionRetire)
	exec(t, conn, storedTree+`SELECT insertcommandentity(md5(d)::uuid, 3, md5('c')::uuid, md5('p')::uuid, '{}', upper(d), now(), 'ACTIVE'),
			insertasync_tasks(3, 0, 2, md5('vdsm' || d)::uuid, md5('task' || d)::uuid, NULL, md5(d)::uuid, now(), NULL, 1)
		FROM unnest(ARRAY['d', 'e']) AS d`)
	down(t, conn, versionRetire, versionContract)
	exec(t, conn, `SELECT deleteasync_tasks(md5('taskd')::uuid)`)
	same(t, "commands with their parents", []string{"C P", "E C", "P"}, query(t, conn, storedCommands))
	exec(t, conn, `SELECT deleteasync_tasks(md5('taske')::uuid)`)
	same(t, "commands when the last task is gone", []string{"P"}, query(t, conn, storedCommands))
	holds(t, conn)
}

func TestDeletingATaskLeavesWhatStandsAboveTheCommandItNames(t *testing.T) {
	t.Parallel()
	db := engine(t)
	conn := db.Connect(t.Context())
	up(t, conn, 0, versionSwitch)
	exec(t, conn, storedTree+`SELECT insertasync_tasks(2, 0, 2, md5('vdsm' || d)::uuid, md5('task' || d)::uuid, '{}', 'C', 'own', 'own',
			NULL, md5(d)::uuid, md5('c')::uuid, now(), NULL, 1)
		FROM unnest(ARRAY['d', 'e']) AS d`)
	exec(t, conn, `SELECT deleteasync_tasks(md5('taskd')::uuid)`)
	same(t, "commands with their parents", []string{"C P", "P", "own C"}, query(t, conn, storedCommands))
	holds(t, conn)
}
