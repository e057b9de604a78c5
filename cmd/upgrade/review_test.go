package main

import (
	"encoding/json"
	"errors"
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
		says(t, "nothing to fix and nothing to decide", ": review.html")
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
	want(t, exitFailure, "review", "--to", "expand", "--output", directory).says(t, "is a directory")
	if left, err := filepath.Glob(filepath.Join(directory, "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestAFileThatCannotBeWrittenIsRefusedBeforeTheReview(t *testing.T) {
	directory := t.TempDir()
	for path, reason := range map[string]string{
		directory: "is a directory",
		filepath.Join(directory, "none", "review.html"): "there is no directory " + filepath.Join(directory, "none"),
		"/dev/null": "is no ordinary file",
	} {
		// A database that is not there would be the first that is asked.
		want(t, exitFailure, "review", "--database", "host=/nowhere dbname=none", "--output", path).isOneError(t, reason, "file")
	}
	if left, err := os.ReadDir(directory); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestAFileIsReplacedAsAWholeAndKeepsItsModeAndItsLinks(t *testing.T) {
	directory := t.TempDir()
	path, link := filepath.Join(directory, "review"), filepath.Join(directory, "link")
	replace := func(path, text string) {
		t.Helper()
		file, err := newReplacedFile(path)
		if err == nil {
			err = file.write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	holds := func(text string, mode os.FileMode) {
		t.Helper()
		got, err := os.ReadFile(path)
		info, statErr := os.Lstat(path)
		if err := errors.Join(err, statErr); err != nil || string(got) != text || info.Mode() != mode {
			t.Errorf("the file holds %q in mode %s: %v; want %q in %s", got, info.Mode(), err, text, mode)
		}
	}
	replace(path, "first")
	holds("first", 0o644)
	if err := errors.Join(os.Chmod(path, 0o600), os.Symlink("review", link)); err != nil {
		t.Fatal(err)
	}
	replace(link, "second")
	holds("second", 0o600)
	file, err := newReplacedFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file.path = filepath.Join(directory, "gone", "review")
	if err := file.write([]byte("third")); err == nil {
		t.Error("a file was written into a directory that is not there")
	}
	holds("second", 0o600)
	if left, err := os.ReadDir(directory); err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestTheVerdictOfAReviewTellsWhatWasNotLookedAt(t *testing.T) {
	checks := []review.Check{{State: review.Passed}, {State: review.Skipped}, {State: review.Failed}}
	for want, report := range map[string]review.Report{
		"nothing to fix and nothing to decide":                         {Checks: checks[:1]},
		"nothing to fix and nothing to decide, 1 of 2 checks not made": {Checks: checks[:2]},
		"1 must be fixed, 2 to decide, 1 of 3 checks not made":         {Checks: checks, Verdict: review.Verdict{MustFix: 1, Decide: 2}},
	} {
		if got := reviewVerdict(report); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
