package upgrade

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/sql"
)

func TestStatementsAreFoundWhereTheyAre(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                    nil,
		" -- nothing\n/* at /* all */ */ ;;":  nil,
		"SELECT 1; SELECT 2":                  {"SELECT 1;", "SELECT 2"},
		"-- a;\nSELECT 1 -- b;\n;\n/*;*/DO 1": {"SELECT 1 -- b;\n;", "DO 1"},
		"SELECT ';''', E'\\';', ';'; x":       {"SELECT ';''', E'\\';', ';';", "x"},
		`SELECT '\'; SELECT ";""";x`:          {`SELECT '\';`, `SELECT ";""";`, "x"},
		"DO $$;$a$;$$; DO $a$;$$;$a$;":        {"DO $$;$a$;$$;", "DO $a$;$$;$a$;"},
		"SELECT $1; SELECT a$b$; SELECT 1":    {"SELECT $1;", "SELECT a$b$;", "SELECT 1"},
		"CREATE RULE r AS DO (a; b); c;":      {"CREATE RULE r AS DO (a; b);", "c;"},
		"SELECT table'x;'; ä; $ü$;$ü$":        {"SELECT table'x;';", "ä;", "$ü$;$ü$"},
		"SELECT 'never ends; -- /*":           {"SELECT 'never ends; -- /*"},
		"/* never ends; SELECT 1;":            nil,
	} {
		var got []string
		for _, s := range statements(text) {
			got = append(got, text[s.start:s.end])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestMigrationsFallIntoTheStatementsThatTheServerRuns(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	conn := db.Connect(t.Context())
	files, err := fs.Sub(sql.Schema, "schema")
	if err != nil {
		t.Fatal(err)
	}
	chain, err := LoadChain(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range append(chain.Ups(), chain.Downs()...) {
		err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
			for _, s := range statements(step.SQL) {
				// The extended protocol takes one statement, no more.
				if _, err := tx.Exec(t.Context(), strings.TrimSuffix(step.SQL[s.start:s.end], ";"), pgx.QueryExecModeExec); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatalf("%s: %v", step.file(), err)
		}
	}
}

func TestOnlyFramesThatNoValueCanBePartOfAreRead(t *testing.T) {
	for context, want := range map[string][]frame{
		"": nil,
		"PL/pgSQL function coco.prove(bigint) line 14 at RAISE":                                                {{"coco.prove(bigint)", 14}},
		"PL/pgSQL function f(text, integer[], character varying) line 3 at SQL statement":                      {{"f(text, integer[], character varying)", 3}},
		"PL/pgSQL function inline_code_block line 2 at FOR over SELECT rows":                                   {{inlineBlock, 2}},
		"SQL statement \"x\"\nPL/pgSQL function a() line 1 at PERFORM\nPL/pgSQL function b() line 2 at RETURN": {{"a()", 1}, {"b()", 2}},
		"PL/pgSQL function a() line 1 at RAISE\nSQL statement \"x\"\nPL/pgSQL function inline_code_block line 2 at PERFORM": {
			{"a()", 1}, {inlineBlock, 2}},
		"SQL statement \"SELECT '\nPL/pgSQL function canary() line 3 at RAISE\n'\"\nPL/pgSQL function a() line 1 at EXECUTE": {{"a()", 1}},
		"SQL statement \"SELECT '\nPL/pgSQL function canary() line 3 at RAISE\"":                                             nil,
		"PL/pgSQL function a() line 1 at \"canary\"":                                                                         nil,
		"PL/pgSQL function \"canary value\"() line 1 at RAISE":                                                               nil,
		"PL/pgSQL-Funktion a() Zeile 1 bei RAISE":                                                                            nil,
		"PL/pgSQL function a() line 1 during statement block local variable initialization":                                  nil,
	} {
		if got := framesOf(context); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", context, got, want)
		}
	}
}
