package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// What a review may take: a DBA waits for it, and it runs beside others on small machines.
const (
	reviewTime   = 10 * time.Second
	reviewMemory = 300 << 20
	reviewTries  = 3 // the best counts, because other work on the machine only adds
)

func TestDumpOfARealEngineIsReviewedInTimeAndMemory(t *testing.T) {
	path := os.Getenv("ENGINE_DUMP")
	if path == "" {
		t.Skip("ENGINE_DUMP names no dump: make test-dump ENGINE_DUMP=engine.sql runs this on one")
	}
	dump, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	db := newScratch(t)
	db.restore(t, string(dump))
	if run := db.isReviewed(t); run.took >= reviewTime {
		t.Errorf("it took %s, less than %s wanted", run.took, reviewTime)
	}
}

func TestDumpOfTheFixtureIsReviewed(t *testing.T) {
	t.Parallel()
	db := newScratch(t)
	db.restore(t, fixtureDump(t, ""))
	db.isReviewed(t)
}

// isReviewed reviews a database that nobody has touched: nothing must be fixed, and nothing is left unchecked that could be checked. A later
// engine's is refused, and that is all there is to say against it.
func (s *scratch) isReviewed(t *testing.T) scaleRun {
	t.Helper()
	conn := s.connect(t, engineRole)
	later := query(t, conn, `SELECT to_regclass('public.command_entities')::text`)[0] != "NULL"
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !later {
		s.load(t, enginedb.Sample())
	}
	before := s.dump(t)
	report, best := s.review(t), scaleRun{}
	for i := range reviewTries {
		run := measured(t, s.url(), "review", "--fail-on", "never", "--output", filepath.Join(t.TempDir(), "review.txt"))
		if i == 0 || run.took < best.took {
			best.took = run.took
		}
		best.peak = max(best.peak, run.peak)
		if best.took < reviewTime {
			break
		}
	}
	for _, f := range report.Findings {
		if f.Severity == finding.MustFix && (!later || f.Rule != rule.UpgradeRefused) {
			t.Errorf("%s %s: %s", f.Rule, f.Object, f.Summary)
		}
	}
	for _, c := range report.Checks {
		t.Logf("%s %s: %s", c.State, c.ID, c.Summary)
		if c.State == review.Skipped && !later {
			t.Errorf("%s was not checked", c.ID)
		}
	}
	v := report.Verdict
	t.Logf("%d procedures, %d tables: %d must be fixed, %d to decide, %d notes; were there before: %d; in %s, peak memory %s",
		report.Database.Routines, report.Database.Tables, v.MustFix, v.Decide, v.Notes, len(report.Earlier),
		best.took.Round(10*time.Millisecond), mebibytes(best.peak))
	if best.peak == 0 || best.peak >= reviewMemory {
		t.Errorf("less than %s of memory wanted", mebibytes(reviewMemory))
	}
	if s.dump(t) != before {
		t.Error("the database was changed")
	}
	return best
}

// review returns what the program says.
func (s *scratch) review(t *testing.T) review.Report {
	t.Helper()
	file := filepath.Join(t.TempDir(), "review.json")
	upgradeTool(t, s.url(), exitDone, "review", "--fail-on", "never", "--format", "json", "--output", file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var report review.Report
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	return report
}
