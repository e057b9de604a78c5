package check

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/routine"
)

func TestStatementsAreReadWithTheirUseAndLine(t *testing.T) {
	body, err := read(catalog.Routine{Body: `
DECLARE
    r record;
    c CURSOR (k integer) FOR SELECT id FROM task WHERE n = k;
BEGIN
    FOR r IN SELECT id FROM task LOOP -- a comment; with a sign
        v_n := r.id + 1;
    END LOOP;
    FETCH c INTO r.id;
    EXECUTE 'SELECT ' || v INTO STRICT a, b USING v_n, 'x;y';
    SELECT a, b INTO x FROM t WHERE c = 'INTO';
    RETURN QUERY SELECT 1;
END`})
	if err != nil {
		t.Fatal(err)
	}
	want := []routine.Statement{
		{Use: routine.UseCursor, Line: 4, SQL: "SELECT id FROM task WHERE n = k"},
		{Use: routine.UseQuery, Line: 6, SQL: "SELECT id FROM task", Into: []string{"r"}},
		{Use: routine.UseExpression, Line: 7, SQL: "SELECT r.id + 1", Into: []string{"v_n"}},
		{Use: routine.UseCursor, Line: 9, SQL: "SELECT id FROM task WHERE n = k", Into: []string{"r.id"}},
		{Use: routine.UseDynamic, Line: 10, SQL: "SELECT 'SELECT ' || v", Into: []string{"a", "b"}, Arguments: []string{"v_n", "'x;y'"}},
		{Use: routine.UseInto, Line: 11, SQL: "SELECT a, b FROM t WHERE c = 'INTO'", Into: []string{"x"}},
		{Use: routine.UseQuery, Line: 12, SQL: "SELECT 1"},
	}
	if len(body.Statements) != len(want) {
		t.Fatalf("%+v", body.Statements)
	}
	for i, s := range body.Statements {
		w := want[i]
		if s.Use != w.Use || s.Line != w.Line || s.SQL != w.SQL || strings.Join(s.Into, " ") != strings.Join(w.Into, " ") ||
			strings.Join(s.Arguments, " ") != strings.Join(w.Arguments, " ") {
			t.Errorf("%+v, want %+v", s, w)
		}
	}
}

func TestDeepBlocksAreRefused(t *testing.T) {
	deep := strings.Repeat("BEGIN ", 100_000) + strings.Repeat("END; ", 100_000)
	if _, err := read(catalog.Routine{Body: deep}); !errors.Is(err, errTooDeep) {
		t.Errorf("got %v", err)
	}
}

func TestMutatedBodiesNeitherStopItNorKeepIt(t *testing.T) {
	const source = `<<a>> DECLARE v t.c%TYPE := $1; c CURSOR (k int) FOR SELECT 1; BEGIN IF v = 'x' THEN FOR i IN 1..3 LOOP v := E'\'' || $q$;$q$;
		END LOOP; ELSIF b THEN FOR r IN EXECUTE 'x' USING 1 LOOP NULL; END LOOP; END IF; CASE v WHEN 1 THEN RETURN; ELSE RAISE 'x %', v USING HINT = 'y';
		END CASE; FETCH c INTO r.a, b[1]; OPEN c(2); SELECT 1 INTO v; EXCEPTION WHEN OTHERS THEN RETURN QUERY SELECT /* /* */ */ "q""x" -- end
		; END a`
	random := rand.New(rand.NewPCG(1, 2))
	tokens := scan(source)
	started := time.Now()
	for range 2000 {
		text := source
		for range 1 + random.IntN(3) {
			from, to := tokens[random.IntN(len(tokens))], tokens[random.IntN(len(tokens))]
			if from.start >= len(text) {
				continue
			}
			end := min(from.end+random.IntN(3), len(text))
			text = text[:from.start] + source[to.start:to.end] + text[end:]
		}
		body, err := read(catalog.Routine{Body: text, Trigger: true})
		if err == nil {
			_ = newProbe(catalog.Routine{Body: text}, body, shape{set: true}).String()
		}
	}
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("took %s", took)
	}
}
