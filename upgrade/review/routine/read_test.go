package routine

import (
	"errors"
	"strings"
	"testing"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

func TestStatementsAreReadWithTheirUseAndLine(t *testing.T) {
	body, err := Read(catalog.Routine{Language: "plpgsql", Body: `
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
	want := []Statement{
		{Use: UseCursor, Line: 4, SQL: "SELECT id FROM task WHERE n = k"},
		{Use: UseQuery, Line: 6, SQL: "SELECT id FROM task", Into: []string{"r"}},
		{Use: UseExpression, Line: 7, SQL: "SELECT r.id + 1", Into: []string{"v_n"}},
		{Use: UseCursor, Line: 9, SQL: "SELECT id FROM task WHERE n = k", Into: []string{"r.id"}},
		{Use: UseDynamic, Line: 10, SQL: "SELECT 'SELECT ' || v", Into: []string{"a", "b"}, Arguments: []string{"v_n", "'x;y'"}},
		{Use: UseInto, Line: 11, SQL: "SELECT a, b FROM t WHERE c = 'INTO'", Into: []string{"x"}},
		{Use: UseQuery, Line: 12, SQL: "SELECT 1"},
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
	deep := strings.Repeat("BEGIN ", 20_000) + strings.Repeat("END; ", 20_000)
	if _, err := Read(catalog.Routine{Language: "plpgsql", Body: deep}); !errors.Is(err, errTooDeep) {
		t.Errorf("got %v", err)
	}
}
