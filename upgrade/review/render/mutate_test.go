package render_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/check"
	"github.com/ovirt/coco/upgrade/review/finding"
	planning "github.com/ovirt/coco/upgrade/review/plans"
	"github.com/ovirt/coco/upgrade/review/render"
	"github.com/ovirt/coco/upgrade/review/routine"
	"github.com/ovirt/coco/upgrade/review/rule"
	"github.com/ovirt/coco/upgrade/review/token"
)

const (
	mutants       = 100 // COCO_MUTATE_CASES names another number
	mutantsAtOnce = 100
	mutantsTime   = 5 * time.Minute
)

// TestMutatedProceduresAreReadCheckedPlannedAndShown takes the engine's procedures, spoils them, and has all of a review look at them on a
// real server: none stops it, keeps it, or gets markup onto the page.
func TestMutatedProceduresAreReadCheckedPlannedAndShown(t *testing.T) {
	cases := mutants
	if n, err := strconv.Atoi(os.Getenv("COCO_MUTATE_CASES")); err == nil {
		cases = n
	}
	random := rand.New(rand.NewPCG(3, 5))
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	if err := errors.Join(enginedb.Load(t.Context(), conn), enginedb.LoadSample(t.Context(), conn)); err != nil {
		t.Fatal(err)
	}
	seeds := slices.DeleteFunc(read(t, conn).Routines, func(r catalog.Routine) bool { return r.Sort != "function" })
	counted := map[string]int{}
	for done := 0; done < cases; done += mutantsAtOnce {
		ctx, cancel := context.WithTimeout(t.Context(), mutantsTime)
		n := min(mutantsAtOnce, cases-done)
		create(t, conn, seeds, random, n)
		c := read(t, conn)
		before := c.Routines
		c.Routines = slices.DeleteFunc(slices.Clone(before), func(r catalog.Routine) bool { return r.Schema != "mutated" })
		if len(c.Routines) != n {
			t.Fatalf("%d of %d procedures are there", len(c.Routines), n)
		}
		shown(t, looked(ctx, t, conn, c, counted), len(c.Routines))
		cancel()
		if _, err := conn.Exec(t.Context(), `DROP SCHEMA mutated CASCADE`); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d procedures mutated: %v", cases, counted)
	if counted["read"] == 0 || counted["not read"] == 0 || counted["problems"] == 0 || counted["plans"] == 0 {
		t.Errorf("they are all of one kind: %v", counted)
	}
}

func read(t *testing.T, conn *pgx.Conn) (c *catalog.Catalog) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) (err error) {
		c, err = catalog.Read(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// create makes mutants, in a schema of their own. What is in them is not looked at before.
func create(t *testing.T, conn *pgx.Conn, seeds []catalog.Routine, random *rand.Rand, n int) {
	t.Helper()
	var script strings.Builder
	script.WriteString("SET check_function_bodies = off; CREATE SCHEMA mutated;")
	for i := range n {
		seed := seeds[random.IntN(len(seeds))]
		language := seed.Language
		if language != "sql" {
			language = "plpgsql"
		}
		const tag = "$mutant_body$"
		fmt.Fprintf(&script, "CREATE FUNCTION mutated.%s(%s) RETURNS %s LANGUAGE %s AS %s%s%s;\n", pgx.Identifier{fmt.Sprintf("%s <u>%d", seed.Name, i)}.Sanitize(),
			seed.Parameters, seed.Result, language, tag, mutated(seed.Body, random), tag)
	}
	if _, err := conn.Exec(t.Context(), script.String()); err != nil {
		t.Fatal(err)
	}
}

// mutated is a body that somebody has spoiled in one to three places.
func mutated(body string, random *rand.Rand) string {
	bad := []string{"", " ", `"><script>alert(1)</script>`, "'", `"`, "$$", "/*", "--", ";", "(", ")", "END;", "BEGIN ", "<<x>>", "LOOP ", "\u202e", "$1", "::"}
	for range 1 + random.IntN(3) {
		tokens := token.Split(body)
		if len(tokens) == 0 {
			return bad[2]
		}
		one, other := tokens[random.IntN(len(tokens))], tokens[random.IntN(len(tokens))]
		switch random.IntN(6) {
		case 0: // gone
			body = body[:one.Start] + body[one.End:]
		case 1: // another one
			body = body[:one.Start] + body[other.Start:other.End] + body[one.End:]
		case 2: // twice
			body = body[:one.End] + " " + body[one.Start:]
		case 3: // cut off
			body = body[:one.End]
		default:
			body = body[:one.Start] + bad[random.IntN(len(bad))] + body[one.Start:]
		}
	}
	return body
}

// looked has all parts of a review look at the mutants, and makes a report of what they say.
func looked(ctx context.Context, t *testing.T, conn *pgx.Conn, c *catalog.Catalog, counted map[string]int) review.Report {
	t.Helper()
	schema := rule.NewSchema(c)
	report := rich()
	report.Changes, report.Findings, report.Plans = nil, nil, nil
	for _, r := range c.Routines {
		body, err := routine.Parse(r)
		if err != nil {
			counted["not read"]++
			if strings.Contains(err.Error(), "fails:") {
				t.Errorf("the reader itself fails: %v over\n%s", err, r.Body)
			}
		} else {
			counted["read"]++
			report.Findings = append(report.Findings, rule.Routine(r, body, schema)...)
		}
		report.Changes = append(report.Changes, change.Change{Sort: change.Changed, Object: r.Object, Before: c.Routines[0].Definition, After: r.Definition})
	}
	found, err := check.Routines(ctx, conn, c)
	if err != nil {
		t.Fatal(err)
	}
	if skipped := len(found.Skipped); found.Checked == 0 || found.Checked > len(c.Routines) {
		t.Errorf("%d of %d checked, %d skipped", found.Checked, len(c.Routines), skipped)
	}
	for _, p := range found.Problems {
		report.Findings = append(report.Findings, finding.Finding{
			Rule: rule.RoutineFails, Severity: finding.MustFix, Object: p.Object, Summary: p.Message, Evidence: []string{p.SQL, p.Detail, p.Hint}, Line: p.Line,
		})
	}
	planned, err := planning.Of(ctx, conn, c.Database, c.Routines)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range planned.Plans {
		report.Plans = append(report.Plans, review.Explain{Object: p.Object, Line: p.Line, SQL: p.SQL, After: p.Text, Rows: p.Rows()})
	}
	counted["problems"] += len(found.Problems)
	counted["plans"] += len(planned.Plans)
	return report
}

// shown shows a report in all formats.
func shown(t *testing.T, report review.Report, procedures int) {
	t.Helper()
	for name, show := range formats() {
		text := written(t, show, report, render.Options{Width: 100, Limit: -1})
		if strings.Contains(text, "\u202e") {
			t.Errorf("%s: a mark of direction is shown as it is", name)
		}
		if name == "html" && (strings.Contains(text, "<script") || strings.Contains(text, "<u>")) {
			t.Error("markup of a procedure is on the page")
		}
		if name == "html" && strings.Count(text, "&lt;u&gt;") < procedures {
			t.Errorf("%d procedures are not all on the page", procedures)
		}
	}
}
