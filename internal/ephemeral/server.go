// Package ephemeral starts PostgreSQL servers that live no longer than the process that started them.
//
// A server keeps its data in memory where it can, listens on a unix socket in a private directory, and takes well under
// a second to start once a data directory has been cached. It is made for tests and rehearsals: nothing in it survives
// Stop, and its default settings trade durability for speed.
package ephemeral

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Superuser is the name of the one role that a new server has.
const Superuser = "postgres"

// startLimit bounds a start when the caller's context has no deadline of its own.
const startLimit = 60 * time.Second

// Options say how a server is set up. The zero value is the usual choice.
type Options struct {
	// BinDir holds postgres and initdb. Empty: whatever FindBinDir finds.
	BinDir string
	// TCP makes the server listen on a free port of 127.0.0.1 as well; see Server.TCPURL.
	TCP bool
	// Durable turns fsync, synchronous_commit and full_page_writes on. Without it Kill may lose the last commits.
	Durable bool
	// OnDisk keeps the data in the directory for temporary files even where there is one in memory.
	OnDisk bool
	// Settings are further lines of postgresql.conf, and win over those this package writes.
	Settings map[string]string
}

// Server is a running PostgreSQL server. Its methods may be called from several goroutines.
type Server struct {
	binDir   string
	dir      string
	account  account
	port     int
	tcp      bool
	password string
	version  int

	mu      sync.Mutex
	running *process
	stopped bool
}

// Start brings up a new, empty server. The context bounds the start only; the server runs until Stop, or until this
// process ends in whatever way. The error is ErrNoBinaries when no PostgreSQL is installed.
func Start(ctx context.Context, opts Options) (*Server, error) {
	ctx, cancel := withLimit(ctx)
	defer cancel()

	settings, err := opts.settings()
	if err != nil {
		return nil, err
	}
	binDir, err := opts.binDir()
	if err != nil {
		return nil, err
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	dir, err := makeDir(account, opts.OnDisk)
	if err != nil {
		return nil, err
	}

	s := &Server{binDir: binDir, dir: dir, account: account, port: 5432, tcp: opts.TCP}
	if err := s.start(ctx, settings); err != nil {
		return nil, errors.Join(fmt.Errorf("start an ephemeral PostgreSQL server: %w", err), s.Stop(ctx))
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, settings string) error {
	c := cluster{binDir: s.binDir, account: s.account, cache: cacheDir()}
	if err := c.create(ctx, s.dataDir()); err != nil {
		return err
	}
	if err := appendFile(filepath.Join(s.dataDir(), "postgresql.conf"), settings); err != nil {
		return err
	}
	if !s.tcp {
		return s.launch(ctx)
	}
	if err := s.launchOnFreePort(ctx); err != nil {
		return err
	}
	return s.setPassword(ctx)
}

// launchOnFreePort tries again when another process was quicker to take the port.
func (s *Server) launchOnFreePort(ctx context.Context) error {
	var err error
	for range 5 {
		if s.port, err = freePort(ctx); err != nil {
			return err
		}
		if err = s.launch(ctx); err == nil || !strings.Contains(err.Error(), "Address already in use") {
			return err
		}
	}
	return err
}

func (s *Server) launch(ctx context.Context) error {
	log, err := os.OpenFile(s.LogPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the server log: %w", err)
	}
	defer log.Close()
	if err := s.account.own(s.LogPath()); err != nil {
		return fmt.Errorf("give the server its log: %w", err)
	}

	listen := ""
	if s.tcp {
		listen = "127.0.0.1"
	}
	cmd := exec.Command(filepath.Join(s.binDir, "postgres"), //nolint:noctx // the server outlives the context of its start
		"-D", s.dataDir(), "-k", s.dir, "-h", listen, "-p", strconv.Itoa(s.port))
	cmd.Dir = s.dataDir()
	cmd.Env = cleanEnv()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = s.account.serverAttr()

	logStart, err := log.Seek(0, 2)
	if err != nil {
		return fmt.Errorf("read the size of the server log: %w", err)
	}
	p, err := startProcess(cmd)
	if err != nil {
		return fmt.Errorf("run postgres: %w", err)
	}
	if err := s.waitReady(ctx, p); err != nil {
		p.stop(ctx)
		return fmt.Errorf("%w; the server log ends with:\n%s", err, tail(s.LogPath(), logStart))
	}
	s.running = p
	return nil
}

// waitReady returns once the server accepts a connection.
func (s *Server) waitReady(ctx context.Context, p *process) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		version, err := s.askVersion(ctx)
		if err == nil && s.version == 0 { // a restart leaves it alone: others may be reading it
			s.version = version
		}
		if err == nil {
			return nil
		}
		var answer *pgconn.PgError
		if errors.As(err, &answer) && answer.Code != "57P03" { // cannot_connect_now: it is still starting
			return err
		}
		select {
		case <-p.done:
			return fmt.Errorf("postgres ended before it was ready: %s", p.outcome())
		case <-ctx.Done():
			return fmt.Errorf("wait for the server: %w", errors.Join(ctx.Err(), err))
		case <-tick.C:
		}
	}
}

