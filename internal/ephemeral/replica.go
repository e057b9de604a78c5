package ephemeral

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Replica starts a second server that follows this one by streaming replication, asynchronously, and serves what it has got. For the copy
// this server is killed and restarted. The caller stops both.
func (s *Server) Replica(ctx context.Context) (*Server, error) {
	ctx, cancel := withLimit(ctx)
	defer cancel()
	dir, err := makeDir(s.account, false)
	if err != nil {
		return nil, err
	}
	replica := &Server{
		binDir: s.binDir, dir: dir, account: s.account, port: 5432, tcp: s.tcp, password: s.password, version: s.version,
	}
	if err := s.follow(ctx, replica); err != nil {
		return nil, errors.Join(fmt.Errorf("start a replica of an ephemeral server: %w", err), replica.Stop(ctx))
	}
	return replica, nil
}

func (s *Server) follow(ctx context.Context, replica *Server) error {
	if err := s.copyInto(ctx, replica); err != nil {
		return err
	}
	if err := s.Restart(ctx); err != nil {
		return err
	}
	signal := filepath.Join(replica.dataDir(), "standby.signal")
	if err := errors.Join(os.WriteFile(signal, nil, 0o600), s.account.own(signal)); err != nil {
		return err
	}
	primary := fmt.Sprintf("\nprimary_conninfo = 'host=%s port=%d user=%s'\nwal_retrieve_retry_interval = '100ms'\n", s.dir, s.port, Superuser)
	if err := appendFile(filepath.Join(replica.dataDir(), "postgresql.conf"), primary); err != nil {
		return err
	}
	if replica.tcp {
		return replica.launchOnFreePort(ctx)
	}
	return replica.launch(ctx)
}

// copyInto copies the data directory while nobody writes to it.
func (s *Server) copyInto(ctx context.Context, replica *Server) error {
	if err := s.exec(ctx, "CHECKPOINT"); err != nil { // what an immediate shutdown would lose without it
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.kill(ctx); err != nil {
		return err
	}
	if _, err := copyTree(s.dataDir(), replica.dataDir(), s.account.own); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(replica.dataDir(), "postmaster.pid"))
}

// Promote ends the time of a replica as a standby, and returns when it takes changes.
func (s *Server) Promote(ctx context.Context) error {
	ctx, cancel := withLimit(ctx)
	defer cancel()
	conn, err := s.connect(ctx, "postgres")
	if err != nil {
		return fmt.Errorf("promote the replica: %w", err)
	}
	defer conn.Close(ctx)
	var promoted bool
	seconds := strconv.Itoa(int(startLimit.Seconds()))
	if err := conn.QueryRow(ctx, `SELECT pg_promote(true, `+seconds+`)`).Scan(&promoted); err != nil {
		return fmt.Errorf("promote the replica: %w", err)
	}
	if !promoted {
		return fmt.Errorf("the replica was not promoted within %s", startLimit)
	}
	return nil
}
