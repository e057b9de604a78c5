package routine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/routine"
)

func parsed(t *testing.T, r catalog.Routine) *routine.Body {
	t.Helper()
	body, err := routine.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// short writes what is named as: name(reads/writes) and its letters, name() for a routine.
func short(r routine.Refers) string {
	var all []string
	full := func(n routine.Name) string { return strings.TrimPrefix(n.Schema+"."+n.Name, ".") }
	for _, t := range r.Tables {
		does := ""
		for _, d := range []struct {
			does bool
			name string
		}{{t.Read, "r"}, {t.Insert, "i"}, {t.Update, "u"}, {t.Delete, "d"}} {
			if d.does {
				does += d.name
			}
		}
		all = append(all, fmt.Sprintf("%s:%s %s>%s", full(t.Name), does, strings.Join(t.Reads, ","), strings.Join(t.Writes, ",")))
	}
	for _, n := range r.Routines {
		all = append(all, full(n)+"()")
	}
	return strings.Join(all, "; ")
}

func TestWhatStatementsNameIsFound(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT a, b FROM vm WHERE c = v_id":                                                                                              "vm:r a,b,c>",
		"SELECT * FROM public.vm v WHERE v.id = v_id":                                                                                     "public.vm:r *,id>",
		"SELECT v.name, h.id, other FROM vm v JOIN host h ON h.id = v.host":                                                               "host:r id>; vm:r host,name>",
		"SELECT h.* FROM vm, host h":                                                                                                      "host:r *>; vm:r >",
		"SELECT max(a) FROM vm WHERE EXISTS (SELECT 1 FROM host WHERE x = vm.y)":                                                          "host:r x>; vm:r a,y>; max()",
		"SELECT site.f(x, lower(y)) FROM vm":                                                                                              "vm:r x,y>; lower(); site.f()",
		"WITH vm AS (SELECT id FROM vm) SELECT id FROM vm":                                                                                "vm:r id>",
		"WITH RECURSIVE t AS (SELECT id FROM vm UNION SELECT t.id FROM t) SELECT id FROM t":                                               "vm:r id>",
		"WITH gone AS (DELETE FROM host WHERE old RETURNING id) INSERT INTO vm (id) SELECT id FROM gone":                                  "host:d id,old>; vm:i >id",
		"INSERT INTO vm VALUES (v_id)":                                                                                                    "vm:i >*",
		"INSERT INTO vm DEFAULT VALUES":                                                                                                   "vm:i >",
		"INSERT INTO vm (id, n) VALUES (v_id, 1) ON CONFLICT (id) DO UPDATE SET n = excluded.n + vm.n, m = 1":                             "vm:iu n>id,m,n",
		"INSERT INTO vm (id) SELECT h.vm FROM host h RETURNING id":                                                                        "host:r vm>; vm:i id>id",
		"UPDATE ONLY vm AS v SET (a, b) = (1, h.b), c = v.c FROM host h WHERE v.id = h.id":                                                "host:r b,id>; vm:u c,id>a,b,c",
		"DELETE FROM vm USING host WHERE vm.id IN (SELECT id FROM host)":                                                                  "host:r id>; vm:d id>",
		"MERGE INTO vm USING host h ON vm.id = h.id WHEN MATCHED THEN UPDATE SET a = h.a WHEN NOT MATCHED THEN INSERT (id) VALUES (h.id)": "host:r a,id>; vm:iu id>a,id",
		"TRUNCATE vm, host":                         "host:d >; vm:d >",
		"CREATE TEMP TABLE tt AS SELECT id FROM vm": "vm:r id>",
		"SELECT x FROM unnest(v_ids) AS x, LATERAL (SELECT id FROM vm WHERE vm.a = x) s": "vm:r a,id>; unnest()",
		"SELECT vm FROM vm FOR UPDATE OF vm":                                             "vm:r *>",
		"CALL site.run(v_id)":                                                            "site.run()",
		`SELECT "Id" FROM "Vm"`:                                                          "Vm:r Id>",
		"LOCK TABLE vm":                                                                  "",
		"SELECT a FROM vm UNION ALL VALUES (f())":                                        "vm:r a>; f()",
	} {
		body := parsed(t, catalog.Routine{
			Language: "plpgsql", Body: "BEGIN " + strings.TrimPrefix(sql, " ") + "; END",
			Parameters: "v_id uuid, v_ids integer[]",
		})
		if got := short(body.Refers()); got != want {
			t.Errorf("%s\ngot  %s\nwant %s (%s)", sql, got, want, body.Statements[0].Unclear)
		}
	}
}