func (s *Server) askVersion(ctx context.Context) (int, error) {
	conn, err := s.connect(ctx, "postgres")
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	var version int
	err = conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::integer`).Scan(&version)
	return version, err
}

func (s *Server) setPassword(ctx context.Context) error {
	s.password = rand.Text()
	// The password has to outlive Kill, whatever the server's settings.
	return s.exec(ctx, fmt.Sprintf("SET synchronous_commit = on; ALTER ROLE %s PASSWORD '%s'", Superuser, s.password))
}

// Stop ends the server at once and removes all its files. A second call does nothing.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	if s.running != nil {
		s.running.stop(ctx)
	}
	s.stopped = true
	if err := os.RemoveAll(s.dir); err != nil {
		return fmt.Errorf("remove the files of the ephemeral server: %w", err)
	}
	return nil
}

// Kill ends the server the way a crash does (an immediate shutdown: no checkpoint, connections cut) and keeps its data
// for Restart. Only a server started with Options.Durable is sure to keep what was committed in the last second.
func (s *Server) Kill(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kill(ctx)
}

func (s *Server) kill(ctx context.Context) error {
	if s.stopped {
		return errors.New("the ephemeral server was stopped and its data removed")
	}
	if s.running == nil {
		return nil
	}
	forced := s.running.stop(ctx)
	s.running = nil
	if forced {
		return fmt.Errorf("immediate shutdown of the ephemeral server: %w", ctx.Err())
	}
	return nil
}

// Restart starts the server again on the data it has, after a Kill if it still runs. URLs stay the same.
func (s *Server) Restart(ctx context.Context) error {
	ctx, cancel := withLimit(ctx)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.kill(ctx); err != nil {
		return err
	}
	if err := s.launch(ctx); err != nil {
		return fmt.Errorf("restart the ephemeral server: %w", err)
	}
	return nil
}

// Standby starts the server again as a standby that follows nobody: it serves what it has, and takes no changes.
func (s *Server) Standby(ctx context.Context) error {
	ctx, cancel := withLimit(ctx)
	defer cancel()
	if err := s.exec(ctx, "CHECKPOINT"); err != nil { // what an immediate shutdown would lose without it
		return fmt.Errorf("make the ephemeral server a standby: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.kill(ctx); err != nil {
		return err
	}
	signal := filepath.Join(s.dataDir(), "standby.signal")
	if err := errors.Join(os.WriteFile(signal, nil, 0o600), s.account.own(signal)); err != nil {
		return fmt.Errorf("make the ephemeral server a standby: %w", err)
	}
	if err := s.launch(ctx); err != nil {
		return fmt.Errorf("start the ephemeral server as a standby: %w", err)
	}
	return nil
}

func withLimit(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, startLimit)
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("find a free port: unexpected address %s", l.Addr())
	}
	return addr.Port, nil
}
