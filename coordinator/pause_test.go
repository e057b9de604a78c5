package coordinator_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
)

// pausedVariable names the database to the process that is paused, which is this test binary once more.
const pausedVariable = "COCO_TEST_PAUSED"

// The process sleeps through its lease, once between two calls and once within a transaction that has stored its command: there the
// command's rows are locked until the server ends the transaction.
func TestAPausedProcessIsToldThatItLostOwnership(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"between calls", "within a transaction"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			db := newDatabase(t)
			child := exec.Command(os.Args[0], "-test.run=^TestChildIsPaused$")
			child.Env = append(os.Environ(), pausedVariable+"="+db.URL, pausedVariable+"_WHERE="+where)
			stdin, err := child.StdinPipe()
			must(t, err)
			stdout, err := child.StdoutPipe()
			must(t, err)
			must(t, child.Start())
			t.Cleanup(func() {
				_ = child.Process.Kill()
				_ = child.Wait()
			})
			lines := bufio.NewScanner(stdout)
			if !lines.Scan() || lines.Text() != "ready" {
				t.Fatalf("the process says %q", lines.Text())
			}
			must(t, child.Process.Signal(syscall.SIGSTOP))
			c := open(t, db.URL, coordinator.Options{Lease: short})
			cmds := recovered(t, c)
			must(t, cmds[0].UpdateStatus(t.Context(), coordinator.StatusActive))
			must(t, child.Process.Signal(syscall.SIGCONT))
			_, err = io.WriteString(stdin, "go on\n")
			must(t, err)
			if !lines.Scan() || lines.Text() != "lost ownership" {
				t.Errorf("the process says %q", lines.Text())
			}
			if db.status(t, cmds[0].ID()) != "ACTIVE" {
				t.Error("it has written all the same")
			}
		})
	}
}

func TestChildIsPaused(t *testing.T) {
	url := os.Getenv(pausedVariable)
	if url == "" {
		t.Skip("run by another test")
	}
	pool, err := pgxpool.New(t.Context(), url)
	must(t, err)
	c, err := coordinator.Open(t.Context(), pool, coordinator.Options{Lease: short, Registry: registry(t)})
	must(t, err)
	cmd := store(t, c, "driven by a process that is paused", nil)
	wait := func() {
		fmt.Fprintln(os.Stdout, "ready")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	}
	if os.Getenv(pausedVariable+"_WHERE") == "between calls" {
		wait()
		err = cmd.UpdateStatus(t.Context(), coordinator.StatusFailed)
	} else {
		tx, begun := pool.Begin(t.Context())
		must(t, begun)
		must(t, cmd.SetParameters(note{Text: "further"}))
		must(t, cmd.PersistTx(t.Context(), tx, nil))
		wait()
		if tx.Commit(t.Context()) == nil {
			fmt.Fprintln(os.Stdout, "committed")
		}
		err = cmd.Persist(t.Context(), nil)
	}
	select {
	case <-c.Lost():
	case <-time.After(10 * time.Second):
		fmt.Fprintln(os.Stdout, "Lost was not closed")
	}
	switch {
	case errors.Is(err, coordinator.ErrLostOwnership):
		fmt.Fprintln(os.Stdout, "lost ownership")
	default:
		fmt.Fprintln(os.Stdout, err)
	}
	os.Exit(0) // as a program: nothing is closed
}
