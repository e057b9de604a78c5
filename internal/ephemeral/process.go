package ephemeral

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// stopSignal asks the postmaster for an immediate shutdown.
const stopSignal = syscall.SIGQUIT

// process is a child that is waited for from the moment it starts.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the child has ended
}

// startProcess starts a command from an OS thread that does nothing else until the command ends: the kernel sends the
// signal for the death of a parent when the thread that created the child ends, not the process.
func startProcess(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait() // what it says is in cmd.ProcessState
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// grace is what a server gets to end in order, however little time the context leaves. It is plenty: an immediate
// shutdown takes milliseconds, where one by force leaves a shared memory segment behind.
const grace = 2 * time.Second

// stop ends the process, in order if it can, by force when the context and the grace are over.
func (p *process) stop(ctx context.Context) (forced bool) {
	_ = p.cmd.Process.Signal(stopSignal) // fails only when it has ended
	select {
	case <-p.done:
		return false
	case <-ctx.Done():
	}
	select {
	case <-p.done:
		return false
	case <-time.After(grace):
	}
	_ = p.cmd.Process.Kill()
	<-p.done
	return true
}

// outcome describes the end of a process that is done.
func (p *process) outcome() string { return p.cmd.ProcessState.String() }

// cleanEnv is the environment without what would steer a PostgreSQL program: PG* variables, language and time zone.
func cleanEnv() []string {
	env := []string{"LC_ALL=C", "TZ=UTC"}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "PG") || strings.HasPrefix(name, "LC_") || name == "LANG" || name == "TZ" {
			continue
		}
		env = append(env, kv)
	}
	return env
}

// tail returns the last lines of a log, from an offset on.
func tail(path string, offset int64) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(text[min(offset, int64(len(text))):]), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-20):], []byte("\n")))
}
