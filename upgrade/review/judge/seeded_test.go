package judge_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/check"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/judge"
	"github.com/ovirt/coco/upgrade/review/rule"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// engine is the fixture's database, with what somebody has made in it.
func engine(t *testing.T) *testdb.DB {
	t.Helper()
	return testdb.New(t, testdb.Options{Template: testdb.Template{
		Name: "judged", Hash: testdb.Hash(enginedb.FixtureSQL(), site),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			if err := enginedb.Load(ctx, conn); err != nil {
				return err
			}
			_, err = conn.Exec(ctx, site)
			return err
		},
	}})
}

func run(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

// side is all that is known about a database.
func side(t *testing.T, conn *pgx.Conn) judge.Side {
	t.Helper()
	var s judge.Side
	err := pgx.BeginTxFunc(t.Context(), conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		s = looked(t, tx)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	problems, err := check.Routines(t.Context(), conn, s.Catalog)
	if err != nil {
		t.Fatal(err)
	}
	s.Problems = &problems
	return s
}

// looked is side without a check of the procedures.
func looked(t *testing.T, tx pgx.Tx) judge.Side {
	t.Helper()
	c, err := catalog.Read(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	s := judge.Side{Catalog: c}
	s.Read()
	return s
}

func judged(t *testing.T, facts judge.Facts) judge.Result {
	t.Helper()
	if facts.After.Catalog != nil {
		facts.Changes = change.Compare(facts.Before.Catalog, facts.After.Catalog)
	}
	result, err := judge.Judge(facts)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range slices.Concat(result.Findings, result.Earlier) {
		r, known := rule.Find(f.Rule)
		if !known || !r.Severity.Includes(r.Severity) || !finding.Note.Includes(f.Severity) {
			t.Errorf("%+v is of no rule", f)
		}
		if !f.Severity.Includes(f.Severity) || !f.Severity.Includes(r.Severity) {
			t.Errorf("%s is graver than its rule: %s", f.Severity, f.Summary)
		}
		if f.Object.Name == "" || f.Summary == "" {
			t.Errorf("a finding names nothing: %+v", f)
		}
	}
	return result
}

func TestEachKindOfFaultIsFoundWithItsObjectAndSeverity(t *testing.T) {
	find(t, append(seeds(), broken()...))
}

func TestFaultsOfTheEnginesOwnHistoryAreFound(t *testing.T) {
	find(t, append(history(), historyBroken()...))
}

// find runs each fault as a plan and looks for its finding. Then the fix is run, where there is one, and the finding must be gone.
func find(t *testing.T, all []seed) {
	t.Helper()
	conn := engine(t).Connect(t.Context())
	for _, s := range all {
		t.Run(strings.ReplaceAll(s.name, " ", "_"), func(t *testing.T) {
			if strings.HasPrefix(s.rule, "routine-") { // the checker wants transactions of its own
				conn := engine(t).Connect(t.Context())
				s.try(t, conn, func() judge.Side { return side(t, conn) })
				return
			}
			tx, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback(t.Context()) }()
			s.try(t, conn, func() judge.Side { return looked(t, tx) })
		})
	}
}

func (s seed) try(t *testing.T, conn *pgx.Conn, look func() judge.Side) {
	t.Helper()
	run(t, conn, s.before)
	facts := judge.Facts{Before: look(), Texts: []string{s.sql}}
	run(t, conn, s.sql)
	facts.After = look()
	result := judged(t, facts)
	found := matching(result.Findings, s)
	if len(found) != 1 {
		t.Fatalf("%d findings of %s %s on %s with %q among\n%s", len(found), s.severity, s.rule, s.object, s.summary, text(result.Findings))
	}
	if s.remains {
		return
	}
	if found[0].Fix == "" {
		t.Fatalf("no fix: %s", found[0].Summary)
	}
	run(t, conn, found[0].Fix)
	facts.After = look()
	if left := matching(judged(t, facts).Findings, s); len(left) > 0 {
		t.Errorf("the fix does not help:\n%s\n%s", found[0].Fix, text(left))
	}
}

func matching(findings []finding.Finding, s seed) []finding.Finding {
	var found []finding.Finding
	for _, f := range findings {
		if f.Rule == s.rule && f.Severity == s.severity && f.Object.String() == s.object && strings.Contains(f.Summary, s.summary) {
			found = append(found, f)
		}
	}
	return found
}

func text(findings []finding.Finding) string {
	var lines []string
	for _, f := range findings {
		lines = append(lines, strings.Join([]string{"  ", string(f.Severity), f.Rule, f.Object.String(), "|", f.Summary}, " "))
	}
	return strings.Join(lines, "\n")
}

func TestNothingIsFoundWhereNothingChanges(t *testing.T) {
	conn := engine(t).Connect(t.Context())
	facts := judge.Facts{Before: side(t, conn), After: side(t, conn), Texts: []string{"SELECT 1"}}
	result := judged(t, facts)
	if len(result.Findings) > 0 {
		t.Errorf("found\n%s", text(result.Findings))
	}
	for _, c := range result.Checks {
		if c.State == judge.Failed {
			t.Errorf("%s failed: %s", c.ID, c.Summary)
		}
	}
}
