package test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ovirt/coco/internal/testdb"
)

// interruption is a moment of a run, told by what the program has just said, and how it is interrupted then.
type interruption struct {
	says  string // in a line of --json's events, or of --verbose's
	nth   int    // the how manieth such line, from 1
	twice bool   // a second time at once: the program ends in whatever it does
}

func (i interruption) String() string {
	return fmt.Sprintf("%s %d, twice %t", i.says, i.nth, i.twice)
}

// TestInterruptedAnywhereItIsContinued interrupts the program as Ctrl-C does, in every phase and between its batches.
func TestInterruptedAnywhereItIsContinued(t *testing.T) {
	t.Parallel()
	for _, command := range []killedCommand{
		{
			args: []string{"up", "--batch", killBatch}, from: workload(nil),
			dump: func(t *testing.T, db *testdb.DB) []string {
				t.Helper()
				upgradeTool(t, db.URL, exitDone, "verify")
				return upgradedDump(t, db)
			},
		},
		{
			args: []string{"down", "--yes"}, from: workload([]string{"up", "--batch", killBatch}),
			dump: func(t *testing.T, db *testdb.DB) []string { t.Helper(); return strings.Split(db.Dump(t), "\n") },
		},
	} {
		t.Run(command.args[0], func(t *testing.T) {
			t.Parallel()
			_, want := command.rehearse(t)
			for i, form := range []string{"--json", "--verbose"} {
				for n, at := range interruptions(command.args[0], form) {
					if n%3 != i && os.Getenv("COCO_KILL_LONG") == "" {
						continue // a short run tries each in one form at most
					}
					t.Run(form+" "+at.String(), func(t *testing.T) {
						t.Parallel()
						command.interruptOnce(t, at, form, want)
					})
				}
			}
		})
	}
}

// TestACopyOverTwoConnectionsIsInterruptedBetweenBatches presses Ctrl-C while two connections copy: the same command goes on, and what comes
// out is what one connection copies without a break.
func TestACopyOverTwoConnectionsIsInterruptedBetweenBatches(t *testing.T) {
	t.Parallel()
	one := killedCommand{
		args: []string{"up", "--batch", killBatch}, from: workload(nil),
		dump: func(t *testing.T, db *testdb.DB) []string { t.Helper(); return upgradedDump(t, db) },
	}
	_, want := one.rehearse(t)
	two := one
	two.args = []string{"up", "--batch", "20", "--jobs", "2"}
	for _, at := range []interruption{
		{says: `"batch_done"`, nth: 1}, {says: `"batch_done"`, nth: 6}, {says: `"batch_done"`, nth: 12}, {says: `"batch_done"`, nth: 9, twice: true},
	} {
		t.Run(at.String(), func(t *testing.T) {
			t.Parallel()
			two.interruptOnce(t, at, "--json", want)
		})
	}
}

// interruptions are the beginning and the end of each step, and the work between them.
func interruptions(command, form string) []interruption {
	var all []interruption
	started, finished, batch, caughtUp := `"step_started"`, `"step_finished"`, `"batch_done"`, `"caught_up"`
	if form == "--verbose" {
		started, finished, batch, caughtUp = " of 10: ", "", "backfill, ", "before "
	}
	for step := 1; step <= versionRetire; step++ {
		all = append(all, interruption{says: started, nth: step, twice: step%5 == 0})
		if finished != "" && step < versionRetire {
			all = append(all, interruption{says: finished, nth: step, twice: step%4 == 0})
		}
	}
	if command == "up" {
		all = append(all, interruption{says: batch, nth: 1}, interruption{says: batch, nth: 5}, interruption{says: batch, nth: 7, twice: true},
			interruption{says: caughtUp, nth: 1}, interruption{says: caughtUp, nth: 3, twice: true})
	}
	return all
}

func (c killedCommand) interruptOnce(t *testing.T, at interruption, form string, want []string) {
	t.Helper()
	db, dir := testdb.New(t, testdb.Options{Template: c.from}), t.TempDir()
	run, err := prepare(t.Context(), dir, db.URL, append(c.args, form)...)
	if err != nil {
		t.Fatal(err)
	}
	interrupted := run.interrupt(t, at, form)
	switch {
	case !interrupted:
		t.Fatalf("it never said %q for the %d. time\n%s", at.says, at.nth, run.output())
	case at.twice && run.signaled(), run.exit() == exitDone: // it was over before it was told
	case run.exit() != exitFailure:
		t.Errorf("exit code %d\n%s", run.exit(), run.output())
	default:
		interruptedInWords(t, run, form)
	}

	again, err := prepare(t.Context(), dir, db.URL, c.args...)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.finish(); err != nil || again.exit() != exitDone {
		t.Fatalf("the same command again: %v, exit code %d\n%s", err, again.exit(), again.output())
	}
	same(t, "after the same command again", want, c.dump(t, db))
	nothingLeft(t, db)
}

// interruptedInWords checks that the program said that it was stopped and how to go on, once, on stderr and as the last event.
func interruptedInWords(t *testing.T, run *toolRun, form string) {
	t.Helper()
	const hint = "Run the same command again: it goes on from where this one stopped."
	errs := run.stderr.String()
	if strings.Count(errs, "upgrade: ") != 1 || !strings.Contains(errs, "stopped\nhint: "+hint+" That was: upgrade "+run.cmd.Args[1]+" ") {
		t.Errorf("it does not say that it was stopped:\n%s", errs)
	}
	if form != "--json" {
		return
	}
	lines := strings.Split(strings.TrimSpace(run.stdout.String()), "\n")
	if last := lines[len(lines)-1]; !strings.Contains(last, `"event":"error"`) || !strings.Contains(last, `"kind":"interrupted"`) {
		t.Errorf("the last event is %s", last)
	}
}

// interrupt runs the program to its end and sends it SIGINT at a moment. It says whether that moment came.
func (r *toolRun) interrupt(t *testing.T, at interruption, form string) bool {
	t.Helper()
	stream, store := &r.cmd.Stdout, io.Writer(&r.stdout)
	if form == "--verbose" {
		stream, store = &r.cmd.Stderr, &r.stderr
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = read.Close() }()
	*stream = write
	err = r.cmd.Start()
	_ = write.Close()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for lines := bufio.NewScanner(read); lines.Scan(); {
		fmt.Fprintln(store, lines.Text())
		if !strings.Contains(lines.Text(), at.says) {
			continue
		}
		if seen++; seen != at.nth {
			continue
		}
		_ = r.cmd.Process.Signal(syscall.SIGINT) // fails only when it has ended
		if at.twice {
			time.Sleep(2 * time.Millisecond) // two at once may be taken for one
			_ = r.cmd.Process.Signal(syscall.SIGINT)
		}
	}
	if _, failed := errors.AsType[*osexec.ExitError](r.cmd.Wait()); !failed && r.cmd.ProcessState == nil {
		t.Fatal("it did not end")
	}
	return seen >= at.nth
}

// signaled says whether a signal ended the program.
func (r *toolRun) signaled() bool {
	status, ok := r.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGINT
}
