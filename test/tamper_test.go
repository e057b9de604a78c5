package test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	cocosql "github.com/ovirt/coco/sql"
)

// tampering is a change that somebody makes by hand after the proof.
type tampering struct {
	name   string
	table  string // where it is made
	script string
	// allowed says whether the change is somebody's right where it is made; fires, whether the triggers see it.
	allowed func(version int, fires bool) bool
}

var tamperings = []tampering{
	{name: "a parameter text altered", table: "command_entities",
		script: `UPDATE command_entities SET action_parameters = action_parameters || ' ' WHERE command_id = (SELECT command_id FROM picked)`},
	{name: "a class altered", table: "command_entities",
		script: `UPDATE command_entities SET action_parameters_class = NULL WHERE command_id = (SELECT command_id FROM picked)`},
	{name: "a parent altered", table: "command_entities",
		script: `UPDATE command_entities SET parent_command_id = NULL, root_command_id = NULL
			WHERE command_id = (SELECT command_id FROM picked)`},
	{name: "a command removed", table: "command_entities",
		script: `DELETE FROM command_entities WHERE command_id = (SELECT command_id FROM picked)`},
	{name: "a command given another id", table: "command_entities",
		script: `UPDATE command_entities SET command_id = md5('other')::uuid WHERE command_id = (SELECT command_id FROM picked)`},
	{name: "a command added", table: "command_entities",
		script:  `INSERT INTO command_entities (command_id, command_type) VALUES (md5('new')::uuid, 1)`,
		allowed: func(version int, _ bool) bool { return version >= versionSwitch }},
	{name: "all commands removed", table: "command_entities", script: `TRUNCATE command_entities CASCADE`},

	{name: "an archived text altered", table: "coco.archive",
		script: `UPDATE coco.archive SET action_parameters = action_parameters || 'x' WHERE task_id = (SELECT archived FROM picked)`},
	{name: "an archived value no longer kept", table: "coco.archive",
		script: `UPDATE coco.archive SET keeps_action = false WHERE task_id = (SELECT archived FROM picked)`},
	{name: "an archive row removed", table: "coco.archive",
		script: `DELETE FROM coco.archive WHERE task_id = (SELECT archived FROM picked)`},
	{name: "an archive row added", table: "coco.archive",
		script: `INSERT INTO coco.archive (task_id, keeps_root, keeps_action, keeps_task) SELECT task_id, false, true, false FROM picked`},
	{name: "an archive row of no task added", table: "coco.archive",
		script: `INSERT INTO coco.archive (task_id, keeps_root, keeps_action, keeps_task) VALUES (md5('new')::uuid, false, true, false)`},
	{name: "the archive emptied", table: "coco.archive", script: `TRUNCATE coco.archive`},

	{name: "a parameter text altered", table: "async_tasks",
		script: `UPDATE async_tasks SET task_parameters = task_parameters || ' ' WHERE task_id = (SELECT task_id FROM picked)`},
	{name: "a root altered", table: "async_tasks",
		script: `UPDATE async_tasks SET root_command_id = NULL WHERE task_id = (SELECT task_id FROM picked)`},
	{name: "a task added", table: "async_tasks",
		script: `INSERT INTO async_tasks (task_id, action_type, status, result, command_id, action_parameters)
			VALUES (md5('new')::uuid, 1, 2, 0, md5('new')::uuid, '{}')`},
	{name: "a task removed", table: "async_tasks",
		script:  `DELETE FROM async_tasks WHERE task_id = (SELECT task_id FROM picked)`,
		allowed: func(version int, fires bool) bool { return version >= versionSwitch && fires }},
}

// keepAll remembers what is there before somebody tampers, and picks the rows. The picked task has no archive row and no links, and
// is the only one of a command that hangs below another.
const keepAll = `
	CREATE TEMPORARY TABLE kept_tasks AS SELECT * FROM async_tasks;
	CREATE TEMPORARY TABLE kept_commands AS SELECT * FROM command_entities;
	CREATE TEMPORARY TABLE kept_archive AS SELECT * FROM coco.archive;
	CREATE TEMPORARY TABLE picked AS
	SELECT task_id, command_id, (SELECT min(task_id::text)::uuid FROM coco.archive WHERE keeps_action) AS archived
	FROM async_tasks t
	WHERE task_parameters IS NOT NULL AND task_params_class IS NOT NULL AND root_command_id <> command_id
		AND NOT EXISTS (SELECT FROM coco.archive a WHERE a.task_id = t.task_id)
		AND NOT EXISTS (SELECT FROM async_tasks_entities e WHERE e.async_task_id = t.task_id)
		AND NOT EXISTS (SELECT FROM async_tasks o WHERE o.task_id <> t.task_id AND t.command_id IN (o.command_id, o.root_command_id))
	ORDER BY task_id LIMIT 1`

