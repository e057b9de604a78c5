package rehearse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// relay is a socket in a private directory that leads to a database: pg_dump reaches it there without a password, a certificate or a
// service of its own to be told, all of which others on the machine could see.
type relay struct {
	dir      string
	listener net.Listener
	config   *pgx.ConnConfig

	done   chan struct{}
	mu     sync.Mutex
	failed error // why the database was not to be reached
}

const relayPort = "5432"

func newRelay(ctx context.Context, config *pgx.ConnConfig) (*relay, error) {
	base := os.TempDir()
	if len(base) > 60 {
		base = "/tmp" // the path of a socket must be short
	}
	dir, err := os.MkdirTemp(base, "coco-relay-")
	if err != nil {
		return nil, fmt.Errorf("make a place for a socket: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", filepath.Join(dir, ".s.PGSQL."+relayPort))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a socket: %w", err), os.RemoveAll(dir))
	}
	r := &relay{dir: dir, listener: listener, config: config, done: make(chan struct{})}
	go r.serve(ctx)
	return r, nil
}

// serve leads one connection after the other to the database, until close.
func (r *relay) serve(ctx context.Context) {
	defer close(r.done)
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		if err := r.lead(ctx, client); err != nil {
			r.mu.Lock()
			r.failed = err
			r.mu.Unlock()
		}
		_ = client.Close()
	}
}

func (r *relay) close() error {
	err := r.listener.Close()
	<-r.done
	return errors.Join(err, os.RemoveAll(r.dir))
}

// problem is why the database was not to be reached, nil if it was.
func (r *relay) problem() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *relay) lead(ctx context.Context, client net.Conn) error {
	backend := pgproto3.NewBackend(client, client)
	if starts, err := greet(backend, client); err != nil || !starts {
		return nil
	}
	conn, err := pgconn.ConnectConfig(ctx, &r.config.Config)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	if err := conn.SyncConn(ctx); err != nil {
		return errors.Join(err, conn.Close(ctx))
	}
	server, err := conn.Hijack()
	if err != nil {
		return errors.Join(err, conn.Close(ctx))
	}
	defer func() { _ = server.Conn.Close() }()
	backend.Send(&pgproto3.AuthenticationOk{})
	for name, value := range server.ParameterStatuses {
		backend.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	backend.Send(&pgproto3.ReadyForQuery{TxStatus: server.TxStatus})
	if err := backend.Flush(); err != nil {
		return nil
	}
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()
	go func() {
		_, _ = io.Copy(client, server.Conn)
		_ = client.Close()
	}()
	_, _ = io.Copy(server.Conn, client) // its end is that of pg_dump, which says itself how it went
	return nil
}

// greet refuses encryption, which nobody needs here, and returns whether the client wants a session.
func greet(backend *pgproto3.Backend, client net.Conn) (bool, error) {
	for {
		message, err := backend.ReceiveStartupMessage()
		if err != nil {
			return false, err
		}
		switch message.(type) {
		case *pgproto3.SSLRequest, *pgproto3.GSSEncRequest:
			if _, err := client.Write([]byte("N")); err != nil {
				return false, err
			}
		case *pgproto3.StartupMessage:
			return true, nil
		default:
			return false, nil
		}
	}
}
