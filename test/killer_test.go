package test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	osexec "os/exec"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ovirt/coco/internal/wire"
	cocosql "github.com/ovirt/coco/sql"
	"github.com/ovirt/coco/upgrade/driver"
)

// moment is when the program is killed, named by what it has just told the server, or the server it.
type moment string

const (
	never        moment = ""
	beforeCommit moment = "before commit"         // the program has sent COMMIT, the server has not got it
	afterCommit  moment = "after commit, unknown" // the server has committed, the program does not know it
	knowsCommit  moment = "after commit, known"   // the program knows it, and the server hears no more of it
	insideBody   moment = "inside"                // the server is running a migration
)

// killPoint is one moment of a run: that of its n-th transaction, from 1.
type killPoint struct {
	when  moment
	n     int
	delay time.Duration // for insideBody: how long the server has been at it
}

// killer stands between the program and its server, reads what they say to one another, and kills the program at one moment.
type killer struct {
	socket string // of the server
	point  killPoint
	bodies map[string]string // names of the migrations by their text

	mu       sync.Mutex
	commits  []string // what each transaction did, in their order
	inBody   []string // the migrations that were sent
	current  string   // what the open transaction does
	silent   bool     // nothing more goes to the server
	answered atomic.Bool

	started, exited chan struct{}
	cmd             *osexec.Cmd
	killed          sync.Once
}

func newKiller(socket string, point killPoint) (*killer, error) {
	k := &killer{
		socket: socket, point: point, bodies: map[string]string{},
		started: make(chan struct{}), exited: make(chan struct{}),
	}
	files, err := fs.Glob(cocosql.Schema, "schema/*.sql")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		body, err := fs.ReadFile(cocosql.Schema, file)
		if err != nil {
			return nil, err
		}
		above, _, _ := strings.Cut(string(body), driver.CommitMark+"\n")
		k.bodies[above] = strings.TrimSuffix(path.Base(file), ".sql")
	}
	return k, nil
}

// run runs the program through the killer and reports whether a SIGKILL ended it.
func (k *killer) run(ctx context.Context, dir, user, database string, args ...string) (*toolRun, bool, error) {
	proxy, err := wire.Listen(ctx, k.socket, k.pass)
	if err != nil {
		return nil, false, err
	}
	defer proxy.Close()

	url := fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", user, proxy.Address(), database)
	run, err := prepare(ctx, dir, url, args...)
	if err != nil {
		return nil, false, err
	}
	k.cmd = run.cmd
	if err := run.cmd.Start(); err != nil {
		return nil, false, err
	}
	close(k.started)
	err = run.cmd.Wait()
	close(k.exited)
	if failed, ok := errors.AsType[*osexec.ExitError](err); err != nil && !ok {
		return run, false, failed
	}
	status, _ := run.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return run, status.Signaled() && status.Signal() == syscall.SIGKILL, nil
}

// kill ends the program; the connection lives as long as it does.
func (k *killer) kill() error {
	k.killed.Do(func() {
		<-k.started
		_ = k.cmd.Process.Signal(syscall.SIGKILL)
		<-k.exited
	})
	return errors.New("killed")
}

func (k *killer) is(when moment, n int) bool { return k.point.when == when && k.point.n == n }

func (k *killer) pass(m wire.Message, deliver func() error) error {
	if m.From == wire.Client {
		return k.fromProgram(m, deliver)
	}
	return k.fromServer(m, deliver)
}

// fromProgram passes one message on.
func (k *killer) fromProgram(m wire.Message, deliver func() error) error {
	body := false
	k.mu.Lock()
	text := m.SQL()
	commits, rest := strings.EqualFold(text, "commit"), strings.HasSuffix(text, "\n;COMMIT")
	if (commits || rest) && k.is(beforeCommit, len(k.commits)+1) {
		k.silent = true
		k.mu.Unlock()
		return k.kill()
	}
	switch {
	case commits:
	case rest: // the end of a body, with the commit in it
		k.inBody = append(k.inBody, k.current+" to its commit")
		body = k.is(insideBody, len(k.inBody))
		k.silent = k.silent || body
	case strings.HasPrefix(text, "begin"):
		k.current = "reading"
	case k.bodies[text] != "":
		k.current = k.bodies[text]
		k.inBody = append(k.inBody, k.current)
		body = k.is(insideBody, len(k.inBody))
		k.silent = k.silent || body
	default:
		for _, work := range []string{"backfill", "catch_up", "begin_drain"} {
			if strings.Contains(text, "coco."+work+"(") {
				k.current = work
			}
		}
	}
	silent := k.silent && !body
	k.mu.Unlock()
	if silent {
		<-k.exited
		return io.EOF
	}
	if err := deliver(); err != nil {
		return err
	}
	if body {
		time.Sleep(k.point.delay)
		return k.kill()
	}
	return nil
}

// fromServer passes one message on.
func (k *killer) fromServer(m wire.Message, deliver func() error) error {
	k.mu.Lock()
	if m.Tag() == "COMMIT" {
		k.commits = append(k.commits, k.current)
		k.silent = k.silent || k.is(afterCommit, len(k.commits)) || k.is(knowsCommit, len(k.commits))
	}
	silent := k.silent
	last := silent && m.Kind == 'Z' && k.is(knowsCommit, len(k.commits))
	k.mu.Unlock()
	switch {
	case silent && k.point.when == afterCommit:
		return k.kill()
	case silent && k.point.when == insideBody:
		k.answered.Store(true)
		<-k.exited
		return io.EOF
	}
	if err := deliver(); err != nil {
		return err
	}
	if last {
		return k.kill()
	}
	return nil
}
