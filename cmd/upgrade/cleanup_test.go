package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// shownTimes are the parts of an output that no two runs have in common.
var shownTimes = regexp.MustCompile(`20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+Z|\.\d+[+-]\d\d:\d\d| [A-Z]{3,4})?|"(time|before|longest_ns|duration_ns|file|batches)":("[^"]*"|\d+)|coco-commands-\S+\.jsonl`)

func maskedCleanup(text string) string {
	return shownTimes.ReplaceAllStringFunc(text, func(found string) string {
		if name, _, ok := strings.Cut(found, `":`); ok {
			return name + `":…`
		}
		if strings.HasPrefix(found, "coco-commands-") {
			return "FILE"
		}
		return "TIME"
	})
}

func TestCleanupSaysWhatWouldGoAndWhatItRemoves(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	db := operated(t)
	_, command := theTask(t, db)
	execute(t, db, `UPDATE command_entities SET status = 'SUCCEEDED', finished_at = now() - interval '20 days'
		WHERE command_id IN (SELECT coco.below(COALESCE(e.parent_command_id, e.command_id)) FROM command_entities e WHERE e.command_id = $1)`, command)
	before := rows(t, db, commandRows)

	dry := want(t, exitDone, "cleanup", "--before", "5d")
	dryJSON := want(t, exitDone, "cleanup", "--before", "5d", "--json")
	if now := rows(t, db, commandRows); strings.Join(now, "\n") != strings.Join(before, "\n") {
		t.Fatal("a dry run has changed something")
	}
	did := want(t, exitDone, "cleanup", "--before", "5d", "--yes")
	theExport(t)
	t.Chdir(here) // where the golden files are
	golden(t, "cleanup-dry-run.golden", maskedCleanup(dry.stdout))
	golden(t, "cleanup-dry-run-json.golden", maskedCleanup(dryJSON.stdout))
	golden(t, "cleanup-yes.golden", maskedCleanup(did.stdout))
	for line := range strings.Lines(dry.stdout + did.stdout) {
		if width := len([]rune(line)); width > 80 && !strings.Contains(line, "finished before") && !strings.Contains(line, "written to") {
			t.Errorf("a row of %d letters: %s", width, line)
		}
	}

	if now := rows(t, db, commandRows); len(now) != len(before)-2 {
		t.Errorf("there are %d commands, there were %d", len(now), len(before))
	}
}

func TestWhatCleanupRemovesComesBackFromItsExport(t *testing.T) {
	db := operated(t)
	before := rows(t, db, commandRows)
	all := events(t, want(t, exitDone, "cleanup", "--before", time.Now().AddDate(0, 0, -30).Format(time.DateOnly), "--yes", "--json", "--export", "removed.jsonl"))
	last := all[len(all)-1]
	if last["event"] != "result" || last["removed_commands"] != 2.0 || last["removed_trees"] != 1.0 || last["dry_run"] != false || last["file"] != "removed.jsonl" {
		t.Errorf("%v", last)
	}
	info, err := os.Stat("removed.jsonl")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	text, err := os.ReadFile("removed.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var command map[string]any
		if err := json.Unmarshal([]byte(line), &command); err != nil || !slices.Contains([]any{doneRoot, doneChild}, command["command_id"]) {
			t.Errorf("%s: %v", line, err)
		}
	}
	want(t, exitDone, "commands", "load", "removed.jsonl").says(t, "2 commands loaded")
	if now := rows(t, db, commandRows); strings.Join(now, "\n") != strings.Join(before, "\n") {
		t.Error("the commands are not what they were")
	}
	want(t, exitFailure, "cleanup", "--before", "30d", "--yes", "--export", "removed.jsonl").says(t, "file exists")
	if now := rows(t, db, commandRows); len(now) != len(before) {
		t.Error("commands were removed that could not be exported")
	}
	if err := os.Remove("removed.jsonl"); err != nil {
		t.Fatal(err)
	}
	want(t, exitDone, "cleanup", "--before", "390w", "--yes").says(t, "nothing to do: no tree that finished before")
	if files, err := filepath.Glob("*.jsonl"); err != nil || len(files) > 0 {
		t.Errorf("files are left: %v, %v", files, err)
	}
}

func TestCleanupRefusesWhatItCannotDo(t *testing.T) {
	db := engine(t)
	want(t, exitUsage, "cleanup").isOneError(t, "cleanup needs --before", "--before 30d")
	want(t, exitUsage, "cleanup", "--before", "soon").isOneError(t, `--before "soon" is no date, time or age`, "2026-01-31")
	want(t, exitUsage, "cleanup", "30d").isOneError(t, "takes no arguments", "cleanup")
	for _, yes := range [][]string{nil, {"--yes"}} {
		want(t, exitFailure, append([]string{"cleanup", "--before", "30d"}, yes...)...).
			isOneError(t, "has not been upgraded to the switch", `Run "upgrade up --to switch"`)
		want(t, exitDone, "up", "--to", "prove", "--quiet")
	}
	want(t, exitFailure, "cleanup", "--before", "30d").isOneError(t, "has not been upgraded to the switch", `Run "upgrade up --to switch"`)
	want(t, exitDone, "up", "--to", "switch", "--quiet")
	want(t, exitDone, "cleanup", "--before", "30d", "--yes").says(t, "nothing to do")

	tomorrow := time.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	for _, yes := range [][]string{nil, {"--yes"}} {
		want(t, exitUsage, append([]string{"cleanup", "--before", tomorrow}, yes...)...).isOneError(t, "lies in the future", "has passed")
	}
	execute(t, db, `UPDATE coco.cleanup_run SET run_id = md5(random()::text)::uuid, runner = 'engine-1', expires_at = now() + interval '1 minute'`)
	want(t, exitBusy, "cleanup", "--before", "30d", "--yes", "--json").isOneError(t, "another cleanup is running: engine-1", "Wait")
	want(t, exitDone, "cleanup", "--before", "30d") // a dry run is in nobody's way
	if files, err := filepath.Glob("*.jsonl"); err != nil || len(files) > 0 {
		t.Errorf("files are left: %v, %v", files, err)
	}
}

func TestDatesAndAgesAreRead(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	local := time.Local                   //nolint:gosmopolitan // that it is used is what is tested
	time.Local = berlin                   //nolint:gosmopolitan // as above
	defer func() { time.Local = local }() //nolint:gosmopolitan // as above
	for text, want := range map[string]string{
		"30d": "720h0m0s", "4w": "672h0m0s", "12h": "12h0m0s",
		"2026-01-31": "2026-01-30T23:00:00Z", "2026-07-31": "2026-07-30T22:00:00Z",
		"2026-01-31 12:00": "2026-01-31T11:00:00Z", "2026-01-31T12:00:01": "2026-01-31T11:00:01Z",
		"2026-01-31T12:00:00Z": "2026-01-31T12:00:00Z", "2026-01-31 12:00:00+05:00": "2026-01-31T07:00:00Z",
		"": "", "0d": "", "-1d": "", "30": "", "30m": "", "2026-02-30": "", "99999999d": "", "31.01.2026": "",
	} {
		cut, err := parseCutoff(text)
		got := ""
		switch {
		case err != nil:
		case cut.age > 0:
			got = cut.age.String()
		default:
			got = cut.at.UTC().Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q is read as %q, want %q (%v)", text, got, want, err)
		}
	}
}
