package play_test

import (
	_ "embed"
	"strings"
	"testing"
	"time"

	"github.com/ovirt/coco/internal/play"
)

//go:embed testdata/naive.sql
var naiveSQL string

// TestTheNaiveOrderIsCaughtInFailuresAndWrongAnswers upgrades beneath the played engine as one should not. What was written after the
// copy is lost, and what is called while columns or procedures are gone fails. Where the first try shows only one of them, others follow.
func TestTheNaiveOrderIsCaughtInFailuresAndWrongAnswers(t *testing.T) {
	t.Parallel()
	failed, wrong := 0, 0
	for try := range 10 {
		report := playNaively(t, uint64(try))
		total := report.Total()
		failed, wrong = failed+total.Failed, wrong+total.Wrong
		for _, phase := range report.Phases {
			if phase.Control.Failed > 0 || phase.Control.Wrong > 0 {
				t.Errorf("the control noticed it: %+v", phase.Control)
			}
			if phase.Name == "before" && phase.Failed+phase.Wrong > 0 {
				t.Error("something was noticed before anything was done")
			}
		}
		if failed > 0 && wrong > 0 {
			return
		}
	}
	t.Errorf("%d failures and %d wrong answers: both should be there", failed, wrong)
}

func playNaively(t *testing.T, seed uint64) play.Report {
	t.Helper()
	db := engine(t)
	conn := db.Connect(t.Context())
	e := start(t, play.Options{URL: db.URL, Seed: seed, Rate: 400, Tasks: 40})
	e.Phase("before")
	time.Sleep(300 * time.Millisecond)
	e.Phase("while it is upgraded")
	for part := range strings.SplitSeq(naiveSQL, "\n-- part\n") {
		if _, err := conn.PgConn().Exec(t.Context(), part).ReadAll(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	e.Phase("after")
	time.Sleep(500 * time.Millisecond)
	report, err := e.Stop(t.Context())
	t.Logf("stop: %v\n%s", err, report)
	return report
}
