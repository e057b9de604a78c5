package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var serverVersions = regexp.MustCompile(`PostgreSQL [0-9.]+`)

func TestRehearsalShowsTheLocksThatWereSeenAndLeavesNothing(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	db := engine(t)
	t.Chdir(here) // where the golden file is
	before, dump := servers(t), db.Dump(t)
	got := want(t, exitDone, "plan", "--rehearse", "--rehearse-tasks", "300")
	for line := range strings.Lines(got.stdout) {
		if n := len([]rune(line)) - 1; n > 120 {
			t.Errorf("a line of %d letters: %s", n, line)
		}
	}
	golden(t, "rehearsal.golden", serverVersions.ReplaceAllString(planTimes.ReplaceAllString(got.stdout, "    TIME"), "PostgreSQL VERSION"))
	if after := servers(t); !slices.Equal(before, after) {
		t.Errorf("left behind: %v, before %v", after, before)
	}
	if db.Dump(t) != dump {
		t.Error("the database was changed")
	}

	last := events(t, want(t, exitDone, "plan", "--rehearse", "--to", "expand", "--json"))
	steps, _ := last[len(last)-1]["steps"].([]any)
	if last[len(last)-1]["event"] != "rehearsal" || last[len(last)-1]["generated_tasks"] != 246.0 || len(steps) != 2 {
		t.Errorf("events: %v", last)
	}
	want(t, exitDone, "plan", "--rehearse", "--down").says(t, "nothing to rehearse")
}

func TestRehearsalThatCannotBeSaysWhy(t *testing.T) {
	db := engine(t)
	want(t, exitFailure, "plan", "--rehearse", "--scratch", db.Server.URL("postgres")).
		says(t, "the scratch server is the database's own", "hint: ")
	t.Setenv("PGBIN", t.TempDir())
	want(t, exitFailure, "plan", "--rehearse").says(t, "PostgreSQL's server programs were not found", "--scratch URL", "upgrade plan")
}
