package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/finding"
)

func TestReviewIsWrittenInEachFormatAndLeavesNothing(t *testing.T) {
	db := engine(t)
	t.Chdir(t.TempDir())
	before, dump := servers(t), db.Dump(t)
	want(t, exitDone, "review", "--to", "contract").says(t, "CHECKED", "apply 9 contract", "tasks become")
	want(t, exitDone, "review", "--to", "expand", "--format", "html", "--output", "review.html").
		says(t, "nothing to fix and nothing to decide: review.html")
	page, err := os.ReadFile("review.html")
	if err != nil || !strings.HasPrefix(string(page), "<!doctype html>") {
		t.Errorf("the page begins with %.60q: %v", page, err)
	}
	want(t, exitDone, "review", "--to", "expand", "--format", "markdown").says(t, "# ")
	last := events(t, want(t, exitDone, "review", "--to", "expand", "--json"))
	if got := last[len(last)-1]; got["event"] != "review" || got["format"] != float64(review.Format) {
		t.Errorf("events: %v", last)
	}
	if after := servers(t); !slices.Equal(before, after) {
		t.Errorf("left behind: %v, before %v", after, before)
	}
	if db.Dump(t) != dump {
		t.Error("the database was changed")
	}
}

func TestReviewEndsWithWhatPipelinesActOn(t *testing.T) {
	for _, test := range []struct {
		gravest finding.Severity
		failOn  string
		code    int
	}{
		{"", "note", exitDone},
		{finding.Note, "decide", exitDone},
		{finding.Note, "note", exitPending},
		{finding.Decide, "decide", exitPending},
		{finding.Decide, "must-fix", exitDone},
		{finding.MustFix, "must-fix", exitDrift},
		{finding.MustFix, "note", exitDrift},
		{finding.MustFix, "never", exitDone},
	} {
		if code := reviewExit(review.Verdict{Gravest: test.gravest}, test.failOn); code != test.code {
			t.Errorf("%s with --fail-on %s: %d, want %d", test.gravest, test.failOn, code, test.code)
		}
	}
}

func TestReviewOfADatabaseThatUpWouldRefuseSaysWhatMustBeFixed(t *testing.T) {
	db := engine(t)
	if _, err := db.Connect(t.Context()).Exec(t.Context(),
		`CREATE VIEW texts AS SELECT action_parameters FROM async_tasks`); err != nil {
		t.Fatal(err)
	}
	want(t, exitDrift, "review").says(t, "view texts")
	got := want(t, exitDone, "review", "--fail-on", "never", "--format", "json")
	var report review.Report
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil || report.Verdict.MustFix == 0 {
		t.Errorf("%v: %+v", err, report.Verdict)
	}
}

func TestReviewRefusesWhatItCannotDo(t *testing.T) {
	want(t, exitUsage, "review", "--format", "pdf").says(t, `no format is called "pdf"`, "text, json, markdown, html")
	want(t, exitUsage, "review", "--json", "--format", "html").says(t, "exclude one another")
	want(t, exitUsage, "review", "--fail-on", "nothing").says(t, "must-fix, decide, note, never")
	want(t, exitUsage, "review", "--rehearse-tasks", "0").says(t, "at least 1")
	engine(t)
	directory := t.TempDir()
	want(t, exitFailure, "review", "--to", "expand", "--output", directory).says(t, "is no ordinary file")
	if left, err := filepath.Glob(filepath.Join(directory, "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
