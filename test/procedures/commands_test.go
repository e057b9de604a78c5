package procedures

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A tree: r, below it p, below that c; and x by itself, which has finished.
const tree = `SELECT insertcommandentity({r}, 1, NULL, {r}, 'r', 'R', '2014-01-01', 'ACTIVE');
	SELECT insertcommandentity({p}, 2, {r}, {r}, 'p', 'P', '2014-01-02', 'ACTIVE');
	SELECT insertcommandentity({c}, 3, {p}, {r}, 'c', 'C', '2014-01-03', 'NOT_STARTED');
	SELECT insertcommandentity({x}, 4, {none}, {none}, NULL, NULL, '2014-01-04', 'SUCCEEDED');`

func TestProceduresOfCommands(t *testing.T) {
	t.Parallel()
	ids := `SELECT command_id FROM command_entities ORDER BY created_at`
	upsert := func(values string) string {
		return `SELECT insertorupdatecommandentity(` + values + `);` + showCommands
	}
	calls := []call{
		{
			name: "insert stores what it is given, and the zero GUID as none", sql: tree + showCommands,
			want: []string{
				"{r}|1|NULL|{r}|r|R|ACTIVE|f", "{p}|2|{r}|{r}|p|P|ACTIVE|f", "{c}|3|{p}|{r}|c|C|NOT_STARTED|f",
				"{x}|4|NULL|NULL|NULL|NULL|SUCCEEDED|t",
			},
		},
		{
			name: "insert without a time takes that of the transaction",
			sql: `SELECT insertcommandentity({c}, 1, NULL, NULL, NULL, NULL, NULL, NULL);
				SELECT created_at = now(), status, finished_at FROM command_entities`,
			want: []string{"t|NULL|NULL"},
		},
		{
			name: "insert refuses the zero GUID", sql: `SELECT insertcommandentity({none}, 1, NULL, NULL, NULL, NULL, NULL, NULL)`,
			code: "22023", message: "the zero GUID is no command id",
		},
		{
			name: "insert refuses an id that is there", given: tree, sql: `SELECT insertcommandentity({c}, 1, NULL, NULL, NULL, NULL, NULL, NULL)`,
			code: "23505", message: "duplicate key",
		},
		{
			name: "insert refuses a parent that is not there", sql: `SELECT insertcommandentity({c}, 1, {p}, NULL, NULL, NULL, NULL, NULL)`,
			code: "23503", message: "insert or update on table",
		},
		{
			name: "update changes all but the time", given: tree,
			sql: `SELECT updatecommandentity({p}, 9, NULL, NULL, 'new', 'N', 'FAILED'); ` + showCommands,
			want: []string{
				"{r}|1|NULL|{r}|r|R|ACTIVE|f", "{p}|9|NULL|NULL|new|N|FAILED|t", "{c}|3|{p}|{r}|c|C|NOT_STARTED|f",
				"{x}|4|NULL|NULL|NULL|NULL|SUCCEEDED|t",
			},
		},
		{
			name: "update back to a status that is not final takes the end back", given: tree,
			sql:  `SELECT updatecommandentity({x}, 4, NULL, NULL, NULL, NULL, 'ACTIVE'); SELECT finished_at FROM command_entities WHERE command_id = {x}`,
			want: []string{"NULL"},
		},
		{name: "update of an unknown command does nothing", sql: `SELECT updatecommandentity({u}, 9, NULL, NULL, 'new', 'N', 'FAILED');` + ids},
		{
			name: "upsert inserts", sql: upsert(`{c}, 3, NULL, {none}, 'c', 'C', NULL, 'ACTIVE'`),
			want: []string{"{c}|3|NULL|NULL|c|C|ACTIVE|f"},
		},
		{
			name: "upsert updates", given: `SELECT insertcommandentity({c}, 3, NULL, NULL, 'c', 'C', '2014-01-01', 'ACTIVE')`,
			sql:  upsert(`{c}, 4, NULL, NULL, 'more', 'C', NULL, 'SUCCEEDED'`),
			want: []string{"{c}|4|NULL|NULL|more|C|SUCCEEDED|t"},
		},
		{name: "upsert refuses the zero GUID", sql: upsert(`{none}, 4, NULL, NULL, NULL, NULL, NULL, NULL`), code: "22023", message: "the zero GUID"},
		{
			name: "the end stays when the status changes from one end to another", given: tree + `UPDATE command_entities SET finished_at = '2014-02-01'`,
			sql:  `SELECT updatecommandentitystatus({x}, 'FAILED'); SELECT status, finished_at::date FROM command_entities WHERE command_id = {x}`,
			want: []string{"FAILED|2014-02-01"},
		},
		{name: "the status of an unknown command", sql: `SELECT updatecommandentitystatus({u}, 'FAILED');` + ids},
		{name: "by id", given: tree, sql: `SELECT command_type FROM getcommandentitybycommandentityid({p})`, want: []string{"2"}},
		{name: "by an unknown id", given: tree, sql: `SELECT command_type FROM getcommandentitybycommandentityid({u})`},
		{name: "all", given: tree, sql: `SELECT command_type FROM getallfromcommandentities() ORDER BY 1`, want: []string{"1", "2", "3", "4"}},
		{name: "children", given: tree, sql: `SELECT command_id FROM getcommandentitiesbyparentcmdid({p})`, want: []string{"{c}"}},
		{name: "children of none", given: tree, sql: `SELECT command_id FROM getcommandentitiesbyparentcmdid(NULL)`},
		{name: "delete takes along what is below", given: tree, sql: `SELECT deletecommandentity({p});` + ids, want: []string{"{r}", "{x}"}},
		{name: "delete of an unknown command is none", given: tree, sql: `SELECT deletecommandentity({u})`, want: []string{"0"}},
		{
			name: "old trees go as a whole", given: tree + `UPDATE command_entities SET finished_at = '2014-02-01', status = 'FAILED' WHERE command_id <> {c}`,
			sql: `SELECT deletecommandentitiesolderthandate('2015-01-01');` + ids, want: []string{"{r}", "{p}", "{c}"},
		},
		{name: "nothing is older than NULL", given: tree, sql: `SELECT deletecommandentitiesolderthandate(NULL)`, want: []string{"0"}},
	}
	for name, version := range map[string]int{"switch": atSwitch, "retire": atRetire} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, version, calls)
		})
	}
}