// undo takes a change back, with triggers on.
var undo = map[string]string{
	"command_entities": `
		DELETE FROM command_entities WHERE command_id NOT IN (SELECT command_id FROM kept_commands);
		INSERT INTO command_entities SELECT * FROM kept_commands ON CONFLICT (command_id) DO UPDATE SET
			parent_command_id = excluded.parent_command_id, root_command_id = excluded.root_command_id,
			action_parameters = excluded.action_parameters, action_parameters_class = excluded.action_parameters_class`,
	"coco.archive": `DELETE FROM coco.archive; INSERT INTO coco.archive SELECT * FROM kept_archive`,
	"async_tasks": `
		DELETE FROM async_tasks WHERE task_id NOT IN (SELECT task_id FROM kept_tasks);
		INSERT INTO async_tasks SELECT * FROM kept_tasks ON CONFLICT (task_id) DO UPDATE SET
			task_parameters = excluded.task_parameters, root_command_id = excluded.root_command_id`,
}

// unseen are ways to write past ordinary triggers. The one that puts the triggers back as they were leaves equal dumps.
var unseen = map[string]struct{ before, after string }{
	"triggers on": {},
	"as a replica": {
		before: `SET session_replication_role = replica`,
		after:  `SET session_replication_role = origin`,
	},
	"triggers off": {
		before: `ALTER TABLE %[1]s DISABLE TRIGGER ALL`,
		after: `ALTER TABLE %[1]s ENABLE TRIGGER ALL;
			DO $$ DECLARE guard name; BEGIN
				FOR guard IN SELECT tgname FROM pg_trigger WHERE tgrelid = '%[1]s'::regclass AND tgname LIKE 'coco\_%%' LOOP
					EXECUTE format('ALTER TABLE %[1]s ENABLE ALWAYS TRIGGER %%I', guard);
				END LOOP;
			END $$`,
	},
}

func TestWhatIsChangedByHandAfterTheProofStopsSwitchAndContract(t *testing.T) {
	t.Parallel()
	for _, version := range []int{versionProve, versionSwitch} {
		for _, change := range tamperings {
			for way, around := range unseen {
				fires := way != "triggers off"
				if change.allowed != nil && change.allowed(version, fires) {
					continue
				}
				t.Run(fmt.Sprintf("version %d/%s/%s/%s", version, change.table, change.name, way), func(t *testing.T) {
					t.Parallel()
					db := upgraded(t, version)
					conn := db.Connect(t.Context())
					before := query(t, conn, allTasks)
					exec(t, conn, keepAll)
					exec(t, conn, on(around.before, change.table))
					exec(t, conn, change.script)
					exec(t, conn, on(around.after, change.table))

					// Before the switch a write that the log has seen is the engine's good right: the tool applies it. The stock
					// program cannot, so it comes to a halt before anything is read from the new table.
					waits := version == versionProve && change.table == "async_tasks" && fires
					refusedAt := version + 1
					if waits {
						up(t, conn, version, versionMirror)
						refusedAt = versionGetters
					}
					rows := changedRows(t, conn)
					var dump string
					dumped := way == "triggers on" // the refusal is the same however the change was made, and dumps take time
					if dumped {
						dump = db.Dump(t)
					}
					refuses(t, conn, refusedAt, rows)
					if dumped {
						identical(t, dump, db.Dump(t))
					}
					if !waits {
						reports(t, conn, rows)
					}

					exec(t, conn, undo[change.table])
					up(t, conn, refusedAt-1, versionContract)
					same(t, "tasks after all", before, query(t, conn, allTasks))
					holds(t, conn)
				})
			}
		}
	}
}

func TestALedgerChangedByHandIsReported(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"a fingerprint altered": `UPDATE coco.ledger SET fingerprint = 1 WHERE task_id = (SELECT task_id FROM picked)`,
		"a row removed":         `DELETE FROM coco.ledger WHERE task_id = (SELECT task_id FROM picked)`,
		"a row added": `INSERT INTO coco.ledger (task_id) VALUES (md5('new')::uuid);
			UPDATE picked SET task_id = md5('new')::uuid`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := upgraded(t, versionSwitch).Connect(t.Context())
			exec(t, conn, keepAll)
			exec(t, conn, script)
			reports(t, conn, query(t, conn, `SELECT task_id::text FROM picked`))
		})
	}
}

