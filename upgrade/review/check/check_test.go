package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/check"
)

func TestMain(m *testing.M) { testdb.Main(m) }

const tables = `
	CREATE TYPE pair AS (a integer, b text);
	CREATE TABLE task (id uuid PRIMARY KEY, name text, status integer, created timestamptz);
	CREATE TABLE log (task_id uuid, note text);
	CREATE SCHEMA elsewhere;
	CREATE TABLE elsewhere.hidden (x integer);
	INSERT INTO task VALUES ('00000000-0000-0000-0000-000000000001', 'one', 1, now());
`

// checked makes the routines in a database of its own, changes its tables afterwards, and checks it.
func checked(t *testing.T, routines, after string) (check.Result, *pgx.Conn) {
	t.Helper()
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	for _, sql := range []string{tables, "SET check_function_bodies = off", routines, "RESET check_function_bodies", after} {
		if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
	return run(t, conn), conn
}

func run(t *testing.T, conn *pgx.Conn) check.Result {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	c, err := catalog.Read(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	result, err := check.Routines(t.Context(), conn, c)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func function(head, body string) string {
	return "CREATE FUNCTION " + head + " LANGUAGE plpgsql AS $body$" + body + "$body$;"
}

func TestWhatFailsIsFoundAtItsLine(t *testing.T) {
	cases := map[string]struct {
		sql, after string
		line       int
		message    string
	}{
		"a column that is gone": {
			function("f(v_id uuid) RETURNS SETOF uuid", "\nBEGIN\n  RETURN QUERY SELECT id FROM task WHERE status = 1 AND id = v_id;\nEND"),
			"ALTER TABLE task DROP COLUMN status", 3, `column "status" does not exist`,
		},
		"a column that an insert names": {
			function("f() RETURNS void", "\nBEGIN\n  INSERT INTO task (id, gone)\n  VALUES (NULL, 1);\nEND"),
			"", 3, `column "gone" of relation "task" does not exist`,
		},
		"a table that is gone": {function("f() RETURNS void", "BEGIN\n  DELETE FROM log;\nEND"), "DROP TABLE log", 2, `relation "log" does not exist`},
		"a name that is a column and a variable": {
			function("f() RETURNS void", "DECLARE status integer;\nBEGIN\n  PERFORM id FROM task WHERE status = 1;\nEND"),
			"", 3, `column reference "status" is ambiguous`,
		},
		"a result of other types": {
			function("f() RETURNS SETOF pair", "BEGIN\n  RETURN QUERY SELECT 1, 2;\nEND"),
			"", 2, "structure of query does not match function result type",
		},
		"rows of a table that has more columns": {
			function("f() RETURNS TABLE (i uuid, n text)", "BEGIN\n  RETURN QUERY SELECT * FROM log;\nEND"),
			"ALTER TABLE log ADD COLUMN at date", 2, "structure of query does not match function result type",
		},
		"a call with other arguments": {
			function("g(a integer) RETURNS integer", "BEGIN RETURN a; END") + function("f() RETURNS void", "BEGIN\n  PERFORM g('x'::text, 2);\nEND"),
			"", 2, "function g(text, integer) does not exist",
		},
		"an argument of the wrong type": {
			function("f(v_name text) RETURNS void", "BEGIN\n  DELETE FROM task WHERE id = v_name;\nEND"),
			"", 2, "operator does not exist: uuid = text",
		},
		"a field that its query does not give": {
			function("f() RETURNS void", "DECLARE r record;\nBEGIN\n  SELECT id, name INTO r FROM task;\n  PERFORM r.status;\nEND"),
			"", 4, `record "r" has no field "status"`,
		},
		"a field in a loop": {
			function("f() RETURNS void", "DECLARE r record;\nBEGIN\n  FOR r IN SELECT id FROM task LOOP\n    INSERT INTO log VALUES (r.id, r.name);\n  END LOOP;\nEND"),
			"", 4, `record "r" has no field "name"`,
		},
		"a field of a cursor's row": {
			function("f() RETURNS void", "DECLARE c CURSOR (v integer) FOR SELECT id FROM task WHERE status = v; r record;\n"+
				"BEGIN\n  OPEN c(1);\n  FETCH c INTO r;\n  PERFORM r.gone;\nEND"),
			"", 5, `record "r" has no field "gone"`,
		},
		"a cursor's query": {
			function("f() RETURNS void", "DECLARE\n  c CURSOR FOR SELECT gone FROM task;\nBEGIN\n  OPEN c;\nEND"), "", 2, `column "gone" does not exist`,
		},
		"a field of a composite variable that is set": {
			function("f() RETURNS void", "DECLARE p pair;\nBEGIN\n  p.a := 1;\n  p.c := 2;\nEND"), "", 4, `record "p" has no field "c"`,
		},
		"a row of a trigger's table": {
			function("f() RETURNS trigger", "BEGIN\n  NEW.name := OLD.gone;\n  RETURN NEW;\nEND") +
				"CREATE TRIGGER t BEFORE UPDATE ON task FOR EACH ROW EXECUTE FUNCTION f();",
			"", 2, `record "old" has no field "gone"`,
		},
		"a column's type": {
			function("f() RETURNS void", "\nDECLARE\n  v task.status%TYPE;\nBEGIN\n  v := 1;\nEND"),
			"ALTER TABLE task DROP COLUMN status", 3, "", // what the servers say differs,
		},
		"a condition": {function("f() RETURNS void", "BEGIN\n  IF EXISTS (SELECT 1 FROM gone) THEN NULL; END IF;\nEND"), "", 2, `relation "gone" does not exist`},
		"a branch of it": {
			function("f() RETURNS void", "BEGIN\n  IF true THEN NULL;\n  ELSIF gone() THEN NULL;\n  END IF;\nEND"), "", 3, "function gone() does not exist",
		},
		"a handler": {
			function("f() RETURNS void", "BEGIN\n  NULL;\nEXCEPTION WHEN unique_violation OR OTHERS THEN\n  INSERT INTO log VALUES (NULL, SQLERRM, 3);\nEND"),
			"", 4, "INSERT has more expressions than target columns",
		},
		"a constant that is run": {
			function("f() RETURNS void", "BEGIN\n  EXECUTE 'DELETE FROM log WHERE gone = $1' USING 1;\nEND"), "", 2, `column "gone" does not exist`,
		},
		"too few variables": {
			function("f() RETURNS void", "DECLARE a uuid; b text;\nBEGIN\n  SELECT * INTO a, b FROM log;\nEND"),
			"ALTER TABLE log ADD COLUMN at date", 3, "number of source and target fields in assignment does not match",
		},
		"a view that cannot be written": {
			function("f() RETURNS void", "BEGIN\n  DELETE FROM v;\nEND") + "CREATE VIEW v AS SELECT count(*) FROM task;", "", 2, `cannot delete from view "v"`,
		},
		"a schema that is not searched": {
			function("f() RETURNS integer SET search_path = public", "BEGIN\n  RETURN x FROM hidden;\nEND"), "", 2, `relation "hidden" does not exist`,
		},
		"a query in SQL": {
			"CREATE FUNCTION f() RETURNS SETOF text LANGUAGE sql AS $$ SELECT gone FROM task $$;", "", 0, `column "gone" does not exist`,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			result, _ := checked(t, test.sql, test.after)
			if len(result.Problems) != 1 {
				t.Fatalf("problems: %+v, skipped: %+v", result.Problems, result.Skipped)
			}
			p := result.Problems[0]
			if p.Object.Name != "f" || p.Line != test.line || !strings.Contains(p.Message, test.message) {
				t.Errorf("%s:%d %s (%s)", p.Object, p.Line, p.Message, p.Detail)
			}
			if silent := strings.HasPrefix(p.Message, "number of source"); p.Silent != silent {
				t.Errorf("silent: %v", p.Silent)
			}
		})
	}
}

// sound is written in every way that PL/pgSQL has for it.
const sound = `
CREATE FUNCTION f(v_id uuid, v_name text DEFAULT 'x', INOUT v_n integer DEFAULT 1, VARIADIC v_rest text[] DEFAULT '{}') LANGUAGE plpgsql AS $body$
#variable_conflict use_column
<<main>>
DECLARE
    v_first ALIAS FOR $1;
    v_type CONSTANT task.status%TYPE NOT NULL := 1 + 1;
    v_row task%ROWTYPE;
    v_list text[] DEFAULT ARRAY['a', 'b']; -- status
    r record;
    by_status CURSOR (v_status integer) FOR SELECT id, name FROM task WHERE status = v_status;
    open_one refcursor;
    status integer = 3;
BEGIN
    SELECT * INTO STRICT v_row FROM task WHERE id = v_id AND id = v_first AND name = f.v_name FOR UPDATE;
    SELECT t.id, count(*) AS n INTO r FROM task t GROUP BY t.id -- the end
    ;
    v_n := r.n + main.v_type;
    v_list[1] := r.id::text || v_rest[1];
    v_row.name = 'x'';y';
    FOR r IN by_status(v_status := 3) LOOP
        PERFORM r.id, r.name;
    END LOOP;
    OPEN by_status(1);
    FETCH NEXT FROM by_status INTO r;
    WHILE FOUND LOOP
        PERFORM lower(r.name);
        FETCH by_status INTO v_row.id, v_row.name;
        EXIT WHEN v_row.id IS NULL;
    END LOOP;
    CLOSE by_status;
    OPEN open_one FOR SELECT note FROM log;
    FETCH open_one INTO r;
    RAISE NOTICE '% of %', r.note, v_n USING HINT = upper(r.note), ERRCODE = 'CO001';
    <<numbers>>
    FOR i IN REVERSE 10..1 BY 2 LOOP
        CONTINUE numbers WHEN i % 2 = 0;
        DECLARE
            v_text text := 'of ' || i;
        BEGIN
            INSERT INTO log AS l VALUES (v_id, v_text) RETURNING l.note INTO v_text;
            UPDATE task SET status = i WHERE id = v_id;
        EXCEPTION WHEN unique_violation THEN
            RAISE WARNING '%', SQLERRM;
            GET STACKED DIAGNOSTICS v_text = MESSAGE_TEXT;
        END;
    END LOOP numbers;
    FOREACH v_name IN ARRAY v_list LOOP
        DELETE FROM log WHERE note = v_name;
    END LOOP;
    CASE v_n WHEN 1, 2 THEN NULL; WHEN 3 THEN v_n := 4; ELSE NULL; END CASE;
    CASE WHEN v_n = 1 THEN NULL; END CASE;
    CREATE TEMPORARY TABLE IF NOT EXISTS found_ones (id uuid) ON COMMIT DROP;
    CREATE TEMP TABLE named AS SELECT id AS key, name FROM task;
    INSERT INTO found_ones SELECT key FROM named WHERE name LIKE $$a%$$;
    EXECUTE 'SELECT name FROM task WHERE id = $1' INTO v_name USING v_id;
    EXECUTE 'INSERT INTO log SELECT key, name FROM named';
    WITH gone AS (DELETE FROM log RETURNING task_id) SELECT count(*) INTO v_n FROM gone;
    ASSERT v_n >= 0, 'never';
    IF v_n = 1 THEN RETURN; ELSEIF v_n = 2 THEN NULL; ELSE v_n := count(*) FROM task; END IF;
    /* a comment /* in another */ ; */
END
$body$;
CREATE FUNCTION rows(OUT a integer, OUT b text) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT t.status, t.name FROM task t;
    a := 1;
    RETURN NEXT;
END
$$;
CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO log VALUES (OLD.id, TG_TABLE_NAME || TG_ARGV[0]);
        RETURN OLD;
    END IF;
    NEW.created := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER tr BEFORE INSERT OR DELETE ON task FOR EACH ROW EXECUTE FUNCTION tr();
CREATE FUNCTION hidden() RETURNS integer LANGUAGE plpgsql SET search_path = elsewhere AS $$ BEGIN RETURN x FROM hidden; END $$;
CREATE PROCEDURE work(INOUT n integer) LANGUAGE plpgsql AS $$ BEGIN SELECT count(*) INTO n FROM task; COMMIT; END $$;
`

func TestSoundRoutinesHaveNoProblemAndLeaveNothingOut(t *testing.T) {
	result, conn := checked(t, sound, "")
	if len(result.Problems) > 0 || len(result.Skipped) > 0 || result.Checked != 5 || result.Statements < 55 {
		t.Errorf("%d statements of %d routines, problems %+v, skipped %+v", result.Statements, result.Checked, result.Problems, result.Skipped)
	}
	var left int
	err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_class WHERE relname IN ('found_ones', 'named')`).Scan(&left)
	if err != nil || left > 0 {
		t.Errorf("%d tables are left, %v", left, err)
	}
}

func TestNothingIsRunAndNothingStays(t *testing.T) {
	result, conn := checked(t, function("f() RETURNS integer", `
		BEGIN
			DELETE FROM task;
			PERFORM nextval('s');
			RETURN nextval('s');
		END`)+"CREATE SEQUENCE s;", "")
	if len(result.Problems) > 0 {
		t.Error(result.Problems)
	}
	var (
		rows     int
		called   bool
		path     string
		leftover int
	)
	err := conn.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM task), (SELECT is_called FROM s), current_setting('search_path'),
		(SELECT count(*) FROM pg_proc WHERE proname LIKE 'coco%') + (SELECT count(*) FROM pg_extension WHERE extname = 'plpgsql_check')`).
		Scan(&rows, &called, &path, &leftover)
	if err != nil || rows != 1 || called || path != `"$user", public` || leftover > 0 {
		t.Errorf("%d rows, sequence called %v, search_path %s, %d left, %v", rows, called, path, leftover, err)
	}
}

func TestWhatCannotBeCheckedIsSaid(t *testing.T) {
	result, _ := checked(t, function("dynamic(v text) RETURNS void", `
		DECLARE r record;
		BEGIN
			EXECUTE 'SELECT * FROM ' || v INTO r;
			PERFORM r.id;
		END`)+
		function("utility() RETURNS void", "BEGIN TRUNCATE log; END")+
		function("lonely() RETURNS trigger", "BEGIN NEW.x := 1; PERFORM NEW.x; RETURN NEW; END")+
		function("open(a anyelement) RETURNS anyelement", "BEGIN RETURN a; END")+
		`CREATE FUNCTION foreign_one() RETURNS void LANGUAGE internal AS 'pg_backend_pid';
		 CREATE AGGREGATE longest(text) (sfunc = textcat, stype = text);`, "")
	if len(result.Problems) > 0 {
		t.Error(result.Problems)
	}
	var got []string
	for _, s := range result.Skipped {
		got = append(got, fmt.Sprintf("%s:%d %s", s.Object.Name, s.Line, s.Reason))
	}
	want := []string{
		"dynamic:4 EXECUTE: the statement is put together when it runs",
		`dynamic:5 which columns "r" has is known only when it runs`,
		"foreign_one:0 what is written in internal cannot be checked",
		`lonely:1 which columns "new" has is known only when it runs`,
		"open:0 the types of its arguments are open until it is called",
		"utility:1 TRUNCATE is looked at only when it runs",
	}
	if !slices.Equal(got, want) {
		t.Errorf("skipped\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestASecondOpinionIsTheSame(t *testing.T) {
	result, conn := checked(t, function("f() RETURNS void", "\nBEGIN\n  DELETE FROM task WHERE gone = 1;\nEND")+
		function("g() RETURNS void", "BEGIN CREATE TEMP TABLE mine (x integer); DELETE FROM mine; END"), "")
	var there bool
	err := conn.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'plpgsql_check')`).Scan(&there)
	if err != nil {
		t.Fatal(err)
	}
	want := check.ByCoco
	if there {
		want = check.ByBoth
	}
	if len(result.Problems) != 1 || result.Problems[0].By != want || (result.Second != "") != there {
		t.Errorf("second %q, %+v", result.Second, result.Problems)
	}
}
