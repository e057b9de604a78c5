package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ovirt/coco/internal/testdb"
)

func TestDemoRunsGreenAndLeavesNothing(t *testing.T) {
	clearEnvironment(t)
	testdb.NeedPgDump(t, testdb.Server(t))
	before := servers(t)
	page := filepath.Join(t.TempDir(), "review.html")
	got := want(t, exitDone, "demo", "--tasks", "300", "--review", page)
	got.says(t, "346 tasks in async_tasks", "1,730 moved values of 346 tasks, all equal", "equal, byte for byte", "verify: 4 checks, all hold",
		": 0 failed, 0 wrong answers", page+": nothing to fix and nothing to decide")
	if text, err := os.ReadFile(page); err != nil || !strings.HasPrefix(string(text), "<!doctype html>") {
		t.Errorf("the page begins with %.60q: %v", text, err)
	}
	if lines := strings.Count(got.stdout, "\n"); lines > 60 {
		t.Errorf("%d lines", lines)
	}
	if after := servers(t); !slices.Equal(before, after) {
		t.Errorf("left behind: %v, before %v", after, before)
	}
}

func TestDemoSpeaksJSON(t *testing.T) {
	clearEnvironment(t)
	testdb.NeedPgDump(t, testdb.Server(t))
	told := 0
	for _, event := range events(t, want(t, exitDone, "demo", "--tasks", "0", "--json")) {
		if event["event"] == "told" {
			told++
		}
	}
	if told < 10 {
		t.Errorf("%d events tell something", told)
	}
}

// servers returns the directories of servers that this process has started.
func servers(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, base := range []string{"/dev/shm", os.TempDir(), "/tmp"} {
		dirs, err := filepath.Glob(fmt.Sprintf("%s/coco-pg-*-%d-*", base, os.Getpid()))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, dirs...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestDemoSeesEveryDifference(t *testing.T) {
	text := func(s string) *string { return &s }
	rows := func() taskRows {
		return taskRows{"a": {
			text("root"), text("p"), text("c"), nil, text(""),
			text("1"), text("2"), text("3"), nil, text("command"), text("infinity"), nil, text("4"), text("vdsm"),
		}}
	}
	if n, err := rows().compare(rows()); n != 5 || err != nil {
		t.Fatalf("equal rows: %d, %v", n, err)
	}
	for i := range 14 {
		changed := rows()
		if changed["a"][i] == nil {
			changed["a"][i] = text("") // NULL is not an empty text
		} else {
			changed["a"][i] = text(canaryValue)
		}
		if _, err := rows().compare(changed); err == nil || strings.Contains(err.Error(), canaryValue) {
			t.Errorf("column %d: %v", i, err)
		}
	}
	if _, err := rows().compare(taskRows{}); err == nil {
		t.Error("a lost task went unnoticed")
	}
	more := rows()
	more["b"] = more["a"]
	if _, err := rows().compare(more); err == nil {
		t.Error("a new task went unnoticed")
	}
	if d := dump("one\ntwo\n").difference(dump("one\n" + canaryValue)); d != "from line 2 on" {
		t.Errorf("dumps: %q", d)
	}
}
