package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// buildProgram builds the upgrade program from the tree that is measured.
func buildProgram(ctx context.Context) (program string, remove func(), err error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "coco-bench-")
	if err != nil {
		return "", nil, fmt.Errorf("build the program: %w", err)
	}
	remove = func() { _ = os.RemoveAll(dir) }
	program = filepath.Join(dir, "upgrade")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", program, "./cmd/upgrade")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		remove()
		return "", nil, fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return program, remove, nil
}

// moduleRoot is where coco's own module lies.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/ovirt/coco").Output()
	if err != nil {
		return "", fmt.Errorf("find the module that is measured (run this in bench/): %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// event is a line of the program's output, as far as it matters here.
type event struct {
	Event   string `json:"event"`
	Kind    string `json:"kind"`
	Phase   string `json:"phase"`
	Work    string `json:"work"`
	Receipt struct {
		Tasks int64 `json:"tasks"`
	} `json:"receipt"`
	Step struct {
		Phase string `json:"phase"`
	} `json:"step"`
	Duration time.Duration `json:"duration_ns"`
}

// programRun is what a run of the program took: the time of the process, and the most memory it had at any time.
type programRun struct {
	took   time.Duration
	peak   int64
	proved int64 // tasks on its receipt
}

// programLimit is far more than an upgrade of a million tasks takes.
const programLimit = 30 * time.Minute

// upgrade runs the program with --json and tells observe what it reports, when it reports it. It has to end well.
func (e *engines) upgrade(ctx context.Context, url string, observe func(event), args ...string) (programRun, error) {
	ctx, cancel := context.WithTimeout(ctx, programLimit)
	defer cancel()
	dir, err := os.MkdirTemp("", "coco-bench-run-")
	if err != nil {
		return programRun{}, fmt.Errorf("run the program: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cmd := exec.CommandContext(ctx, e.program, append([]string{"up", "--json", "--quiet", "--database", url}, args...)...)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "NO_COLOR=1"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return programRun{}, fmt.Errorf("run the program: %w", err)
	}
	started := time.Now()
	if err := cmd.Start(); err != nil {
		return programRun{}, fmt.Errorf("run the program: %w", err)
	}
	ended := make(chan struct{})
	peak := make(chan int64, 1)
	go func() { peak <- watchMemory(cmd.Process.Pid, ended) }()
	run := programRun{}
	failure := readEvents(stdout, func(e event) {
		if e.Event == "proof_written" {
			run.proved = e.Receipt.Tasks
		}
		observe(e)
	})
	err = cmd.Wait()
	run.took = time.Since(started)
	close(ended)
	run.peak = <-peak
	if err != nil {
		return run, fmt.Errorf("upgrade up %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return run, failure
}

func readEvents(from io.Reader, observe func(event)) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			_, _ = io.Copy(io.Discard, from) // or the program would stop in the midst of its work
			return fmt.Errorf("read what the program reports: %w", err)
		}
		observe(e)
	}
	return lines.Err()
}

// watchMemory returns the most memory that a process has had when it ended. What the system says about it after its end would not do:
// that counts the memory of the process that started it as well.
func watchMemory(pid int, ended <-chan struct{}) (peak int64) {
	for {
		select {
		case <-ended:
			return peak
		case <-time.After(10 * time.Millisecond):
			peak = max(peak, peakMemory(pid))
		}
	}
}

// peakMemory returns the most memory a process has had since it began its program, 0 if that is not known.
func peakMemory(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, found := bytes.Cut(status, []byte("VmHWM:"))
	value, _, ok := bytes.Cut(bytes.TrimSpace(rest), []byte(" kB"))
	kilobytes, err := strconv.ParseInt(string(value), 10, 64)
	if !found || !ok || err != nil {
		return 0
	}
	return kilobytes << 10
}
