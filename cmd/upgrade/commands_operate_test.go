package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ovirt/coco/internal/testdb"
)

// The commands that operated makes, and the instances that drive them.
const (
	runningRoot  = "10000000-0000-4000-8000-000000000001" // driven by a live instance
	runningChild = "10000000-0000-4000-8000-000000000002"
	deadRoot     = "20000000-0000-4000-8000-000000000001" // held: its owner has died again and again
	doneRoot     = "30000000-0000-4000-8000-000000000001" // finished, as its child; a class that would colour a terminal
	doneChild    = "30000000-0000-4000-8000-000000000002"
	mixedRoot    = "40000000-0000-4000-8000-000000000001" // finished, but for its child, which nobody owns
	mixedChild   = "40000000-0000-4000-8000-000000000002"
	nobody       = "90000000-0000-4000-8000-000000000009"
	liveEngine   = "a0000000-0000-4000-8000-000000000001"
	deadEngine   = "a0000000-0000-4000-8000-000000000002"
)

// operated is the database of an engine at the end of the chain, with commands of instances beside those of its tasks.
func operated(t *testing.T) *testdb.DB {
	t.Helper()
	db := engine(t)
	want(t, exitDone, "up", "--to", "retire", "--force", "--quiet")
	execute(t, db, `INSERT INTO coco.engine_instance (instance_id, name, lease, started_at, alive_since, renewed_at) VALUES
		('`+liveEngine+`', 'engine-1', '1 day', now() - interval '2 days 4 hours', now() - interval '2 days 4 hours', now()),
		('`+deadEngine+`', E'engine-2\x1b[31m', '30 seconds', now() - interval '3 days', now() - interval '3 days', now() - interval '2 hours 10 minutes')`)
	for _, command := range []struct {
		id                     string
		kind                   int
		parent, text, class    any
		created, status, ended any
	}{
		{runningRoot, 32, nil, canaryValue, "org.ovirt.RunVmParams", before(t, db, "3 hours 5 minutes 10 seconds"), "ACTIVE", nil},
		{runningChild, 33, runningRoot, canaryValue, nil, before(t, db, "3 hours 5 minutes 5 seconds"), nil, nil},
		{deadRoot, 5, nil, nil, nil, before(t, db, "2 days 4 hours 10 minutes"), "ACTIVE", nil},
		{doneRoot, 7, nil, "\x1b[2J\n" + canaryValue, "\x1b[31mred", before(t, db, "400 days 1 hour"), "SUCCEEDED", before(t, db, "390 days")},
		{doneChild, 8, doneRoot, "", nil, "-infinity", "FAILED_RESTARTED", "4713-01-01 BC"},
		{mixedRoot, 9, nil, "{}", nil, before(t, db, "10 days 1 hour"), "FAILED", before(t, db, "10 days")},
		{mixedChild, 10, mixedRoot, "{}", nil, nil, "ACTIVE", nil},
	} {
		execute(t, db, `INSERT INTO command_entities (command_id, command_type, parent_command_id, root_command_id, action_parameters,
				action_parameters_class, created_at, status, finished_at)
			VALUES ($1, $2, $3, $3, $4, $5, $6::text::timestamptz, $7, $8::text::timestamptz)`,
			command.id, command.kind, command.parent, command.text, command.class, command.created, command.status, command.ended)
	}
	execute(t, db, `INSERT INTO coco.command_owner (command_id, instance_id, taken_at, recoveries, held_at) VALUES
		('`+runningRoot+`', '`+liveEngine+`', now() - interval '3 hours 5 minutes 10 seconds', 0, NULL),
		('`+runningChild+`', '`+liveEngine+`', now() - interval '3 hours 5 minutes 5 seconds', 0, NULL),
		('`+deadRoot+`', '`+deadEngine+`', now() - interval '2 days', 5, now() - interval '2 hours 5 minutes')`)
	return db
}

// before is the time that long ago, by the server's clock.
func before(t *testing.T, db *testdb.DB, interval string) string {
	t.Helper()
	return rows(t, db, `SELECT (now() - interval '`+interval+`')::text`)[0]
}

// theTask is a task of the sample and the command that it names.
func theTask(t *testing.T, db *testdb.DB) (task, command string) {
	t.Helper()
	task, command, _ = strings.Cut(rows(t, db, `SELECT task_id || ' ' || command_id FROM async_tasks
		WHERE command_id <> '00000000-0000-0000-0000-000000000000' ORDER BY task_id LIMIT 1`)[0], " ")
	return task, command
}

