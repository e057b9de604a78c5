package review_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/approval"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// engine is a database as an engine leaves it after years, with the sample of tasks.
func engine(t *testing.T) *testdb.DB {
	t.Helper()
	db := testdb.New(t, testdb.Options{Template: testdb.Template{
		Name: "engine", Hash: testdb.Hash(enginedb.FixtureSQL(), enginedb.DecorateSQL(), enginedb.Sample()),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			return errors.Join(enginedb.Load(ctx, conn), enginedb.Decorate(ctx, conn), enginedb.LoadSample(ctx, conn))
		},
	}})
	db.NeedPgDump(t) // the schema is copied with it
	return db
}

func options(t *testing.T, db *testdb.DB) review.Options {
	t.Helper()
	config, err := connect.Config(connect.Options{Database: db.URL})
	if err != nil {
		t.Fatal(err)
	}
	return review.Options{Config: config}
}

func run(t *testing.T, db *testdb.DB, to upgrade.Phase) review.Report {
	t.Helper()
	o := options(t, db)
	o.To = to
	report, err := review.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// whatDoes names the tables that a procedure writes.
func whatDoes(report review.Report, name string, after bool) string {
	var tables []string
	for _, touch := range report.Uses {
		for _, use := range touch.Uses.Tables {
			if touch.Object.Name == name && touch.After == after && (use.Insert || use.Update || use.Delete) {
				tables = append(tables, use.Name.Name)
			}
		}
	}
	return strings.Join(tables, " ")
}

func TestOwnPlanIsCleanAndTheDatabaseStaysAsItWas(t *testing.T) {
	db := engine(t)
	before := db.Dump(t)
	report := run(t, db, "")
	for _, f := range report.Findings {
		if f.Severity != finding.Note && f.Silenced == "" {
			t.Errorf("%s %s: %s", f.Severity, f.Rule, f.Summary)
		}
	}
	if v := report.Verdict; v.Gravest != finding.Note || v.MustFix+v.Decide != 0 || v.Notes == 0 {
		t.Errorf("verdict: %+v", v)
	}
	if does := whatDoes(report, "insertasync_tasks", true); does != "async_tasks" {
		t.Errorf("insertasync_tasks writes %q afterwards", does)
	}
	if does := whatDoes(report, "deleteasync_tasks", false); does != "async_tasks" {
		t.Errorf("deleteasync_tasks writes %q before", does)
	}
	for _, c := range report.Checks {
		if c.State != review.Passed {
			t.Errorf("%s %s: %s", c.State, c.ID, c.Summary)
		}
	}
	if len(report.Plan.Steps) == 0 || len(report.Changes) == 0 || report.Database.Routines == 0 || report.Data.Tasks == 0 {
		t.Errorf("report: %+v", report)
	}
	if db.Dump(t) != before {
		t.Error("the database was changed")
	}
}

func TestOwnPlanIsCleanWhereverItIsReviewed(t *testing.T) {
	db := engine(t)
	upgrader, err := upgrade.New(upgrade.Options{Config: options(t, db).Config})
	if err != nil {
		t.Fatal(err)
	}
	for _, phase := range []upgrade.Phase{upgrade.Expand, upgrade.Switch, upgrade.Contract} {
		if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: phase}); err != nil {
			t.Fatal(err)
		}
		for _, f := range run(t, db, "").Findings {
			if f.Severity != finding.Note && f.Silenced == "" {
				t.Errorf("behind %s: %s %s: %s", phase, f.Severity, f.Rule, f.Summary)
			}
		}
	}
}

func TestTasksThatNeedTheArchiveAreThoseThatTheUpgradeArchives(t *testing.T) {
	db := engine(t)
	data := run(t, db, upgrade.Expand).Data
	got := []int64{data.Archived}
	for _, why := range data.Why {
		got = append(got, why.Count)
	}
	upgrader, err := upgrade.New(upgrade.Options{Config: options(t, db).Config})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Prove}); err != nil {
		t.Fatal(err)
	}
	want := make([]int64, 4)
	err = db.Connect(t.Context()).QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE keeps_root),
		count(*) FILTER (WHERE keeps_action), count(*) FILTER (WHERE keeps_task) FROM coco.archive`).Scan(&want[0], &want[1], &want[2], &want[3])
	if err != nil || want[0] == 0 || len(got) != len(want) {
		t.Fatalf("archived %v, foretold %v: %v", want, got, err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("archived %v, foretold %v", want, got)
			break
		}
	}
}

func TestProcedureThatReadsWhatGoesMustBeFixed(t *testing.T) {
	db := engine(t)
	if _, err := db.Connect(t.Context()).Exec(t.Context(), `CREATE FUNCTION longest_parameters() RETURNS integer LANGUAGE plpgsql AS $$
		BEGIN RETURN (SELECT max(length(action_parameters)) FROM async_tasks); END; $$`); err != nil {
		t.Fatal(err)
	}
	report := run(t, db, "")
	if first := report.Findings[0]; report.Verdict.MustFix != 1 || !strings.HasPrefix(first.Object.Name, "longest_parameters") ||
		!strings.Contains(first.Summary, "reads column action_parameters") || len(first.Evidence) == 0 {
		t.Errorf("verdict %+v, first finding %+v", report.Verdict, first)
	}
}

func TestPlanThatFailsOnTheCopyMustBeFixed(t *testing.T) {
	db := engine(t)
	if _, err := db.Connect(t.Context()).Exec(t.Context(), `
		CREATE FUNCTION refuse_it() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no view today'; END; $$;
		CREATE EVENT TRIGGER refuse_it ON ddl_command_start WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION refuse_it()`); err != nil {
		t.Fatal(err)
	}
	report := run(t, db, "")
	found := false
	for _, f := range report.Findings {
		found = found || f.Rule == rule.PlanFails && f.Severity == finding.MustFix &&
			strings.Contains(strings.Join(f.Evidence, " "), "no view today")
	}
	if report.Approval != "" || !strings.Contains(report.NoApproval, "fails on the copy") {
		t.Errorf("approval %q, %q", report.Approval, report.NoApproval)
	}
	if !found || report.Verdict.MustFix == 0 || len(report.Notes) == 0 {
		t.Errorf("verdict %+v, findings %+v", report.Verdict, report.Findings)
	}
}

func TestWithoutAServerForTheCopyItSaysWhatWasNotCheckedAndHowToCheckIt(t *testing.T) {
	db := engine(t)
	t.Setenv("PGBIN", t.TempDir())
	report := run(t, db, "")
	skipped := 0
	for _, c := range report.Checks {
		if c.State == review.Skipped {
			skipped++
		}
	}
	if report.Approval != "" || !strings.Contains(report.NoApproval, "not run on a copy") {
		t.Errorf("approval %q, %q", report.Approval, report.NoApproval)
	}
	if skipped < 7 || len(report.Plan.Steps) > 0 || report.Data.Archived == 0 ||
		report.Findings[0].Rule != rule.PlanNotRun || report.Verdict.Decide == 0 ||
		!strings.Contains(strings.Join(report.Findings[0].Evidence, "\n"), "--scratch URL") {
		t.Errorf("%d skipped, findings %+v, data %+v", skipped, report.Findings, report.Data)
	}
}

func TestTableThatSomebodyHasLockedIsSaidAndWaitedForShortly(t *testing.T) {
	db := engine(t)
	tx, err := db.Connect(t.Context()).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), `LOCK TABLE job IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	if _, err := review.Run(t.Context(), options(t, db)); !errors.Is(err, upgrade.ErrBusy) || !strings.Contains(err.Error(), "Review again") {
		t.Errorf("got %v, want ErrBusy", err)
	}
}

