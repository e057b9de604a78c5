package test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/internal/testdb"
)

func TestAnEmptyDatabaseGoesUpAndDown(t *testing.T) {
	t.Parallel()
	db := testdb.New(t, testdb.Options{})
	conn := db.Connect(t.Context())
	up(t, conn, 0, 1)
	first := db.Dump(t)

	up(t, conn, 1, versionRetire)
	called := calledProcedures(t)
	same(t, "procedures that the queries call", called, query(t, conn, `SELECT DISTINCT proname FROM pg_proc
		WHERE pronamespace IN ('public'::regnamespace, 'coco'::regnamespace) AND proname = ANY ($1) ORDER BY 1`, called))
	exec(t, conn, `SELECT insertcommandentity(md5('c')::uuid, 4, NULL, md5('c')::uuid, '{}', 'C', now(), 'ACTIVE');
		SELECT insertasync_tasks(4, 0, 2, NULL, md5('t')::uuid, NULL, md5('c')::uuid, now(), NULL, 1);
		SELECT insertasynctaskentities(md5('t')::uuid, md5('vm')::uuid, 'VM')`)
	same(t, "the first task", []string{"{} 1"}, query(t, conn,
		`SELECT concat_ws(' ', t.action_parameters, t.task_type) FROM getasynctasksbyentityid(md5('vm')::uuid) t`))
	exec(t, conn, `SELECT deleteasync_tasks(md5('t')::uuid); SELECT deletecommandentity(md5('c')::uuid)`)
	holds(t, conn)

	down(t, conn, versionRetire, 1)
	identical(t, first, db.Dump(t))
	up(t, conn, 1, versionContract)
	down(t, conn, versionContract, 1)
	identical(t, first, db.Dump(t))
	down(t, conn, 1, 0)
	identical(t, first, db.Dump(t)) // tables of an engine are never dropped
	same(t, "tables", []string{"async_tasks", "async_tasks_entities"},
		query(t, conn, `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1`))
	up(t, conn, 0, versionRetire) // and what is left of it is taken for a fresh installation again
	same(t, "procedures that the queries call", called, query(t, conn, `SELECT DISTINCT proname FROM pg_proc
		WHERE pronamespace IN ('public'::regnamespace, 'coco'::regnamespace) AND proname = ANY ($1) ORDER BY 1`, called))
	holds(t, conn)
}