func TestCommandsAreListedPageByPage(t *testing.T) {
	operated(t)
	var ids []string
	after := []string{}
	for {
		page := want(t, exitDone, append([]string{"commands", "list", "--unfinished", "--limit", "100"}, after...)...)
		lines := strings.Split(strings.TrimSpace(page.stdout), "\n")
		for _, line := range lines[1:] {
			if id, _, _ := strings.Cut(line, " "); len(id) == 36 {
				ids = append(ids, id)
			}
		}
		next, ok := strings.CutPrefix(lines[len(lines)-1], "more: ")
		if !ok {
			break
		}
		after = strings.Fields(next)
	}
	all := events(t, want(t, exitDone, "commands", "list", "--unfinished", "--limit", "10000", "--json"))
	list, _ := all[0]["commands"].([]any)
	if slices.Sort(ids); len(ids) != len(list) || len(slices.Compact(ids)) != len(list) || len(list) < 100 {
		t.Errorf("%d commands in pages, %d in one", len(ids), len(list))
	}
	if all[0]["next"] != nil {
		t.Errorf("next: %v", all[0]["next"])
	}
	want(t, exitDone, "commands", "list", "--type", "424242").says(t, "no commands")
	want(t, exitDone, "commands", "list", "--held").says(t, deadRoot, "held")
	want(t, exitDone, "commands", "list", "--owner", liveEngine, "--status", "active").says(t, runningRoot, "alive", "engine-1")
	old := want(t, exitDone, "commands", "list", "--before", "9600h", "--type", "7")
	old.says(t, doneRoot, `\x1b[31mred`)
	want(t, exitDone, "commands", "list", "--since", "9600h", "--type", "7").says(t, "no commands")
}

func TestATreeShowsTasksAndWhatKeepsIt(t *testing.T) {
	db := operated(t)
	want(t, exitDone, "commands", "tree", runningChild).says(t, runningRoot+"\n", "└─ "+runningChild+" ←", "2 commands, 2 unfinished, 0 tasks")
	want(t, exitDone, "commands", "tree", mixedRoot).says(t, mixedRoot+" ←", "not cleaned up: command "+mixedChild+" has not finished")
	execute(t, db, `UPDATE async_tasks SET command_id = '`+doneChild+`' WHERE task_id = (SELECT task_id FROM async_tasks ORDER BY task_id LIMIT 1)`)
	task := rows(t, db, `SELECT task_id::text FROM async_tasks WHERE command_id = '`+doneChild+`'`)[0]
	want(t, exitDone, "commands", "tree", doneRoot).says(t, "task "+task, "not cleaned up: task "+task+" names command "+doneChild)
	want(t, exitDone, "commands", "show", doneChild).says(t, "tasks       "+task)
	tree := events(t, want(t, exitDone, "commands", "tree", doneChild, "--json"))[0]
	root, _ := tree["root"].(map[string]any)
	if tree["asked_for"] != doneChild || root["command_id"] != doneRoot || tree["commands"] != 2.0 {
		t.Errorf("%v", tree)
	}
}

func TestParametersAreShownOnlyWhenAskedFor(t *testing.T) {
	operated(t)
	want(t, exitDone, "commands", "show", runningRoot).says(t, "21 bytes, not shown: --show-parameters", "alive: it is for 24h00m")
	want(t, exitDone, "commands", "show", deadRoot).says(t, "parameters  none", "expired: it is for 30.0s", "recoveries  5", `"upgrade commands resume"`)
	// Not through command(): everything that shows is searched for them there.
	shown := func(args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		args = append([]string{"commands", "show", "--show-parameters"}, args...)
		if code := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr); code != exitDone {
			t.Fatalf("exit code %d: %s", code, stderr.String())
		}
		return stdout.String()
	}
	const text = "\x1b[2J\n" + canaryValue
	if got := shown(doneRoot); !strings.HasSuffix(got, "\n\n"+text+"\n") {
		t.Errorf("to a file: %q", got)
	}
	if got := shown(deadRoot); !strings.HasSuffix(got, "lets it be handed out again\n") || !strings.Contains(got, "parameters  none\n") {
		t.Errorf("without any: %q", got)
	}
	var command map[string]any
	if err := json.Unmarshal([]byte(shown(doneRoot, "--json")), &command); err != nil || command["action_parameters"] != text {
		t.Errorf("%v, %v", command, err)
	}
	if err := json.Unmarshal([]byte(shown(deadRoot, "--json")), &command); err != nil || command["action_parameters"] != nil {
		t.Errorf("%v, %v", command, err)
	}
	if _, err := exec.LookPath("script"); err != nil {
		t.Skip("no program script, which makes a terminal")
	}
	if got := onTerminal(t, []string{"NO_COLOR=1"}, "commands", "show", "--show-parameters", doneRoot); strings.Contains(got, "\x1b[2J") ||
		strings.Contains(got, "\x1b[31m") || !strings.Contains(got, `\x1b[2J`+"\r\n"+canaryValue) {
		t.Errorf("to a terminal: %q", got)
	}
}

