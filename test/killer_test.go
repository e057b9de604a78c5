package test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	osexec "os/exec"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	cocosql "github.com/ovirt/coco/sql"
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
		k.bodies[string(body)] = strings.TrimSuffix(path.Base(file), ".sql")
	}
	return k, nil
}

// run runs the program through the killer and reports whether a SIGKILL ended it.
func (k *killer) run(ctx context.Context, dir, user, database string, args ...string) (*toolRun, bool, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = listener.Close() }()
	go k.serve(listener)

	url := fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", user, listener.Addr(), database)
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

func (k *killer) serve(listener net.Listener) {
	for {
		program, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", k.socket)
		if err != nil {
			_ = program.Close()
			return
		}
		var both sync.WaitGroup
		pump := func(from, to net.Conn, next func(io.Reader, io.Writer) error) {
			defer func() { _ = from.Close(); _ = to.Close() }()
			for next(from, to) == nil {
				continue
			}
		}
		both.Go(func() {
			if err := k.startup(program, server); err == nil {
				pump(program, server, k.fromProgram)
			}
		})
		both.Go(func() { pump(server, program, k.fromServer) })
	}
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

// fromProgram passes one message on.
func (k *killer) fromProgram(program io.Reader, server io.Writer) error {
	kind, message, err := readMessage(program)
	if err != nil {
		return err
	}
	body := false
	k.mu.Lock()
	switch text := statement(kind, message); {
	case strings.EqualFold(text, "commit"):
		if k.is(beforeCommit, len(k.commits)+1) {
			k.silent = true
			k.mu.Unlock()
			return k.kill()
		}
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
	if _, err := server.Write(message); err != nil {
		return err
	}
	if body {
		time.Sleep(k.point.delay)
		return k.kill()
	}
	return nil
}

// fromServer passes one message on.
func (k *killer) fromServer(server io.Reader, program io.Writer) error {
	kind, message, err := readMessage(server)
	if err != nil {
		return err
	}
	k.mu.Lock()
	if kind == 'C' && bytes.Equal(message[5:], []byte("COMMIT\x00")) {
		k.commits = append(k.commits, k.current)
		k.silent = k.silent || k.is(afterCommit, len(k.commits)) || k.is(knowsCommit, len(k.commits))
	}
	silent := k.silent
	last := silent && kind == 'Z' && k.is(knowsCommit, len(k.commits))
	k.mu.Unlock()
	switch {
	case silent && k.point.when == afterCommit:
		return k.kill()
	case silent && k.point.when == insideBody:
		k.answered.Store(true)
		<-k.exited
		return io.EOF
	}
	if _, err := program.Write(message); err != nil {
		return err
	}
	if last {
		return k.kill()
	}
	return nil
}

func (k *killer) startup(program io.Reader, server io.Writer) error {
	head := make([]byte, 4)
	if _, err := io.ReadFull(program, head); err != nil {
		return err
	}
	if _, err := server.Write(head); err != nil {
		return err
	}
	_, err := io.CopyN(server, program, int64(binary.BigEndian.Uint32(head))-4)
	return err
}

func readMessage(from io.Reader) (kind byte, message []byte, err error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(from, head); err != nil {
		return 0, nil, err
	}
	message = make([]byte, 1+binary.BigEndian.Uint32(head[1:]))
	copy(message, head)
	_, err = io.ReadFull(from, message[5:])
	return head[0], message, err
}

// statement returns the SQL that a message of the program carries, if any.
func statement(kind byte, message []byte) string {
	text := message[5:]
	switch kind {
	case 'Q':
	case 'P': // the name of a prepared statement comes first
		text = text[bytes.IndexByte(text, 0)+1:]
	default:
		return ""
	}
	if end := bytes.IndexByte(text, 0); end >= 0 {
		text = text[:end]
	}
	return string(text)
}
