package test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Exit codes of the program.
const (
	exitDone    = 0
	exitFailure = 1
	exitPending = 3
	exitDrift   = 4
)

// tool builds the program once for all tests and returns its path. It is put in place whole, because tests of several checkouts
// or at several times may find it there.
var tool = sync.OnceValues(func() (string, error) {
	dir, err := filepath.Abs(filepath.Join("..", ".cache"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	fresh := filepath.Join(dir, fmt.Sprintf("upgrade-test-%d", os.Getpid()))
	defer func() { _ = os.Remove(fresh) }()
	cmd := osexec.Command("go", "build", "-buildvcs=false", "-o", fresh, "../cmd/upgrade")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	program := filepath.Join(dir, "upgrade-test")
	return program, os.Rename(fresh, program)
})

// toolRun is one run of the program, started or finished.
type toolRun struct {
	cmd    *osexec.Cmd
	took   time.Duration
	stdout bytes.Buffer
	stderr bytes.Buffer
}

// prepare makes a run of the program over a database. It works in a directory of its own, where it may leave files.
func prepare(ctx context.Context, dir, url string, args ...string) (*toolRun, error) {
	program, err := tool()
	if err != nil {
		return nil, err
	}
	run := &toolRun{cmd: osexec.CommandContext(ctx, program, append(args, "--database", url)...)}
	run.cmd.Dir = dir
	run.cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "NO_COLOR=1"}
	run.cmd.Stdout, run.cmd.Stderr = &run.stdout, &run.stderr
	return run, nil
}

// finish runs the program to its end. That it failed is no error: see exit.
func (r *toolRun) finish() error {
	started := time.Now()
	err := r.cmd.Run()
	r.took = time.Since(started)
	if _, failed := errors.AsType[*osexec.ExitError](err); failed {
		return nil
	}
	return err
}

func (r *toolRun) exit() int { return r.cmd.ProcessState.ExitCode() }

func (r *toolRun) output() string { return r.stdout.String() + r.stderr.String() }

// says checks that the output has these texts.
func (r *toolRun) says(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.output(), text) {
			t.Errorf("it does not say %q:\n%s", text, r.output())
		}
	}
}

// upgradeTool runs the program and fails the test unless it exits with the code.
func upgradeTool(t *testing.T, url string, exit int, args ...string) *toolRun {
	t.Helper()
	run, err := prepare(t.Context(), t.TempDir(), url, args...)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.finish(); err != nil {
		t.Fatal(err)
	}
	if run.exit() != exit {
		t.Fatalf("upgrade %q: exit code %d, want %d\n%s", args, run.exit(), exit, run.output())
	}
	return run
}
