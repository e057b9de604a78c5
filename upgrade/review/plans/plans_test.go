package plans_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/plans"
)

func TestMain(m *testing.M) { testdb.Main(m) }

const tables = `
	CREATE TABLE task (id integer PRIMARY KEY, kind text, note text);
	CREATE TABLE step (task_id integer, n integer, kind text);
	CREATE INDEX step_task ON step (task_id);
	INSERT INTO task SELECT n, 'kind', 'SECRET' FROM generate_series(1, 40) AS n;
	CREATE VIEW steps AS SELECT s.*, t.note FROM step s JOIN task t ON t.id = s.task_id;`

func of(t *testing.T, sql string) (plans.Result, *pgx.Conn) {
	t.Helper()
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	if _, err := conn.Exec(t.Context(), tables+sql); err != nil {
		t.Fatal(err)
	}
	var c *catalog.Catalog
	err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) (err error) {
		c, err = catalog.Read(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := plans.Of(t.Context(), conn, c.Database, c.Routines)
	if err != nil {
		t.Fatal(err)
	}
	return result, conn
}

func TestStatementsArePlannedForAnyValueOfTheirVariables(t *testing.T) {
	for name, test := range map[string]struct{ declare, body, want string }{
		"an argument":            {"", "PERFORM note FROM task WHERE id = v_id;", "Index Cond: (id = v_id)"},
		"a variable":             {"n integer := 1;", "n := (SELECT count(*) FROM task WHERE id = n);", "using task_pkey on task"},
		"a column's type":        {"n task.id%TYPE;", "DELETE FROM step WHERE task_id = n;", "Index Cond: (task_id = n)"},
		"a field of a record":    {"r record;", "FOR r IN SELECT id FROM task LOOP UPDATE step SET n = 1 WHERE task_id = r.id; END LOOP;", "Index Cond: (task_id = r.id)"},
		"columns of an insert":   {"kind text;", "INSERT INTO task (id, kind) SELECT v_id, kind.x FROM (SELECT 1 AS x) AS kind;", "Insert on task"},
		"a column that is set":   {"n integer;", "UPDATE step SET n = v_id WHERE step.task_id = 7;", "Index Cond: (task_id = 7)"},
		"into a variable":        {"x text;", "SELECT note INTO x FROM task WHERE id = v_id;", "Index Cond: (id = v_id)"},
		"a test":                 {"", "IF EXISTS (SELECT 1 FROM step WHERE task_id = v_id) THEN RETURN; END IF;", "using step_task on step"},
		"rows that are returned": {"r record;", "FOR r IN SELECT * FROM steps s WHERE s.task_id = v_id LOOP NULL; END LOOP;", "Bitmap Index Scan on step_task"},
		"no index to go by":      {"", "PERFORM 1 FROM task WHERE kind = 'x';", "Seq Scan on task"},
	} {
		t.Run(name, func(t *testing.T) {
			result, _ := of(t, `CREATE FUNCTION f(v_id integer) RETURNS void LANGUAGE plpgsql AS $$ DECLARE `+test.declare+` BEGIN
				`+test.body+`
			END $$`)
			if result.Left > 0 || !slices.ContainsFunc(result.Plans, func(p plans.Plan) bool { return strings.Contains(p.Text, test.want) }) {
				t.Errorf("%+v", result)
			}
		})
	}
}

func TestScansSayWhichTablesAreReadAsAWhole(t *testing.T) {
	result, _ := of(t, `CREATE FUNCTION f(v_id integer) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
		PERFORM 1 FROM step s WHERE s.kind = 'x' AND EXISTS (SELECT 1 FROM task t WHERE t.id = s.n);
	END $$`)
	if len(result.Plans) != 1 || result.Plans[0].Line != 2 || result.Plans[0].Object.Name != "f" {
		t.Fatalf("%+v", result)
	}
	got := map[string]plans.Scan{}
	for _, s := range result.Plans[0].Scans {
		got[s.Table] = s
	}
	if !got["step"].Sequential || got["task"].Sequential || got["task"].Rows != 40 || got["task"].Schema != "public" {
		t.Errorf("%+v", got)
	}
}

func TestWhatCannotBePlannedByItselfIsCountedAndNothingIsRunOrLeft(t *testing.T) {
	result, conn := of(t, `CREATE FUNCTION f(v_id integer, text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
			EXECUTE 'DELETE FROM task WHERE id = ' || v_id;
			DELETE FROM task WHERE id = f.v_id;
			DELETE FROM task WHERE note = $2;
			DELETE FROM task WHERE id > v_id;
			TRUNCATE task;
		END $$;
		SET check_function_bodies = off;
		CREATE FUNCTION garbage() RETURNS void LANGUAGE plpgsql AS 'no body'; CREATE FUNCTION other(v_id integer) RETURNS text LANGUAGE sql AS 'SELECT note FROM task WHERE id = v_id'`)
	if len(result.Plans) != 2 || result.Left != 3 {
		t.Errorf("%+v", result)
	}
	for _, p := range result.Plans {
		if strings.Contains(p.Text, "SECRET") {
			t.Errorf("a value of a row stands in %s", p.Text)
		}
	}
	var rows, prepared int
	err := conn.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM task), (SELECT count(*) FROM pg_prepared_statements WHERE name = 'coco_plan_')`).Scan(&rows, &prepared)
	if err != nil || rows != 40 || prepared != 0 {
		t.Errorf("%d rows, %d prepared: %v", rows, prepared, err)
	}
}

func TestSearchPathsOfProceduresCount(t *testing.T) {
	result, _ := of(t, `CREATE SCHEMA site; CREATE TABLE site.task (id integer, a text);
		CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql SET search_path = site AS $$ BEGIN PERFORM a FROM task; END $$`)
	if len(result.Plans) != 1 || result.Plans[0].Scans[0].Schema != "site" {
		t.Errorf("%+v", result)
	}
}