func TestSecretsOfCommandsStayWhereTheyAre(t *testing.T) {
	db := operated(t)
	_, named := theTask(t, db)
	for _, how := range []string{"--verbose", "--json", "--no-color"} {
		for _, args := range [][]string{
			{"list"}, {"engines"}, {"tree", doneRoot}, {"tree", named}, {"show", runningRoot}, {"show", doneRoot}, {"show", nobody},
			{"remove", doneRoot}, {"remove", named}, {"remove", named, "--yes", "--unfinished"}, {"remove", nobody, "--yes"},
			{"remove", runningRoot, "--yes"}, {"resume", runningRoot}, {"list", "--owner", canaryPassword}, {"list", "--after", canaryValue},
			{"list", "--since", canaryValue}, {"show", "postgres://e:" + canaryPassword + "@h/d"},
		} {
			command(t, append(append([]string{"commands"}, args...), how)...)
		}
	}
	want(t, exitDone, "commands", "remove", doneRoot, "--yes", "--verbose") // and its file is not for others to read
	theExport(t)
}

func TestWhatWasRemovedComesBackAsItWas(t *testing.T) {
	db := operated(t)
	before := rows(t, db, commandRows)
	want(t, exitDone, "commands", "remove", doneRoot).says(t, doneRoot, doneChild, "dry run, nothing was changed: --yes removes 2 commands")
	if now := rows(t, db, commandRows); !slices.Equal(now, before) {
		t.Fatal("the dry run has removed something")
	}
	if left, _ := filepath.Glob("*"); len(left) > 0 {
		t.Errorf("the dry run has made %v", left)
	}
	want(t, exitDone, "commands", "remove", doneRoot, "--yes").says(t, "2 commands removed and written to coco-commands-")
	last := events(t, want(t, exitDone, "commands", "remove", mixedRoot, "--yes", "--unfinished", "--export", "mixed.jsonl", "--json"))
	if got := last[len(last)-1]; got["removed"] != 2.0 || got["file"] != "mixed.jsonl" {
		t.Errorf("%v", got)
	}
	if now := rows(t, db, commandRows); len(now) != len(before)-4 {
		t.Errorf("%d commands are left of %d", len(now), len(before))
	}
	want(t, exitFailure, "commands", "show", doneChild).isOneError(t, "there is no command "+doneChild, `"upgrade commands list"`)
	want(t, exitDone, "commands", "load", theExport(t)).says(t, "2 commands loaded")
	want(t, exitDone, "commands", "load", "mixed.jsonl").says(t, "2 commands loaded")
	if now := rows(t, db, commandRows); !slices.Equal(now, before) {
		t.Error("the commands are not what they were")
	}
}