func TestRoutinesInSQLAreRead(t *testing.T) {
	r := catalog.Routine{Language: "sql", Parameters: "v_id uuid, integer DEFAULT 3", Body: "-- one;\nDELETE FROM vm WHERE id = v_id AND n > $2;\nSELECT ';' FROM host\n"}
	r.Arguments = "uuid, integer"
	body := parsed(t, r)
	if got := short(body.Refers()); got != "host:r >; vm:d id,n>" || len(body.Statements) != 2 || body.Statements[1].Line != 3 || body.Statements[1].Use != routine.UseQuery {
		t.Errorf("got %s, %+v", got, body.Statements)
	}
	if v := body.Variables; len(v) != 1 || v[0].Name != "v_id" || v[0].Type != "uuid" || v[0].Read != 1 || !v[0].Argument {
		t.Errorf("variables %+v", v)
	}
	for definition, want := range map[string]string{
		"CREATE FUNCTION public.f() RETURNS void\n LANGUAGE sql\nBEGIN ATOMIC\n INSERT INTO vm (id) VALUES (CASE WHEN true THEN 1 END);\n SELECT a FROM host;\nEND\n": "host:r a>; vm:i >id",
		"CREATE FUNCTION public.f() RETURNS integer\n LANGUAGE sql\nRETURN (SELECT max(a) FROM vm)":                                                                   "vm:r a>; max()",
	} {
		if got := short(parsed(t, catalog.Routine{Language: "sql", Definition: definition}).Refers()); got != want {
			t.Errorf("got %s, want %s of\n%s", got, want, definition)
		}
	}
}

func TestVariablesAreCountedWhereTheyAreReadAndSet(t *testing.T) {
	r := catalog.Routine{Language: "plpgsql", Parameters: "v_id uuid, OUT total integer, v_name character varying DEFAULT 'x'::character varying", Body: `
DECLARE unused text; only_set integer; counted integer; rec record; c CURSOR FOR SELECT id FROM vm; i integer; arr integer[]; n integer;
	shadowed integer; used text;
BEGIN
	only_set := 1;
	GET DIAGNOSTICS counted = ROW_COUNT;
	FOR i IN 1..3 LOOP PERFORM f(i); END LOOP;
	FOR rec IN SELECT a FROM vm LOOP arr[n] := rec.a; END LOOP;
	OPEN c; CLOSE c;
	DECLARE shadowed integer; BEGIN shadowed := shadowed + 1; END;
	EXECUTE 'SELECT ' || quote_ident(v_name) USING used;
	SELECT count(*) INTO total FROM vm WHERE vm.unused = $1;
END`}
	r.Arguments = "uuid, character varying"
	body := parsed(t, r)
	var got []string
	for _, v := range body.Variables {
		if !v.Implicit {
			got = append(got, fmt.Sprintf("%s %d %d", v.Name, v.Read, v.Set))
		}
	}
	want := []string{
		"v_id 0 0", "total 0 1", "v_name 1 0", "unused 0 0", "only_set 0 1", "counted 0 1", "rec 1 1", "c 2 0", "i 0 0", "arr 0 1", "n 1 0",
		"shadowed 0 0", "used 1 0", "shadowed 1 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if v := body.Variables[2]; v.Type != "character varying" || !v.Argument {
		t.Errorf("%+v", v)
	}
}

