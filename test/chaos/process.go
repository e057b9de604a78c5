package chaos

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

// workerVariable makes a process a worker; it holds its orders.
const workerVariable = "COCO_CHAOS_WORKER"

// orders are what a worker is told.
type orders struct {
	Name    string `json:"name"`    // of the application, for the server
	URL     string `json:"url"`     // of the coordinator's connections
	WorkURL string `json:"workURL"` // of those of the transactions in which steps are done
	Journal string `json:"journal"` // a path
	Drives  int    `json:"drives"`  // how many commands it drives at a time, but for those it takes over
	Watches bool   `json:"watches"` // it lets the coordinator say what there is to take over, and does not ask itself

	// For a play with parts: the worker holds here, and notes it, until there is a file named like its journal with .release behind.
	HoldAt int    `json:"holdAt"`
	HoldIn moment `json:"holdIn"`
}

// process is how the worker's journal names it.
func (o orders) process() string { return filepath.Base(o.Journal) }

// moment is a place in a step.
type moment string

const (
	beforeTransaction moment = "before the transaction"
	beforeCommit      moment = "before the commit"
)

// process is a worker that runs.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// startWorker runs this very program as a worker. It dies with this process: the kernel sees to it when the thread that started it
// ends, so that thread does nothing else. What the worker says goes to a file beside its journal.
func startWorker(o orders) (*process, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("write down a worker's orders: %w", err)
	}
	output, err := os.OpenFile(o.Journal+".output", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keep what a worker says: %w", err)
	}
	defer func() { _ = output.Close() }()
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(program) //nolint:noctx // it ends when it is told or killed
	cmd.Env = append(os.Environ(), workerVariable+"="+string(text))
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = diesWithParent()

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
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	return p, nil
}

func (p *process) signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// kill ends the process the hard way and waits until it is gone.
func (p *process) kill() {
	_ = p.signal(syscall.SIGKILL) // fails only when it has ended
	<-p.done
}

// ended says whether the process is gone.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}
