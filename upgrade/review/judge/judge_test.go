package judge_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/rehearse"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/check"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/judge"
	"github.com/ovirt/coco/upgrade/review/routine"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// same are facts of a database to which nothing happens.
func same(t *testing.T) judge.Facts {
	t.Helper()
	s := side(t, engine(t).Connect(t.Context()))
	return judge.Facts{Before: s, After: s, Texts: []string{"SELECT 1"}}
}

func routineOf(t *testing.T, c *catalog.Catalog, name string) catalog.Object {
	t.Helper()
	i := slices.IndexFunc(c.Routines, func(r catalog.Routine) bool { return r.Name == name })
	if i < 0 {
		t.Fatalf("no routine %s", name)
	}
	return c.Routines[i].Object
}

func only(t *testing.T, findings []finding.Finding, rule string) finding.Finding {
	t.Helper()
	var found []finding.Finding
	for _, f := range findings {
		if f.Rule == rule {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d findings of %s among\n%s", len(found), rule, text(findings))
	}
	return found[0]
}

func state(t *testing.T, result judge.Result, id string) judge.Check {
	t.Helper()
	i := slices.IndexFunc(result.Checks, func(c judge.Check) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("no check %s", id)
	}
	return result.Checks[i]
}

func TestWhatWasBrokenBeforeIsToldApart(t *testing.T) {
	facts := same(t)
	job, add := routineOf(t, facts.Before.Catalog, "deletejob"), routineOf(t, facts.Before.Catalog, "site_add")
	old := check.Problem{Object: job, Line: 3, SQL: "DELETE  FROM gone", Code: "42P01", Message: `relation "gone" does not exist`, By: "coco"}
	moved := old
	moved.Line, moved.SQL = 5, "DELETE FROM gone"
	fresh := check.Problem{Object: add, Line: 2, SQL: "INSERT", Code: "42703", Message: `column "note" does not exist`, By: "both"}
	alone := check.Problem{Object: add, Line: 4, SQL: "SELECT 1", Code: "42P01", Message: "something", By: "plpgsql_check"}
	facts.Before.Problems = &check.Result{Checked: 20, Statements: 40, Problems: []check.Problem{old}}
	facts.After.Problems = &check.Result{Checked: 20, Statements: 40, Problems: []check.Problem{moved, fresh, alone}}
	result := judged(t, facts)
	if f := only(t, result.Earlier, "routine-fails"); f.Object != job || f.Severity != finding.Note || f.Line != 5 {
		t.Errorf("earlier: %+v", f)
	}
	if len(result.Findings) != 2 || result.Findings[0].Severity != finding.MustFix || result.Findings[0].Object != add ||
		result.Findings[1].Severity != finding.Decide || result.Findings[1].Line != 4 {
		t.Errorf("found\n%s", text(result.Findings))
	}
	if evidence := strings.Join(result.Findings[0].Evidence, "\n"); !strings.Contains(evidence, "42703") || !strings.Contains(evidence, "called by site_call") {
		t.Errorf("evidence: %s", evidence)
	}
	if c := state(t, result, "procedures"); c.State != judge.Failed || !strings.Contains(c.Summary, "40 statements in 20 procedures") {
		t.Errorf("%+v", c)
	}
}

func TestWhatIsNotCheckedIsSaidAndNeverPassedOffAsFine(t *testing.T) {
	facts := same(t)
	dynamic := routineOf(t, facts.Before.Catalog, "site_dynamic")
	facts.Before.Problems = &check.Result{}
	facts.After.Problems = &check.Result{Skipped: []check.Skip{{Object: dynamic, Line: 2, Reason: "dynamic SQL"}}}
	result := judged(t, facts)
	if c := state(t, result, "procedures"); !strings.Contains(c.Summary, "not checked: 0 procedures and 1 single statement") ||
		!strings.Contains(strings.Join(c.Detail, "\n"), "dynamic SQL: site_dynamic line 2") {
		t.Errorf("%+v", c)
	}
	if len(result.Findings) > 0 {
		t.Errorf("found\n%s", text(result.Findings))
	}

	after := *facts.After.Catalog // without a column that the statement names
	after.Tables = slices.Clone(after.Tables)
	i := slices.IndexFunc(after.Tables, func(t catalog.Table) bool { return t.Name == "async_tasks" })
	after.Tables[i].Columns = slices.DeleteFunc(slices.Clone(after.Tables[i].Columns), func(c catalog.Column) bool { return c.Name == "task_parameters" })
	facts.After.Catalog = &after
	if f := only(t, judged(t, facts).Findings, "routine-unchecked"); f.Object != dynamic || f.Severity != finding.Decide || f.Line != 2 ||
		!strings.Contains(f.Summary, "async_tasks.task_parameters") {
		t.Errorf("%+v", f)
	}
}

func TestWithoutACopyChecksAreSkippedAndSayWhy(t *testing.T) {
	facts := same(t)
	facts.After, facts.NoCopy, facts.Plan = judge.Side{}, "no server for the copy", &upgrade.Plan{Steps: make([]upgrade.Action, 1)}
	result := judged(t, facts)
	for _, id := range []string{"procedures", "access", "attributes", "overloads", "results", "objects", "locks"} {
		if c := state(t, result, id); c.State != judge.Skipped || !slices.Contains(c.Detail, "the plan was not run on a copy") {
			t.Errorf("%+v", c)
		}
	}
	if c := state(t, result, "releases"); c.State != judge.Passed {
		t.Errorf("%+v", c)
	}
	if f := only(t, result.Findings, rule.PlanNotRun); f.Severity != finding.Decide || !slices.Contains(f.Evidence, "no server for the copy") {
		t.Errorf("%+v", f)
	}
	facts.Plan = &upgrade.Plan{}
	if found := judged(t, facts).Findings; len(found) > 0 {
		t.Errorf("nothing is to do, and yet: %+v", found)
	}
}

func TestCommentWithAReasonSilencesWhatItNames(t *testing.T) {
	const plan = "-- coco:ignore column-dropped site_log.legacy has been empty since 2012\nALTER TABLE site_log DROP COLUMN legacy, DROP COLUMN amount"
	conn := engine(t).Connect(t.Context())
	facts := judge.Facts{Before: side(t, conn), Texts: []string{plan}}
	run(t, conn, plan)
	facts.After = side(t, conn)
	reasons := map[string]string{}
	for _, f := range judged(t, facts).Findings {
		if f.Rule == "column-dropped" {
			reasons[f.Object.Name] = f.Silenced
		}
	}
	if len(reasons) != 2 || reasons["amount"] != "" || reasons["legacy"] != "site_log.legacy has been empty since 2012" {
		t.Errorf("silenced: %v", reasons)
	}

	facts = same(t)
	add := routineOf(t, facts.Before.Catalog, "site_add")
	facts.Before.Problems = &check.Result{}
	facts.After.Problems = &check.Result{Problems: []check.Problem{{Object: add, Message: "no"}}}
	for reason, silenced := range map[string]bool{"": false, "it is never called": true} {
		facts.After.Refers = []judge.Refers{{Object: add, Ignored: []routine.Ignore{{Rule: "routine-fails", Reason: reason}}}}
		f := only(t, judged(t, facts).Findings, "routine-fails")
		if (f.Silenced != "") != silenced {
			t.Errorf("with the reason %q it is silenced: %q", reason, f.Silenced)
		}
	}
}

func TestLocksThatAreLongOrNotDeclaredAreFound(t *testing.T) {
	facts := same(t)
	lock := func(mode upgrade.LockMode, held time.Duration, declared bool) rehearse.Lock {
		return rehearse.Lock{Lock: upgrade.Lock{Table: "async_tasks", Mode: mode}, Held: held, Declared: declared}
	}
	step := func(locks ...rehearse.Lock) *rehearse.Result {
		return &rehearse.Result{Tasks: 100, Steps: []rehearse.Step{{
			Number: 3, Kind: upgrade.KindApply, Name: "contract", Declared: []upgrade.Lock{{Table: "job", Mode: upgrade.Share}}, Locks: locks,
		}}}
	}
	facts.Rehearsal = step(lock(upgrade.AccessExclusive, 2*time.Second, true))
	if f := only(t, judged(t, facts).Findings, "lock-long"); f.Severity != finding.Decide || f.Object.Name != "async_tasks" ||
		!strings.Contains(f.Summary, "2.0s: everybody waits") {
		t.Errorf("%+v", f)
	}
	facts.Rehearsal = step(lock(upgrade.AccessShare, time.Millisecond, false))
	if f := only(t, judged(t, facts).Findings, "lock-undeclared"); f.Severity != finding.MustFix || !strings.Contains(f.Summary, "async_tasks access share") {
		t.Errorf("%+v", f)
	}
	facts.Rehearsal = step(lock(upgrade.AccessExclusive, 2*time.Millisecond, true), lock(upgrade.RowShare, time.Hour, true))
	result := judged(t, facts)
	if c := state(t, result, "locks"); len(result.Findings) > 0 || c.State != judge.Passed || !strings.Contains(c.Summary, "2.0ms") {
		t.Errorf("%+v\n%s", c, text(result.Findings))
	}
	facts.Rehearsal.Steps[0].Declared = nil // a plan that says nothing of locks does not lie about them
	facts.Rehearsal.Steps[0].Locks[0].Declared = false
	if result := judged(t, facts); len(result.Findings) > 0 {
		t.Errorf("found\n%s", text(result.Findings))
	}
	facts.Plan = &upgrade.Plan{Steps: []upgrade.Action{{Number: 3, Kind: upgrade.KindTakeBack, Name: "contract", Rewrites: []string{"async_tasks"}}}}
	if f := only(t, judged(t, facts).Findings, "table-rewritten"); f.Severity != finding.Decide {
		t.Errorf("%+v", f)
	}
}

func TestWhatUpWouldRefuseMustBeFixedAndWhoIsConnectedNowNeedNot(t *testing.T) {
	facts := same(t)
	facts.Check = &upgrade.CheckResult{Findings: []upgrade.CheckFinding{
		{Severity: upgrade.Refusal, Kind: upgrade.ErrRefused, Subject: "table async_tasks", Reason: "a view needs it", Hint: "DROP VIEW it"},
		{Severity: upgrade.Refusal, Kind: upgrade.ErrConnected, Subject: "clients", Reason: "others are connected"},
		{Severity: upgrade.Decision, Subject: "procedure public.site_add(text)", Reason: "somebody edited it"},
		{Severity: upgrade.Caution, Subject: "transactions", Reason: "they are long"},
	}}
	facts.Check.Database.Name = "live"
	result := judged(t, facts)
	if f := only(t, result.Findings, "upgrade-refused"); f.Severity != finding.MustFix || f.Object.String() != "async_tasks" {
		t.Errorf("%+v", f)
	}
	if f := only(t, result.Findings, "upgrade-decision"); f.Severity != finding.Decide || f.Object.String() != "site_add(text)" {
		t.Errorf("%+v", f)
	}
	notes := 0
	for _, f := range result.Findings {
		if f.Rule == "upgrade-caution" && f.Severity == finding.Note && f.Object.Name == "live" {
			notes++
		}
	}
	if notes != 2 {
		t.Errorf("found\n%s", text(result.Findings))
	}
	if c := state(t, result, "upgrade"); c.State != judge.Failed {
		t.Errorf("%+v", c)
	}
}

func TestDataIsToldAndNothingOfItIsToDecide(t *testing.T) {
	facts := same(t)
	facts.Data = &judge.Data{
		Tasks: 3506, Commands: 3480, Archived: 40, Why: []judge.Count{{Name: "siblings differ", Count: 40}},
		InFlight: []judge.Count{{Name: "running", Count: 3}, {Name: "finished", Count: 0}},
		Tables:   []judge.TableData{{Table: "async_tasks", Moves: []judge.Count{{Name: "action_parameters", Count: 3 << 20}, {Name: "root_command_id"}}}},
	}
	result := judged(t, facts)
	for _, want := range []string{"data-archived", "data-large", "tasks-in-flight"} {
		if f := only(t, result.Findings, want); f.Severity != finding.Note {
			t.Errorf("%+v", f)
		}
	}
	if c := state(t, result, "data"); c.Summary != "3,506 tasks become 3,480 commands; 40 tasks need the archive" {
		t.Errorf("%+v", c)
	}
}

func TestFindingsOfRulesThatWereThereBeforeAreToldApart(t *testing.T) {
	facts := same(t)
	add := routineOf(t, facts.Before.Catalog, "site_add")
	old := finding.Finding{Rule: "routine-fails", Severity: finding.Decide, Object: add, Summary: "old"}
	fresh := finding.Finding{Rule: "routine-fails", Severity: finding.Decide, Object: add, Summary: "fresh"}
	facts.Before.Rules, facts.After.Rules = []finding.Finding{old}, []finding.Finding{fresh, old}
	result := judged(t, facts)
	if len(result.Findings) != 1 || result.Findings[0].Summary != "fresh" || len(result.Earlier) != 1 || result.Earlier[0].Summary != "old" {
		t.Errorf("%s\nearlier\n%s", text(result.Findings), text(result.Earlier))
	}
}

func TestProceduresOfCocoItselfAreNotJudgedByTheTablesOfOnePhase(t *testing.T) {
	facts := same(t)
	after := *facts.After.Catalog
	own := catalog.Routine{}
	own.Object = catalog.Object{Kind: catalog.KindRoutine, Schema: "coco", Name: "v6_insertasync_tasks"}
	after.Routines = append(slices.Clone(after.Routines), own)
	facts.After.Catalog = &after
	facts.Before.Problems = &check.Result{}
	facts.After.Problems = &check.Result{Problems: []check.Problem{{Object: own.Object, Message: "no"}}, Skipped: []check.Skip{{Object: own.Object}}}
	result := judged(t, facts)
	if c := state(t, result, "procedures"); len(result.Findings) > 0 || c.State != judge.Passed || !strings.Contains(strings.Join(c.Detail, "\n"), "coco's own (1 procedure)") {
		t.Errorf("%+v\n%s", c, text(result.Findings))
	}
}