func TestGuardsAreTheTestsThatDecide(t *testing.T) {
	body := parsed(t, catalog.Routine{Language: "plpgsql", Body: `BEGIN
	IF EXISTS (SELECT 1 FROM vm) THEN RETURN; END IF;
	INSERT INTO vm VALUES (1);
	IF a THEN PERFORM b; ELSIF c THEN PERFORM d; ELSE PERFORM e; END IF;
	WHILE f LOOP EXIT WHEN g; PERFORM h; END LOOP;
	BEGIN CASE WHEN i THEN PERFORM j; END CASE; EXCEPTION WHEN unique_violation OR SQLSTATE '22012' THEN PERFORM k; END;
	END`})
	var got []string
	for i, s := range body.Statements {
		var guards []string
		for _, n := range s.Guards {
			guards = append(guards, body.Statements[i-n].SQL)
		}
		got = append(got, s.SQL+" if "+strings.Join(guards, " & "))
	}
	const first = "SELECT EXISTS (SELECT 1 FROM vm)"
	want := []string{
		first + " if ", "INSERT INTO vm VALUES (1) if " + first,
		"SELECT a if " + first, "SELECT b if " + first + " & SELECT a", "SELECT c if " + first + " & SELECT a",
		"SELECT d if " + first + " & SELECT a & SELECT c", "SELECT e if " + first + " & SELECT a & SELECT c",
		"SELECT f if " + first, "SELECT g if " + first + " & SELECT f", "SELECT h if " + first + " & SELECT f & SELECT g",
		"SELECT i if " + first, "SELECT j if " + first + " & SELECT i", "SELECT k if " + first,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if h := body.Handlers; len(h) != 1 || !slices.Equal(h[0].Conditions, []string{"unique_violation", "22012"}) {
		t.Errorf("handlers %+v", h)
	}
}

func TestOnlyCommentsSilence(t *testing.T) {
	body := parsed(t, catalog.Routine{Language: "plpgsql", Body: `BEGIN
	-- coco:ignore when-others it is only a cache
	PERFORM '-- coco:ignore null-comparison never';
	-- coco:ignore variable-unused
	END`})
	want := []routine.Ignore{{Rule: "when-others", Reason: "it is only a cache", Line: 2}, {Rule: "variable-unused", Line: 4}}
	if !slices.Equal(body.Ignored, want) {
		t.Errorf("%+v", body.Ignored)
	}
}

func TestWhatIsNotUnderstoodIsSaid(t *testing.T) {
	_, err := routine.Parse(catalog.Routine{Language: "plperl", Body: "return 1"})
	if language, ok := errors.AsType[*routine.LanguageError](err); !ok || language.Language != "plperl" {
		t.Errorf("got %v", err)
	}
	for name, body := range map[string]string{
		"no PL/pgSQL": "BEGIN IF END",
		"too long":    "BEGIN " + strings.Repeat("PERFORM 1; ", 1<<17) + "END",
		"cut off":     "BEGIN FETCH INTO x",
	} {
		if _, err := routine.Parse(catalog.Routine{Language: "plpgsql", Body: body}); err == nil || strings.Contains(err.Error(), "the reader fails") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, sql := range map[string]string{
		"no SQL":        "SELECT FROM WHERE x",
		"deep brackets": "SELECT " + strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000),
		"a long sum":    "SELECT x" + strings.Repeat(" + 1", 20_000),
		"a long text":   "SELECT x, '" + strings.Repeat("x", 300_000) + "'",
	} {
		body := parsed(t, catalog.Routine{Language: "plpgsql", Body: "DECLARE x integer; BEGIN " + sql + "; END"})
		if n, why := body.Unclear(); n != 1 || why == "" {
			t.Errorf("%s: %d unclear: %s", name, n, why)
		}
		if v := body.Variables[1]; v.Name != "x" || v.Read == 0 && name != "deep brackets" {
			t.Errorf("%s: a variable passes for unused: %+v", name, v)
		}
	}
}