func TestRemoveRefusesWhatIsNeeded(t *testing.T) {
	db := operated(t)
	task, named := theTask(t, db)
	before := rows(t, db, commandRows)
	for _, yes := range [][]string{nil, {"--yes"}} {
		remove := func(id string, more ...string) outcome {
			t.Helper()
			return want(t, exitFailure, append(append([]string{"commands", "remove", id}, yes...), more...)...)
		}
		remove(runningRoot, "--unfinished").isOneError(t, "a live instance drives command "+runningRoot+" (and 1 more)", "Stop that instance first")
		remove(named, "--unfinished").isOneError(t, "task "+task+" still needs command "+named, "the task")
		remove(mixedRoot).isOneError(t, "command "+mixedChild+" has not finished", "--unfinished")
		remove(nobody).isOneError(t, "there is no command "+nobody, "list")
		all := events(t, remove(mixedRoot, "--json"))
		if last := all[len(all)-1]; last["event"] != "error" || last["kind"] != "blocked" || last["exit_code"] != 1.0 {
			t.Errorf("%v", last)
		}
		if last := events(t, remove(nobody, "--json")); last[len(last)-1]["kind"] != "not_found" {
			t.Errorf("%v", last)
		}
	}
	planned := events(t, want(t, exitFailure, "commands", "remove", runningRoot, "--json"))[0]
	if owned, _ := planned["owned"].([]any); planned["event"] != "removal" || planned["dry_run"] != true || len(owned) != 2 {
		t.Errorf("%v", planned)
	}
	write(t, "taken.jsonl", "not yours\n")
	want(t, exitFailure, "commands", "remove", doneRoot, "--yes", "--export", "taken.jsonl").says(t, "file exists")
	want(t, exitFailure, "commands", "remove", doneRoot, "--yes", "--export", "no/such/dir.jsonl").says(t, "no such file or directory")
	if now := rows(t, db, commandRows); !slices.Equal(now, before) {
		t.Error("something was removed")
	}
	if left, _ := filepath.Glob("*"); !slices.Equal(left, []string{"taken.jsonl"}) {
		t.Errorf("there are %v", left)
	}
}

func TestTheExportStaysWhereTheEndOfARemovalIsInDoubt(t *testing.T) {
	db := operated(t)
	before := rows(t, db, commandRows)
	execute(t, db, `CREATE FUNCTION refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$`)
	execute(t, db, `CREATE CONSTRAINT TRIGGER refuse AFTER DELETE ON command_entities DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION refuse_removal()`)
	failed := want(t, exitFailure, "commands", "remove", doneRoot, "--yes")
	failed.says(t, "not now", "warning: whether the commands are gone is not known; they are written to "+theExport(t))
	if now := rows(t, db, commandRows); !slices.Equal(now, before) {
		t.Error("something was removed")
	}
	execute(t, db, `DROP TRIGGER refuse ON command_entities`)
	want(t, exitDone, "commands", "load", theExport(t)).says(t, "0 commands loaded, 2 already there")
}

func TestAHeldCommandIsResumed(t *testing.T) {
	db := operated(t)
	want(t, exitDone, "commands", "resume", deadRoot).says(t, "can be handed out again")
	if got := rows(t, db, `SELECT recoveries || ' ' || (held_at IS NULL) FROM coco.command_owner WHERE command_id = '`+deadRoot+`'`)[0]; got != "0 true" {
		t.Errorf("recoveries and held: %s", got)
	}
	want(t, exitDone, "commands", "resume", deadRoot).says(t, "nothing to do")
	all := events(t, want(t, exitDone, "commands", "resume", deadRoot, "--json"))
	if last := all[len(all)-1]; last["resumed"] != false {
		t.Errorf("%v", last)
	}
	want(t, exitFailure, "commands", "resume", nobody).isOneError(t, "there is no command", "list")
}

func TestBeforeTheSwitchThereAreNoCommandsToWorkOn(t *testing.T) {
	engine(t)
	refused := func(reason string) {
		t.Helper()
		for _, args := range [][]string{{"list"}, {"engines"}, {"tree", nobody}, {"show", nobody}, {"remove", nobody}, {"remove", nobody, "--yes"}, {"resume", nobody}} {
			want(t, exitFailure, append([]string{"commands"}, args...)...).isOneError(t, reason, `Run "upgrade up --to switch"`)
		}
	}
	refused("the database has not been upgraded")
	want(t, exitDone, "up", "--to", "prove", "--quiet")
	refused("before the switch")
	want(t, exitDone, "up", "--to", "switch", "--quiet")
	want(t, exitDone, "commands", "list")
	if left, _ := filepath.Glob("*"); len(left) > 0 {
		t.Errorf("there are %v", left)
	}
}