func TestACrashOfTheSecondOpinionIsNoteworthyAndNoMore(t *testing.T) {
	db := engine(t)
	// A procedure of the engine deletes from it, and plpgsql_check 2.3 does not know such a rule.
	if _, err := db.Connect(t.Context()).Exec(t.Context(), `CREATE RULE quiet AS ON DELETE TO job DO INSTEAD NOTHING`); err != nil {
		t.Fatal(err)
	}
	report := run(t, db, "")
	if report.Verdict.MustFix+report.Verdict.Decide > 0 || report.Approval == "" || len(report.Changes) == 0 {
		t.Errorf("verdict %+v, approval %q, %q, notes %q", report.Verdict, report.Approval, report.NoApproval, report.Notes)
	}
	t.Logf("%q", report.Notes)
}

// afterCatalog calls do when the catalog of a database has been read.
type afterCatalog struct {
	do   func()
	seen bool
}

func (a *afterCatalog) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, a, strings.HasPrefix(q.SQL, "-- Everything that a review compares"))
}

func (a *afterCatalog) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	if is, _ := ctx.Value(a).(bool); is && !a.seen {
		a.seen = true
		a.do()
	}
}

func TestWhatIsReadOfTheDatabaseIsOfOneMomentAndAnotherOneIsNotApproved(t *testing.T) {
	db := engine(t)
	conn := db.Connect(t.Context())
	calm := run(t, db, upgrade.Expand)
	o := options(t, db)
	o.To = upgrade.Expand
	tracer := &afterCatalog{do: func() {
		_, err := conn.Exec(t.Context(), `DELETE FROM async_tasks; CREATE INDEX idx_of_somebody ON job (status);
			CREATE RULE quiet AS ON DELETE TO job DO ALSO NOTHING`)
		if err != nil {
			t.Error(err)
		}
	}}
	o.Config.Tracer = tracer
	report, err := review.Run(t.Context(), o)
	if err != nil || !tracer.seen {
		t.Fatalf("changed in between: %t, %v", tracer.seen, err)
	}
	if report.Approval == "" || report.Approval != calm.Approval || report.Data.Archived == 0 || report.Data.Archived != calm.Data.Archived {
		t.Errorf("hash %s and %d for the archive, before %s and %d", report.Approval, report.Data.Archived, calm.Approval, calm.Data.Archived)
	}
	hash, err := approval.Parse(report.Approval)
	if err != nil {
		t.Fatal(err)
	}
	upgrader, err := upgrade.New(upgrade.Options{Config: options(t, db).Config})
	if err != nil {
		t.Fatal(err)
	}
	_, err = upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Expand, Consent: approval.Consent(upgrader.Chain(), upgrade.Expand, hash)})
	if !errors.Is(err, upgrade.ErrUnapproved) {
		t.Errorf("got %v, want ErrUnapproved", err)
	}
}

func TestNothingIsCopiedWhereNothingIsToDo(t *testing.T) {
	db := engine(t)
	upgrader, err := upgrade.New(upgrade.Options{Config: options(t, db).Config})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Expand}); err != nil {
		t.Fatal(err)
	}
	report := run(t, db, upgrade.Expand)
	if report.Approval != "" || report.NoApproval != "there is nothing to do" {
		t.Errorf("approval %q, %q", report.Approval, report.NoApproval)
	}
	if report.Plan.From != report.Plan.To || len(report.Plan.Steps) > 0 || report.Verdict.MustFix+report.Verdict.Decide > 0 {
		t.Errorf("plan %+v, verdict %+v", report.Plan, report.Verdict)
	}
}
