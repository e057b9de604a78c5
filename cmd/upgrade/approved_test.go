package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade/review"
)

// reviewed is what a review says in JSON.
func reviewed(t *testing.T, args ...string) review.Report {
	t.Helper()
	var report review.Report
	got := want(t, exitDone, append([]string{"review", "--format", "json"}, args...)...)
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil {
		t.Fatal(err)
	}
	return report
}

// refused checks that up changes nothing, and says what differs.
func refused(t *testing.T, db *testdb.DB, differs []any, args ...string) {
	t.Helper()
	before := db.Dump(t)
	list := events(t, want(t, exitDrift, append([]string{"up", "--json"}, args...)...))
	last := list[len(list)-1]
	if last["event"] != "error" || last["kind"] != "unapproved" || last["exit_code"] != float64(exitDrift) {
		t.Errorf("the last event is %v", last)
	}
	if got, _ := last["differs"].([]any); !slices.Equal(got, differs) {
		t.Errorf("%q differ, want %q", got, differs)
	}
	for _, event := range list {
		if strings.HasPrefix(event["event"].(string), "action_") || strings.HasPrefix(event["event"].(string), "step_") {
			t.Errorf("it began: %v", event)
		}
	}
	if db.Dump(t) != before {
		t.Error("the database was changed")
	}
}

func TestUpRunsWhatWasApprovedAndNothingElse(t *testing.T) {
	db := engine(t)
	whole, part := reviewed(t).Approval, reviewed(t, "--to", "contract").Approval
	if whole == part {
		t.Errorf("the way to contract has the same hash as the whole one: %s", whole)
	}
	want(t, exitDrift, "up", "--approved", part).says(t,
		"upgrade: the upgrade was approved up to the end of contract, and not up to another phase", "hint: Nothing was changed. Add --to contract")
	refused(t, db, []any{"the plan"}, "--approved", part)

	execute(t, db, `CREATE INDEX idx_of_somebody ON job (status)`)
	refused(t, db, []any{"the tables"}, "--approved", part, "--to", "contract")
	want(t, exitDrift, "up", "--approved", part, "--to", "contract").says(t,
		"upgrade: this is not what was approved: changed since then: the tables", `hint: Nothing was changed. Review again ("upgrade review")`)
	execute(t, db, `DROP INDEX idx_of_somebody`)

	want(t, exitDone, "up", "--approved", part, "--to", "contract").says(t, "at version 9 (contract)")
	want(t, exitDone, "up", "--approved", part, "--to", "contract").says(t, "nothing to do")
	execute(t, db, `GRANT SELECT ON job TO PUBLIC`)
	refused(t, db, []any{"owners, rights or settings"}, "--approved", whole)
	execute(t, db, `REVOKE SELECT ON job FROM PUBLIC`)
	if again := reviewed(t); again.Approval != whole {
		t.Errorf("reviewed at contract, the hash is %s, before it was %s", again.Approval, whole)
	}
	alone(t, db)
	want(t, exitDone, "up", "--approved", strings.ToUpper(whole)).says(t, "at version 10 (retire)")
	if done := reviewed(t); done.Approval != "" || done.NoApproval != "there is nothing to do" {
		t.Errorf("approval %q, %q", done.Approval, done.NoApproval)
	}
}

func TestApprovedIsAHashAndNotTogetherWithForce(t *testing.T) {
	const hash = "3b1f-0d2a-9c64-e778-5f1b-e2d0-a8c3-164f-d97e-5b20-77a1-04ce"
	want(t, exitUsage, "up", "--approved", "3b1f").says(t, "--approved is no hash of a review", "not 48 hexadecimal digits", "upgrade review")
	want(t, exitUsage, "up", "--approved", "").says(t, "--approved is no hash of a review")
	want(t, exitUsage, "up", "--to", "retire", "--force", "--approved", hash).says(t, "exclude one another")
}