func TestACommandThatATaskNeedsStays(t *testing.T) {
	t.Parallel()
	run(t, atRetire, []call{
		{
			name: "delete names the task", given: tree + insertTask, sql: `SELECT deletecommandentity({r})`,
			code: "23503", message: "command {r} cannot be deleted: task {t} still needs command {c}",
		},
		{
			name:  "cleaning up keeps its tree",
			given: tree + insertTask + `UPDATE command_entities SET finished_at = '2014-02-01', status = 'FAILED'`,
			sql:   `SELECT deletecommandentitiesolderthandate('2015-01-01'); SELECT command_id FROM command_entities ORDER BY created_at`,
			want:  []string{"{r}", "{p}", "{c}"},
		},
	})
}

func TestATaskFollowsItsCommand(t *testing.T) {
	t.Parallel()
	read := `SELECT action_parameters, task_parameters, root_command_id FROM getallfromasync_tasks()`
	saved := `SELECT coco.save_commands(ARRAY[{c}, {d}]::uuid[], '{5,6}', ARRAY[{none}, {none}]::uuid[], ARRAY[{d}, {d}]::uuid[],
		'{new,d}', '{N,D}', '{ACTIVE,SUCCEEDED}', '{0,3}'); `
	run(t, atSwitch, []call{
		{
			name: "an update of its command", given: oldInsert, sql: `SELECT updatecommandentity({c}, 5, {r}, {r}, 'new', 'N', 'ACTIVE');` + read,
			want: []string{"action|new|{r}"},
		},
		{
			name: "an update of its root", given: oldInsert, sql: `SELECT updatecommandentity({r}, 5, NULL, {r}, 'new', 'N', 'ACTIVE');` + read,
			want: []string{"new|task|{r}"},
		},
		{
			name: "other links", given: oldInsert, sql: `SELECT updatecommandentity({c}, 5, NULL, {c}, 'task', 'T', 'ACTIVE');` + read,
			want: []string{"task|task|{c}"},
		},
		{
			name: "nothing that it shows", given: oldInsert, sql: `SELECT updatecommandentity({c}, 5, {r}, {r}, 'task', 'T', 'SUCCEEDED');` + read,
			want: []string{"action|task|{r}"},
		},
		{name: "commands saved together", given: oldInsert, sql: saved + read, want: []string{"NULL|new|{d}"}},
	})
	run(t, atRetire, []call{
		{name: "save says how many", given: tree, sql: replaced(saved, "'{0,3}'", "'{0,4}'"), want: []string{"2"}},
		{
			name: "save refuses the zero GUID",
			sql:  `SELECT coco.save_commands(ARRAY[{none}]::uuid[], '{5}', ARRAY[{none}]::uuid[], ARRAY[{none}]::uuid[], ARRAY['x'], ARRAY['X'], ARRAY[''], '{0}')`,
			code: "22023", message: "the zero GUID",
		},
		{
			name: "what is saved as it was changes nothing for its task", given: tree + insertTask,
			sql:  `SELECT coco.save_commands(ARRAY[{c}]::uuid[], '{3}', ARRAY[{p}]::uuid[], ARRAY[{r}]::uuid[], ARRAY['c'], ARRAY['C'], '{ACTIVE}', '{0}');` + read,
			want: []string{"p|c|{p}"},
		},
	})
}