func TestATriggerOfTheProofThatIsGoneStopsSwitchAndContract(t *testing.T) {
	t.Parallel()
	guards := map[string]string{
		"coco_log_tasks": "async_tasks", "coco_log_tasks_truncate": "async_tasks",
		"coco_log_commands": "command_entities", "coco_log_commands_truncate": "command_entities",
		"coco_log_archive": "coco.archive", "coco_log_archive_truncate": "coco.archive",
	}
	for _, version := range []int{versionProve, versionSwitch} {
		for guard, table := range guards {
			for way, script := range map[string]string{
				"dropped":             `DROP TRIGGER %s ON %s`,
				"disabled":            `ALTER TABLE %[2]s DISABLE TRIGGER %[1]s`,
				"for the origin only": `ALTER TABLE %[2]s ENABLE TRIGGER %[1]s`,
			} {
				t.Run(fmt.Sprintf("version %d/%s %s", version, guard, way), func(t *testing.T) {
					t.Parallel()
					conn := upgraded(t, version).Connect(t.Context())
					exec(t, conn, fmt.Sprintf(script, guard, table))
					refuses(t, conn, version+1, []string{guard})
					reports(t, conn, []string{guard})
				})
			}
		}
	}
}

// upgraded returns a database with the sample, decorated and then upgraded to a version.
func upgraded(t *testing.T, version int) *testdb.DB {
	t.Helper()
	scripts := []string{enginedb.Sample(), enginedb.DecorateSQL()}
	for v := 1; v <= version; v++ {
		files, err := fs.Glob(cocosql.Schema, fmt.Sprintf("schema/%06d_*.up.sql", v))
		if err != nil || len(files) != 1 {
			t.Fatalf("migration %d: %q, %v", v, files, err)
		}
		script, err := fs.ReadFile(cocosql.Schema, files[0])
		if err != nil {
			t.Fatal(err)
		}
		scripts = append(scripts, string(script))
	}
	db := engine(t, scripts...)
	if version >= versionExpand { // a copy of another database would have everything compared, always
		conn := db.Connect(t.Context())
		exec(t, conn, `SELECT coco.move_in(true)`)
		if err := conn.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func on(script, table string) string {
	if !strings.Contains(script, "%") {
		return script
	}
	return fmt.Sprintf(script, table)
}

// changedRows returns the ids of all tasks, commands and archive rows that are new, gone or altered, and of all tasks that such a
// command belongs to.
func changedRows(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	return query(t, conn, `
		WITH commands AS ((TABLE command_entities EXCEPT TABLE kept_commands) UNION (TABLE kept_commands EXCEPT TABLE command_entities)),
			archived AS ((TABLE coco.archive EXCEPT TABLE kept_archive) UNION (TABLE kept_archive EXCEPT TABLE coco.archive)),
			tasks AS ((TABLE async_tasks EXCEPT TABLE kept_tasks) UNION (TABLE kept_tasks EXCEPT TABLE async_tasks))
		SELECT command_id::text FROM commands UNION SELECT task_id::text FROM archived UNION SELECT task_id::text FROM tasks
		UNION SELECT t.task_id::text FROM kept_tasks t JOIN commands c ON c.command_id IN (t.command_id, t.root_command_id)`)
}

// refuses checks that a migration refuses and names one of the rows or triggers.
func refuses(t *testing.T, conn *pgx.Conn, version int, names []string) {
	t.Helper()
	err := apply(t.Context(), conn, version, "up")
	var refusal *pgconn.PgError
	if !errors.As(err, &refusal) || refusal.Code != "CO004" {
		t.Fatalf("version %d: %v, want it refused with SQLSTATE CO004", version, err)
	}
	if !containsOne(refusal.Message, names) || strings.Contains(refusal.Message, "\n") {
		t.Errorf("version %d: %q names none of %q on its one line", version, refusal.Message, names)
	}
	if refusal.Hint == "" {
		t.Errorf("version %d: the refusal does not say what to do next", version)
	}
}

// reports checks that verification names one of the rows or triggers.
func reports(t *testing.T, conn *pgx.Conn, names []string) {
	t.Helper()
	findings := query(t, conn, `SELECT concat_ws(' ', check_name, object, detail) FROM coco.verify(10)`)
	if !containsOne(strings.Join(findings, "\n"), names) {
		t.Errorf("verify reports %q, which names none of %q", findings, names)
	}
}

func containsOne(text string, names []string) bool {
	for _, name := range names {
		if strings.Contains(text, name) {
			return true
		}
	}
	return false
}