// calledProcedures returns the names, in lower case, of all procedures that sql/queries call.
func calledProcedures(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../sql/queries/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of queries, %v", len(files), err)
	}
	call := regexp.MustCompile(`(?m)^SELECT (?:.* FROM )?(?:coco\.)?(\w+)\(`)
	var names []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := call.FindAllStringSubmatch(string(text), -1)
		if queries := strings.Count(string(text), "-- name:"); queries != len(found) {
			t.Fatalf("%s: %d queries but %d calls", file, queries, len(found))
		}
		for _, match := range found {
			names = append(names, strings.ToLower(match[1]))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestDatabasesThatAreNoEngine34AreRefusedAsTheyAre(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		empty  bool // instead of an engine's database
		script string
		reason string
	}{
		"other tables":                {true, `CREATE TABLE orders (id integer)`, "no async_tasks"},
		"other views":                 {true, `CREATE VIEW orders AS SELECT 1 AS id`, "no async_tasks"},
		"a view instead of the table": {true, `CREATE VIEW async_tasks AS SELECT 1 AS task_id`, "async_tasks is no ordinary table"},
		"an engine 3.5": {false, `CREATE TABLE command_entities (command_id uuid PRIMARY KEY)`,
			"command_entities of its own: its engine is version 3.5 or later"},
		"a schema coco":    {false, `CREATE SCHEMA coco`, "schema coco is already there"},
		"a missing column": {false, `ALTER TABLE async_tasks DROP COLUMN root_command_id`, "async_tasks.root_command_id uuid"},
		"missing columns": {false, `ALTER TABLE async_tasks DROP COLUMN task_parameters, DROP COLUMN task_params_class`,
			"async_tasks.task_parameters text, async_tasks.task_params_class character varying(256)"},
		"another type": {false, `ALTER TABLE async_tasks ALTER action_params_class TYPE varchar(255)`,
			"async_tasks.action_params_class character varying(256)"},
		"an extra column":   {false, `ALTER TABLE async_tasks ADD COLUMN note text`, "columns that no engine 3.3 or 3.4 knows: note"},
		"a missing table":   {false, `DROP TABLE async_tasks_entities CASCADE`, "table async_tasks_entities is missing"},
		"a missing getter":  {false, `DROP FUNCTION getallfromasync_tasks()`, "procedure getallfromasync_tasks is missing"},
		"a missing summary": {false, `DROP FUNCTION fn_db_get_async_tasks()`, "procedure fn_db_get_async_tasks is missing"},
		"a view on a moved column": {false, `CREATE VIEW texts AS SELECT action_parameters FROM async_tasks`,
			"view texts depends on column action_parameters"},
		"a view on a column behind a moved one": {false, `CREATE VIEW steps AS SELECT step_id FROM async_tasks`,
			"view steps depends on column step_id"},
		"a trigger on a moved column": {false, `CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
			CREATE TRIGGER roots BEFORE UPDATE OF root_command_id ON async_tasks FOR EACH ROW EXECUTE FUNCTION nothing()`,
			"trigger roots on table async_tasks depends on column root_command_id"},
		"a policy on a moved column": {false, `CREATE POLICY mine ON async_tasks USING (task_params_class IS NULL)`,
			"policy mine on table async_tasks depends on column task_params_class"},
		"an index on a moved column": {false, `CREATE INDEX roots ON async_tasks (root_command_id)`,
			"index roots depends on column root_command_id"},
		"a default of a moved column": {false, `ALTER TABLE async_tasks ALTER task_parameters SET DEFAULT ''`,
			"default value for column task_parameters of table async_tasks depends on column task_parameters"},
		"a check of a moved column": {false, `ALTER TABLE async_tasks ADD CONSTRAINT told CHECK (action_parameters <> '')`,
			"constraint told on table async_tasks depends on column action_parameters"},
		"a moved column that is NOT NULL": {false, `ALTER TABLE async_tasks ALTER root_command_id SET NOT NULL`,
			"column root_command_id of async_tasks is NOT NULL or has a collation"},
		"a moved column with a collation": {false, `ALTER TABLE async_tasks ALTER action_parameters TYPE text COLLATE "C"`,
			"column action_parameters of async_tasks is NOT NULL or has a collation"},
		"a foreign key to a column behind a moved one": {false, `ALTER TABLE async_tasks ADD UNIQUE (task_id, command_id);
			CREATE TABLE links (a uuid, b uuid, CONSTRAINT link FOREIGN KEY (a, b) REFERENCES async_tasks (task_id, command_id))`,
			"constraint link on table links depends on column command_id"},
		"a column of the row type": {false, `CREATE TABLE copies (task async_tasks)`, "copies inherits from async_tasks or has a column"},
		"a column of many rows":    {false, `CREATE TABLE copies (tasks async_tasks[])`, "copies inherits from async_tasks or has a column"},
		"a child table":            {false, `CREATE TABLE child () INHERITS (async_tasks)`, "child inherits from async_tasks"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var db *testdb.DB
			if c.empty {
				db = testdb.New(t, testdb.Options{})
			} else {
				db = engine(t)
			}
			conn := db.Connect(t.Context())
			exec(t, conn, c.script)
			before := db.Dump(t)
			refusedWith(t, apply(t.Context(), conn, 1, "up"), c.reason)
			identical(t, before, db.Dump(t))
		})
	}
}

func TestProceduresThatCannotBeReplacedAreNamedAndNothingIsChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script  string
		version int
		reason  string
	}{
		"an overload of a writer": {`CREATE FUNCTION updateasync_tasks(v_task_id uuid) RETURNS void LANGUAGE sql AS ''`,
			versionMirror, "procedure updateasync_tasks has overloads"},
		"an overload of a getter": {`CREATE FUNCTION getallfromasync_tasks(v_all boolean) RETURNS SETOF async_tasks LANGUAGE sql
			AS 'SELECT * FROM async_tasks'`, versionGetters, "procedure getallfromasync_tasks has overloads"},
		"other arguments": {`DROP FUNCTION getasync_tasksbytask_id(uuid);
			CREATE FUNCTION getasync_tasksbytask_id(text) RETURNS SETOF async_tasks LANGUAGE sql AS 'SELECT * FROM async_tasks'`,
			versionGetters, "procedure getasync_tasksbytask_id has other arguments"},
		"a view over a getter": {`CREATE VIEW running AS SELECT task_id FROM getallfromasync_tasks()`,
			versionGetters, "view running depends on procedure public.getallfromasync_tasks()"},
		"a view over the table after the check": {`CREATE VIEW texts AS SELECT action_parameters FROM async_tasks`,
			versionContract, "view texts depends on column action_parameters"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := engine(t)
			conn := db.Connect(t.Context())
			up(t, conn, 0, 1)
			exec(t, conn, c.script)
			up(t, conn, 1, c.version-1)
			before := db.Dump(t)
			refusedWith(t, apply(t.Context(), conn, c.version, "up"), c.reason)
			identical(t, before, db.Dump(t))
		})
	}
}

// refusedWith checks that a migration refused the database in one line with the reason, and said what to do next.
func refusedWith(t *testing.T, err error, reason string) {
	t.Helper()
	var refusal *pgconn.PgError
	if !errors.As(err, &refusal) || refusal.Code != "CO001" {
		t.Fatalf("%v, want it refused with SQLSTATE CO001", err)
	}
	if !strings.Contains(refusal.Message, reason) || strings.Contains(refusal.Message, "\n") {
		t.Errorf("%q does not say on one line %q", refusal.Message, reason)
	}
	if refusal.Hint == "" {
		t.Error("the refusal does not say what to do next")
	}
}
