package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ovirt/coco/examples/livemerge/internal/merge"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/internal/upgraded"
)

// programVariable makes the test binary the program itself.
const programVariable = "COCO_LIVEMERGE"

const (
	// lease is short, so that nobody waits long for the commands of a dead process.
	lease    = "300ms"
	patience = 30 * time.Second
)

func TestMain(m *testing.M) {
	if os.Getenv(programVariable) != "" {
		main()
	}
	testdb.Main(m)
}

// program prepares the program as a process of its own.
func program(t *testing.T, db *testdb.DB, args ...string) (cmd *exec.Cmd, output *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, os.Args[0], append([]string{"--database", db.URL, "--step-time", "1ms", "--lease", lease}, args...)...)
	cmd.Env = append(os.Environ(), programVariable+"=1")
	output = &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = output, output
	return cmd, output
}

// succeeds runs the program to its end and returns what it said.
func succeeds(t *testing.T, db *testdb.DB, args ...string) string {
	t.Helper()
	cmd, output := program(t, db, args...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return output.String()
}

// look compares the outcome: snapshots, how many were merged once, whether the disks have the right blocks, commands, and how many have
// succeeded.
func look(t *testing.T, db *testdb.DB, want string) {
	t.Helper()
	var snapshots, merged, commands, succeeded int
	var whole bool
	if err := db.Connect(t.Context()).QueryRow(t.Context(), outcomeSQL).Scan(&snapshots, &merged, &whole, &commands, &succeeded); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(snapshots, merged, whole, commands, succeeded); got != want {
		t.Errorf("snapshots, merged once, right blocks, commands, succeeded: %s, want %s", got, want)
	}
}

func TestKilledAtEveryMomentOfEveryStepEachSnapshotIsMergedOnce(t *testing.T) {
	t.Parallel()
	const snapshots = 3
	db := upgraded.New(t)
	for snapshot := 1; snapshot <= snapshots; snapshot++ {
		for _, moment := range []merge.Moment{merge.Beginning, merge.Begun, merge.Ending, merge.Ended} {
			cmd, output := program(t, db, "--crash-at", fmt.Sprintf("%d:%s", snapshot, moment))
			if err := cmd.Run(); !killed(cmd.ProcessState) {
				t.Fatalf("%d:%s: not killed: %v\n%s", snapshot, moment, err, output)
			}
			if took := strings.Contains(output.String(), "took the command over"); took == (snapshot == 1 && moment == merge.Beginning) {
				t.Errorf("%d:%s: took the command over: %t", snapshot, moment, took)
			}
			together(t, db)
		}
	}
	look(t, db, "3 3 true 4 3")
	if said, want := succeeds(t, db), "took the command over with 3 of 3 merged\nthe command has succeeded\n"; said != want {
		t.Errorf("said %q, want %q", said, want)
	}
	look(t, db, "3 3 true 4 4")
	if said := succeeds(t, db, "--snapshots", "1"); said != "stored the command\nmerging snapshot 1\nthe command has succeeded\n" {
		t.Errorf("with nothing left it said %q", said)
	}
	look(t, db, "4 4 true 6 6")
}

// together looks that a snapshot was begun if its child is there, and merged if its child has succeeded.
func together(t *testing.T, db *testdb.DB) {
	t.Helper()
	var begun, children, merged, succeeded int
	err := db.Connect(t.Context()).QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM livemerge.volume WHERE merging_since IS NOT NULL), count(*),
			(SELECT sum(merges) FROM livemerge.volume), count(*) FILTER (WHERE status = 'SUCCEEDED')
		FROM command_entities WHERE parent_command_id IS NOT NULL`).Scan(&begun, &children, &merged, &succeeded)
	if err != nil {
		t.Fatal(err)
	}
	if begun != children || merged != succeeded {
		t.Errorf("%d snapshots begun, %d children; %d merged, %d children have succeeded", begun, children, merged, succeeded)
	}
}

func TestTwoProcessesNeverMergeTheSameSnapshot(t *testing.T) {
	t.Parallel()
	const long = "2s" // on a busy machine two that are alive must not take each other for dead
	db := upgraded.New(t)
	killedCmd, output := program(t, db, "--crash-at", "2", "--lease", long)
	if err := killedCmd.Run(); !killed(killedCmd.ProcessState) {
		t.Fatalf("not killed: %v\n%s", err, output)
	}
	var running []*exec.Cmd
	var said []*bytes.Buffer
	for range 2 {
		cmd, output := program(t, db, "--lease", long)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running, said = append(running, cmd), append(said, output)
	}
	took := 0
	for i, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, said[i])
		}
		took += strings.Count(said[i].String(), "took the command over")
	}
	if took != 1 {
		t.Errorf("%d processes took the command over:\n%s---\n%s", took, said[0], said[1])
	}
	look(t, db, "6 6 true 8 8")
}

func TestAPausedProcessLearnsThatAnotherTookOver(t *testing.T) {
	t.Parallel()
	db := upgraded.New(t)
	paused, output := program(t, db, "--step-time", "500ms")
	if err := paused.Start(); err != nil {
		t.Fatal(err)
	}
	waitForStep(t, db)
	if err := paused.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if said := succeeds(t, db); !strings.HasPrefix(said, "took the command over with 0 of 3 merged\n") {
		t.Errorf("said %q", said)
	}
	if err := paused.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := paused.Wait(); err == nil || !strings.Contains(output.String(), "livemerge: ") {
		t.Errorf("%v\n%s", err, output)
	}
	look(t, db, "3 3 true 4 4")
}

func TestAStoppedProcessLeavesItsCommandToTheNextAtOnce(t *testing.T) {
	t.Parallel()
	db := upgraded.New(t)
	stopped, output := program(t, db, "--step-time", "1m", "--lease", "1h")
	if err := stopped.Start(); err != nil {
		t.Fatal(err)
	}
	waitForStep(t, db)
	if err := stopped.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := stopped.Wait(); err == nil || stopped.ProcessState.ExitCode() != 1 {
		t.Errorf("%v\n%s", err, output)
	}
	if said := succeeds(t, db, "--lease", "1h"); !strings.HasPrefix(said, "took the command over with 0 of 3 merged\n") {
		t.Errorf("said %q", said)
	}
	look(t, db, "3 3 true 4 4")
}

// waitForStep waits until a step has begun.
func waitForStep(t *testing.T, db *testdb.DB) {
	t.Helper()
	conn := db.Connect(t.Context())
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var begun bool
		err := conn.QueryRow(t.Context(), `SELECT EXISTS (SELECT 1 FROM command_entities WHERE parent_command_id IS NOT NULL)`).Scan(&begun)
		if err != nil {
			t.Fatal(err)
		}
		if begun {
			return
		}
	}
	t.Fatal("no step has begun")
}

func TestDemoShowsWhatHappened(t *testing.T) {
	t.Setenv(programVariable, "1") // for the processes that it starts
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"--demo", "--snapshots", "2", "--lease", lease, "--step-time", "1ms"}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, stderr.String())
	}
	const want = `A program merges 2 snapshots of a disk. It dies of kill -9 in each step, and is started again.
run 1: stored the command, merging snapshot 1, killed meanwhile
run 2: took the command over with 0 of 2 merged, merging snapshot 1, merging snapshot 2, killed before the commit
run 3: took the command over with 1 of 2 merged, merging snapshot 2, the command has succeeded
in the database: 2 snapshots, each merged once; 1 command and 2 children, all SUCCEEDED
`
	if stdout.String() != want {
		t.Errorf("got\n%s\nwant\n%s", stdout.String(), want)
	}
}

func TestWrongUsageIsExplained(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"now", "there are no arguments"},
		{"--crash-at 0", "a step is a number from 1 on"},
		{"--crash-at 1:later", "a moment is beginning, begun, ending or ended"},
		{"--demo --crash-at 1", "give neither --database nor --crash-at"},
		{"--demo --database postgres://", "give neither --database nor --crash-at"},
		{"--no-such-flag", "flag provided but not defined"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), strings.Fields(c.args), &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s: exit code %d: %s", c.args, code, stderr.String())
		}
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"--help"}, &stdout, &stderr); code != 0 || !strings.Contains(stderr.String(), "--crash-at") && !strings.Contains(stderr.String(), "-crash-at") {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}

func TestTooManySnapshotsAreRefused(t *testing.T) {
	t.Parallel()
	db := upgraded.New(t)
	cmd, output := program(t, db, "--snapshots", "61")
	if err := cmd.Run(); err == nil || !strings.Contains(output.String(), "a disk with 61 snapshots: there are 1 to 60") {
		t.Errorf("%v\n%s", err, output)
	}
	look(t, db, "0 0 false 0 0")
}