// TestWhoMayReadTasksMayLookAtCommands works as a role that was given no more than SELECT on async_tasks before the upgrade.
func TestWhoMayReadTasksMayLookAtCommands(t *testing.T) {
	db := engine(t)
	execute(t, db, `DO $$ BEGIN CREATE ROLE coco_onlooker LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`)
	execute(t, db, `GRANT SELECT ON async_tasks TO coco_onlooker`)
	want(t, exitDone, "up", "--to", "contract", "--quiet")
	task, named := theTask(t, db)
	as := "--database=" + db.Server.URLFor("coco_onlooker", db.Name)
	want(t, exitDone, "commands", "list", as)
	want(t, exitDone, "commands", "list", "--owner", "none", "--held", as)
	want(t, exitDone, "commands", "engines", as)
	want(t, exitDone, "commands", "tree", named, as).says(t, named+" ←", "task "+task)
	want(t, exitDone, "commands", "show", named, as).says(t, task)
	want(t, exitFailure, "commands", "remove", named, as).says(t, "task "+task+" still needs command "+named)
	var stdout, stderr bytes.Buffer // its right to read parameters was there before
	if code := run(t.Context(), []string{"commands", "show", named, "--show-parameters", as}, strings.NewReader(""), &stdout, &stderr); code != exitDone {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
	execute(t, db, `INSERT INTO command_entities (command_id, command_type, created_at, status, finished_at)
		VALUES ('`+doneRoot+`', 7, NULL, 'SUCCEEDED', now())`)
	want(t, exitDone, "commands", "show", doneRoot, as).says(t, "created     unknown")
	want(t, exitDone, "commands", "remove", doneRoot, as).says(t, "--yes removes 1 command")
	want(t, exitFailure, "commands", "remove", doneRoot, "--yes", as).says(t, "permission denied")
	want(t, exitFailure, "commands", "resume", named, as).says(t, "permission denied")
}

func TestWrongUsageOfCommandsSaysWhatWasMeant(t *testing.T) {
	clearEnvironment(t)
	secret := "postgres://engine:" + canaryPassword + "@db/engine"
	for _, c := range []struct{ args, reason, hint string }{
		{"lst", `there is no command "commands lst"`, "Did you mean list?"},
		{"list now", `takes no arguments, but was given "now"`, `"upgrade help commands list"`},
		{"list --status ACTVE", `there is no status "ACTVE"`, "Did you mean ACTIVE?"},
		{"list --status active,faild", `there is no status "FAILD"`, "Did you mean FAILED?"},
		{"list --status done", `there is no status "DONE"`, "The statuses are UNKNOWN, NOT_STARTED, ACTIVE, SUCCEEDED, FAILED, FAILED_RESTARTED."},
		{"list --type x", "the value of --type is not a whole number", `"upgrade help commands list"`},
		{"list --type 2147483648", "the value of --type is not a whole number", `"upgrade help commands list"`},
		{"list --owner me", "neither the id of an instance nor none", `"upgrade commands engines"`},
		{"list --limit 0", "--limit is between 1 and 10,000", ""},
		{"list --limit 10001", "--limit is between 1 and 10,000", ""},
		{"list --since yesterday", "the value of --since is not a time", "2026-01-02"},
		{"list --before 2026-13-01", "the value of --before is not a time", "2026-01-02"},
		{"list --after beginning", "the value of --after is no place in a list", "more: --after"},
		{"list --unfinishe", "there is no flag --unfinishe", "Did you mean --unfinished?"},
		{"tree", "tree takes one ID, but was given 0 arguments", `"upgrade help commands tree"`},
		{"show a b", "show takes one ID, but was given 2 arguments", `"upgrade help commands show"`},
		{"show 1dc3f14d", `"1dc3f14d" is not an id`, "An id is like"},
		{"show {1dc3f14d-5c8e-4d27-a1ee-11a53a7e9f8b}", `is not an id`, "An id is like"},
		{"tree " + secret, "a connection string is not an id", "An id is like"},
		{"remove 00000000-0000-0000-0000-000000000000", "the zero id stands for no command", `"upgrade commands list"`},
		{"remove " + nobody + " --yess", "there is no flag --yess", "Did you mean --yes?"},
		{"resume", "resume takes one ID, but was given 0 arguments", `"upgrade help commands resume"`},
		{"engines x", `takes no arguments, but was given "x"`, `"upgrade help commands engines"`},
	} {
		got := want(t, exitUsage, append([]string{"commands"}, strings.Fields(c.args)...)...)
		if c.hint == "" {
			got.says(t, "upgrade: "+c.reason)
			continue
		}
		got.isOneError(t, c.reason, c.hint)
	}
}
