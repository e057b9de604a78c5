package rule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/routine"
	"github.com/ovirt/coco/upgrade/review/rule"
)

func uses(use routine.TableUse) routine.Refers {
	use.Name = routine.Name{Name: "vm"}
	return routine.Refers{Tables: []routine.TableUse{use}}
}

func TestProceduresAreFoundByTheirRules(t *testing.T) {
	query := func(sql string) routine.Statement { return routine.Statement{Use: routine.UseQuery, SQL: sql} }
	dynamic := func(sql string) routine.Statement { return routine.Statement{Use: routine.UseDynamic, SQL: sql} }
	vars := []routine.Variable{{Name: "v_name", Type: "text", Argument: true, Read: 1}, {Name: "v_id", Type: "uuid", Argument: true, Read: 1}, {Name: "v_sql", Type: "text", Read: 1, Set: 1}}
	row := []routine.Variable{{Name: "r", Type: "record", Read: 1, Set: 1}}
	rows := func(sql string) routine.Statement {
		return routine.Statement{Use: routine.UseQuery, Into: []string{"r"}, SQL: sql}
	}
	look := routine.Statement{Use: routine.UseExpression, Test: true, SQL: "SELECT NOT EXISTS (SELECT 1 FROM vm)", Refers: uses(routine.TableUse{Read: true})}
	insert := routine.Statement{Use: routine.UseStatement, SQL: "INSERT INTO vm (id) VALUES (v_id)", Guards: []int{1}, Refers: uses(routine.TableUse{Insert: true})}
	upsert := insert
	upsert.SQL += " ON CONFLICT DO NOTHING"
	for name, test := range map[string]struct {
		routine catalog.Routine
		body    routine.Body
		want    []string
	}{
		"look and insert":      {body: routine.Body{Statements: []routine.Statement{look, insert}}, want: []string{rule.CheckThenInsert}},
		"upsert":               {body: routine.Body{Statements: []routine.Statement{look, upsert}}},
		"insert under a lock":  {body: routine.Body{Statements: []routine.Statement{query("SELECT pg_advisory_xact_lock(1)"), look, insert}}},
		"insert with handler":  {body: routine.Body{Statements: []routine.Statement{look, insert}, Handlers: []routine.Handler{{Conditions: []string{"unique_violation"}}}}},
		"not found and insert": {body: routine.Body{Statements: []routine.Statement{{Use: routine.UseStatement, SQL: "UPDATE vm SET name = '' WHERE id = v_id", Refers: uses(routine.TableUse{Update: true})}, {Use: routine.UseExpression, Test: true, SQL: "SELECT NOT FOUND"}, insert}}, want: []string{rule.CheckThenInsert}},
		"counted and inserted": {body: routine.Body{Statements: []routine.Statement{{Use: routine.UseInto, Into: []string{"n"}, SQL: "SELECT count(*) FROM vm", Refers: uses(routine.TableUse{Read: true})}, {Use: routine.UseExpression, Test: true, SQL: "SELECT n = 0"}, insert}}, want: []string{rule.CheckThenInsert}},

		"not in over nulls":       {body: routine.Body{Statements: []routine.Statement{query("SELECT 1 FROM host WHERE id NOT IN (SELECT v.host FROM public.vm v)")}}, want: []string{rule.NotInNullable}},
		"not in over a key":       {body: routine.Body{Statements: []routine.Statement{query("SELECT 1 FROM host WHERE id NOT IN (SELECT id FROM vm)")}}},
		"not in without nulls":    {body: routine.Body{Statements: []routine.Statement{query("SELECT 1 FROM host WHERE id NOT IN (SELECT host FROM vm WHERE host IS NOT NULL)")}}},
		"null compared":           {body: routine.Body{Statements: []routine.Statement{query("SELECT 1 FROM vm WHERE host = NULL")}}, want: []string{rule.NullComparison}},
		"null tested":             {body: routine.Body{Statements: []routine.Statement{{Use: routine.UseExpression, Test: true, SQL: "SELECT v_id <> NULL"}}}, want: []string{rule.NullComparison}},
		"null set":                {body: routine.Body{Statements: []routine.Statement{query("UPDATE vm SET host = NULL WHERE id = v_id")}}},
		"delete of all":           {body: routine.Body{Statements: []routine.Statement{query("DELETE FROM vm")}}, want: []string{rule.WriteWithoutWhere}},
		"delete of some temp":     {body: routine.Body{Statements: []routine.Statement{query("DELETE FROM tt_vm")}}},
		"delete of the old":       {body: routine.Body{Statements: []routine.Statement{query("DELETE FROM host WHERE seen < now()")}}, want: []string{rule.UnboundedDelete}},
		"delete of one":           {body: routine.Body{Statements: []routine.Statement{query("DELETE FROM host WHERE id = v_id AND seen < now()")}}},
		"concatenated":            {body: routine.Body{Variables: vars[:2], Statements: []routine.Statement{dynamic("SELECT 'SELECT ''' || v_name || ''''")}}, want: []string{rule.DynamicUnquoted}},
		"concatenated and quoted": {body: routine.Body{Variables: vars[:2], Statements: []routine.Statement{dynamic("SELECT 'DROP TABLE ' || quote_ident(v_name) || 'x'")}}},
		"a uuid concatenated":     {body: routine.Body{Variables: vars[:2], Statements: []routine.Statement{dynamic("SELECT 'SELECT ''' || v_id || ''''")}}},
		"formatted":               {body: routine.Body{Variables: vars[:2], Statements: []routine.Statement{dynamic("SELECT format('SELECT %I, %s', 'a', v_name)")}}, want: []string{rule.DynamicUnquoted}},
		"formatted and quoted":    {body: routine.Body{Variables: vars[:2], Statements: []routine.Statement{dynamic("SELECT format('SELECT %I, %2$L %%s', v_name, v_name)")}}},
		"put together before":     {body: routine.Body{Variables: vars, Statements: []routine.Statement{{Use: routine.UseExpression, Into: []string{"v_sql"}, SQL: "SELECT 'DROP ' || v_name"}, dynamic("SELECT v_sql")}}, want: []string{rule.DynamicUnquoted}},
		"put together, quoted":    {body: routine.Body{Variables: vars, Statements: []routine.Statement{{Use: routine.UseExpression, Into: []string{"v_sql"}, SQL: "SELECT v_sql || quote_literal(v_name)"}, dynamic("SELECT v_sql")}}},
		"a number of a case":      {body: routine.Body{Variables: vars[:2], Statements: []routine.Statement{dynamic("SELECT 'SELECT ' || CASE v_name WHEN 'a' THEN '1' ELSE quote_literal(v_name) END")}}},
		"a case of values":        {body: routine.Body{Variables: vars[:2], Statements: []routine.Statement{dynamic("SELECT 'SELECT ' || CASE WHEN true THEN '1' ELSE (CASE WHEN false THEN v_name END) END")}}, want: []string{rule.DynamicUnquoted}},
		"a quoted column":         {body: routine.Body{Variables: row, Statements: []routine.Statement{rows("SELECT host, quote_ident(name) AS n FROM vm UNION SELECT host, oid::regclass FROM x"), dynamic("SELECT 'DROP ' || r.n")}}},
		"a column that is not":    {body: routine.Body{Variables: row, Statements: []routine.Statement{rows("SELECT host, quote_ident(name) AS n FROM vm UNION SELECT host, name FROM x"), dynamic("SELECT 'DROP ' || r.n")}}, want: []string{rule.DynamicUnquoted}},
		"filled in two places":    {body: routine.Body{Variables: row, Statements: []routine.Statement{rows("SELECT quote_ident(name) AS n FROM vm"), rows("SELECT name AS n FROM vm"), dynamic("SELECT 'DROP ' || r.n")}}, want: []string{rule.DynamicUnquoted}},
		"locked row":              {body: routine.Body{Variables: []routine.Variable{{Name: "v_val", Set: 1}}, Statements: []routine.Statement{{Use: routine.UseInto, Into: []string{"v_val"}, SQL: "SELECT id FROM vm FOR UPDATE"}}}},
		"unused variable":         {body: routine.Body{Variables: []routine.Variable{{Name: "x"}, {Name: "found", Implicit: true}, {Name: "v_a", Argument: true}}}, want: []string{rule.VariableUnused}},

		"definer":             {routine: catalog.Routine{SecurityDefiner: true}, want: []string{rule.SearchPathMissing}},
		"definer with a path": {routine: catalog.Routine{SecurityDefiner: true, Settings: []string{"search_path=public, pg_temp"}}},
		"others swallowed":    {routine: catalog.Routine{Body: "BEGIN x(); EXCEPTION WHEN others THEN RAISE NOTICE 'oh'; END;"}, want: []string{rule.WhenOthers}},
		"others raised":       {routine: catalog.Routine{Body: "BEGIN x(); EXCEPTION WHEN OTHERS THEN y(); RAISE; END;"}},
		"others in a comment": {routine: catalog.Routine{Body: "BEGIN -- when others then\n x(); END;"}},
		"could be stable":     {routine: catalog.Routine{Volatility: "volatile", Result: "integer"}, body: routine.Body{Statements: []routine.Statement{{Use: routine.UseInto, SQL: "SELECT 1 FROM vm", Refers: uses(routine.TableUse{Read: true})}}}, want: []string{rule.StableMissing}},
		"returns rows":        {routine: catalog.Routine{Volatility: "volatile", Result: "SETOF vm"}, body: routine.Body{Statements: []routine.Statement{{Use: routine.UseQuery, SQL: "SELECT * FROM vm", Refers: uses(routine.TableUse{Read: true})}}}},
		"silenced":            {routine: catalog.Routine{SecurityDefiner: true}, body: routine.Body{Ignored: []routine.Ignore{{Rule: rule.SearchPathMissing, Reason: "only pg_catalog is used"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			test.routine.Object = catalog.Object{Kind: catalog.KindRoutine, Schema: "public", Name: "f", Arguments: "uuid"}
			test.routine.Language, test.routine.Sort, test.routine.Owner = "plpgsql", "function", "engine"
			found := rule.Routine(test.routine, &test.body, database())
			if !slices.Equal(ids(found), test.want) {
				t.Errorf("found %v, want %v:\n%+v", ids(found), test.want, found)
			}
			for _, f := range found {
				if f.Object != test.routine.Object || f.Severity == "" || f.Summary == "" {
					t.Errorf("a finding without its object, severity or summary: %+v", f)
				}
			}
		})
	}
}

func TestWorkingTablesOfASchemaAreItsOwnBusiness(t *testing.T) {
	body := &routine.Body{Statements: []routine.Statement{{SQL: "DELETE FROM work.queue"}, {SQL: "DELETE FROM public.vm"}}}
	r := catalog.Routine{Language: "plpgsql"}
	r.Object = catalog.Object{Kind: catalog.KindRoutine, Schema: "work", Name: "f"}
	found := rule.Routine(r, body, rule.Schema{})
	if len(found) != 1 || !strings.Contains(found[0].Summary, "every row of vm") || found[0].Severity != finding.Decide {
		t.Errorf("found %+v", found)
	}
}

func TestDeepAndLongTextsComeToAnEnd(t *testing.T) {
	deep := "SELECT " + strings.Repeat("(", 50_000) + "v_a" + strings.Repeat(")", 50_000) + " || 'x'"
	body := &routine.Body{Variables: []routine.Variable{{Name: "v_0", Type: "text", Argument: true}}}
	for i := range 200 { // each of the one before, twice
		was, is := fmt.Sprintf("v_%d", i), fmt.Sprintf("v_%d", i+1)
		body.Variables = append(body.Variables, routine.Variable{Name: is, Type: "text", Read: 1})
		body.Statements = append(body.Statements, routine.Statement{Use: routine.UseExpression, Into: []string{is}, SQL: "SELECT " + was + " || " + was})
	}
	slices.Reverse(body.Statements)
	body.Statements = append(body.Statements, routine.Statement{Use: routine.UseDynamic, SQL: "SELECT v_200"}, routine.Statement{Use: routine.UseDynamic, SQL: deep})
	unclosed := "SELECT 'a' NOT IN (SELECT (((  || format('%s"
	body.Statements = append(body.Statements, routine.Statement{Use: routine.UseDynamic, SQL: unclosed}, routine.Statement{SQL: unclosed}, routine.Statement{})
	start := time.Now()
	found := rule.Routine(catalog.Routine{Language: "plpgsql", Body: "WHEN OTHERS"}, body, database())
	if want := []string{rule.DynamicUnquoted, rule.WhenOthers}; !slices.Equal(ids(found), want) || time.Since(start) > 10*time.Second {
		t.Errorf("found %v after %s", found, time.Since(start))
	}
}

func TestWithoutABodyTheCatalogIsJudged(t *testing.T) {
	found := rule.Routine(catalog.Routine{SecurityDefiner: true, Language: "plperl"}, nil, rule.Schema{})
	if !slices.Equal(ids(found), []string{rule.SearchPathMissing}) {
		t.Errorf("found %+v", found)
	}
}