// The profiler counts statements of PL/pgSQL only, so nothing else would notice.
func TestEveryQueryThatIsAProcedureHasARow(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tables strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tables.Write(text)
	}
	queries, err := ask(t.Context(), at(t, atRetire).Connect(t.Context()), `SELECT p.proname FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
		WHERE p.pronamespace = 'coco'::regnamespace AND l.lanname = 'sql'`)
	if err != nil || len(queries) == 0 {
		t.Fatalf("%d queries, %v", len(queries), err)
	}
	for _, name := range queries {
		if !strings.Contains(tables.String(), "coco."+name+"(") {
			t.Errorf("no table calls coco.%s", name)
		}
	}
}

func TestQueriesThatAreProcedures(t *testing.T) {
	t.Parallel()
	run(t, atRetire, []call{
		{name: "engine_owner", sql: `SELECT coco.engine_owner()`, want: []string{"postgres"}},
		{name: "signature", sql: `SELECT coco.signature('coco.is_final'::regproc)`, want: []string{"coco.is_final(text)"}},
		{name: "signature of nothing", sql: `SELECT coco.signature(0)`, want: []string{"NULL"}},
		{
			name: "definition", sql: `SELECT coco.definition('coco.engine_owner'::regproc) LIKE 'CREATE OR REPLACE FUNCTION coco.engine_owner()%'`,
			want: []string{"t"},
		},
		{
			name: "value_hash tells NULL from an empty text",
			sql:  `SELECT count(DISTINCT coco.value_hash(p, c)) FROM (VALUES (NULL::text, NULL::text), (NULL, ''), ('', NULL), ('', ''), ('a', ''), ('', 'a')) v(p, c)`,
			want: []string{"6"},
		},
		{
			name: "combine tells its parts and their order apart",
			sql:  `SELECT count(DISTINCT coco.combine(r, a, t)) FROM (VALUES (NULL::uuid, 1, 2), (NULL, 2, 1), ({r}, 1, 2), ({none}, 1, 2)) v(r, a, t)`,
			want: []string{"4"},
		},
		{
			name: "fingerprint is made of them", want: []string{"t"},
			sql: `SELECT coco.fingerprint({r}, 'a', 'A', 't', 'T') = coco.combine({r}, coco.value_hash('a', 'A'), coco.value_hash('t', 'T'))`,
		},
		{
			name: "is_needed", given: tree + insertTask,
			sql:  `SELECT coco.is_needed({r}), coco.is_needed({p}), coco.is_needed({x}), coco.is_needed({u}), coco.is_needed(NULL)`,
			want: []string{"t|t|f|f|f"},
		},
		{name: "place is another one in a copy", sql: `SELECT coco.place() <> (SELECT place FROM coco.home)`, want: []string{"t"}},
		{name: "guards are gone with contract", sql: `SELECT coco.guards()`, want: []string{"{}"}},
		{name: "task_commands", given: tree + insertTask, sql: `SELECT * FROM coco.task_commands()`, want: []string{"{t}|{c}"}},
		{
			name: "commands_of_tasks", given: tree + insertTask, sql: `SELECT coco.commands_of_tasks(ARRAY[{c}, {p}, {u}]::uuid[])`,
			want: []string{"{{c}}"},
		},
		{name: "named_commands without any", sql: `SELECT * FROM coco.named_commands(ARRAY[{c}]::uuid[])`},
		{name: "database_clock is a clock", sql: `SELECT coco.database_clock() >= now()`, want: []string{"t"}},
		{
			name: "column_grants", want: []string{`{"GRANT SELECT (status) ON public.async_tasks TO PUBLIC"}`},
			sql: `SELECT coco.column_grants('status', '{=r/postgres}')`,
		},
		{name: "below", given: tree, sql: `SELECT b FROM coco.below({p}) b`, want: []string{"{p}", "{c}"}},
		{name: "below nothing", sql: `SELECT b FROM coco.below({u}) b`},
		{
			name: "is_final", want: []string{"f|f|t|t|t|f"},
			sql: `SELECT coco.is_final(NULL), coco.is_final('ACTIVE'), coco.is_final('SUCCEEDED'), coco.is_final('FAILED'),
				coco.is_final('FAILED_RESTARTED'), coco.is_final('?')`,
		},
		{
			name: "may_become", want: []string{"t|t|f|t|f|f|f|t|f"},
			sql: `SELECT coco.may_become(NULL, 'ACTIVE'), coco.may_become('', 'FAILED'), coco.may_become('NOT_STARTED', 'SUCCEEDED'),
				coco.may_become('ACTIVE', 'SUCCEEDED'), coco.may_become('SUCCEEDED', 'FAILED'), coco.may_become('FAILED', 'ACTIVE'),
				coco.may_become('FAILED_RESTARTED', 'ACTIVE'), coco.may_become('?', 'FAILED'), coco.may_become('?', 'ACTIVE')`,
		},
		{name: "tasks_between is a query", sql: `SELECT coco.tasks_between('1') LIKE 'SELECT 1 FROM public.async_tasks t WHERE %'`, want: []string{"t"}},
		{name: "table_file", sql: `SELECT coco.table_file() = coco.place() || ' ' || pg_relation_filenode('async_tasks')`, want: []string{"t"}},
		{name: "held_commands is a query", sql: `SELECT coco.held_commands('tasks', false) LIKE '%coco.async_task%'`, want: []string{"t"}},
		{name: "waits never after the switch", sql: `SELECT coco.waits('task', {t})`, want: []string{"f"}},
		{name: "logged_tasks of an empty log", sql: `SELECT coco.logged_tasks('{}')`, want: []string{"{}"}},
		{
			name: "hierarchy goes up from a command", given: tree, sql: `SELECT command_id FROM coco.command_hierarchy({c})`,
			want: []string{"{c}", "{p}", "{r}"},
		},
		{
			name: "hierarchy ends in a circle", given: tree + `UPDATE command_entities SET parent_command_id = {c} WHERE command_id = {r}`,
			sql: `SELECT command_id FROM coco.command_hierarchy({c})`, want: []string{"{c}", "{p}", "{r}"},
		},
	})
	run(t, atMirror, []call{
		{
			name: "logged_tasks are those of the log and of its commands", given: oldInsert,
			sql: `SELECT coco.logged_tasks(ARRAY(SELECT seq FROM coco.change_log))`, want: []string{"{{t}}"},
		},
		{name: "waits for what is in the log", given: oldInsert, sql: `SELECT coco.waits('task', {t}), coco.waits('command', {u}), coco.waits('task', {u})`, want: []string{"t|t|f"}},
		{name: "guards are six triggers", sql: `SELECT cardinality(coco.guards())`, want: []string{"6"}},
		{name: "named_commands", given: oldInsert, sql: `SELECT c FROM coco.named_commands(ARRAY[{c}, {r}, {u}]::uuid[]) c ORDER BY c = {r}`, want: []string{"{c}", "{r}"}},
	})
}
