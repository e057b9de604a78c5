package rehearse

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
)

const (
	// removePatience bounds the end of the copy, also when the caller's context is gone.
	removePatience = 30 * time.Second
	withoutCopy    = `What needs no copy is said by "upgrade plan": every step, its declared locks and estimates.`
)

// scratch is where the copy lives.
type scratch struct {
	admin   *pgx.ConnConfig // of the server
	config  *pgx.ConnConfig // of the copy
	tables  map[uint32]string
	version string
	roles   []string          // that were made for it
	own     *ephemeral.Server // nil on somebody else's server
	binDir  string            // of PostgreSQL's programs, empty if unknown
}

// unusable is why the server that the caller named is not to be used.
type unusable struct{ error }

// Is reports ErrScratch.
func (u *unusable) Is(target error) bool { return target == ErrScratch }

// Unwrap returns the reason.
func (u *unusable) Unwrap() error { return u.error }

// newScratch finds a server and makes an empty database there, with the roles that the schema names. What it returns with an error has to
// be removed too.
func newScratch(ctx context.Context, config *pgx.ConnConfig, l live) (*scratch, error) {
	s := &scratch{admin: config}
	s.binDir, _ = ephemeral.FindBinDirOf(l.major) // only its own server, and pg_dump, ask for them
	if config == nil {
		if err := s.start(ctx); err != nil {
			return s, err
		}
	}
	return s, s.create(ctx, l)
}

// start starts a server of its own.
func (s *scratch) start(ctx context.Context) error {
	server, err := ephemeral.Start(ctx, ephemeral.Options{BinDir: s.binDir})
	switch {
	case errors.Is(err, ephemeral.ErrNoBinaries):
		return &upgrade.Error{
			Cause: err, Reason: "there is nowhere to rehearse: PostgreSQL's server programs were not found",
			Hint: "Install them (Debian, Ubuntu: apt-get install postgresql; Fedora, RHEL: dnf install postgresql-server) or set PGBIN to " +
				"their directory; or name a server to make a database on: --scratch URL. " + withoutCopy,
		}
	case err != nil:
		return err
	}
	s.own = server
	s.admin, err = connect.Config(connect.Options{Database: server.URL("postgres")})
	return err
}

func (s *scratch) create(ctx context.Context, l live) error {
	conn, err := pgx.ConnectConfig(ctx, s.admin)
	if err != nil {
		return upgrade.Unreachable(s.admin, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if s.own == nil {
		if err := refuseServer(ctx, conn, l); err != nil {
			return err
		}
	}
	var missing []string
	err = conn.QueryRow(ctx, `SELECT split_part(current_setting('server_version'), ' ', 1),
			ARRAY(SELECT r FROM unnest($1::text[]) AS r WHERE r NOT IN (SELECT rolname FROM pg_catalog.pg_roles))`, l.roles).
		Scan(&s.version, &missing)
	if err != nil {
		return fmt.Errorf("look at the scratch server: %w", err)
	}
	for _, role := range missing {
		if _, err := conn.Exec(ctx, "CREATE ROLE "+pgx.Identifier{role}.Sanitize()+" NOLOGIN"); err != nil {
			return fmt.Errorf("make role %s on the scratch server: %w", role, err)
		}
		s.roles = append(s.roles, role)
	}
	config := s.admin.Copy()
	config.Database = "coco_rehearsal_" + strings.ToLower(rand.Text()[:12])
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{config.Database}.Sanitize()+" TEMPLATE template0"); err != nil {
		return fmt.Errorf("make a database on the scratch server: %w", err)
	}
	s.config = config
	return nil
}

// refuseServer refuses a server of somebody that is not one for this.
func refuseServer(ctx context.Context, conn *pgx.Conn, l live) error {
	var (
		identifier     string
		super, standby bool
	)
	err := conn.QueryRow(ctx, systemIdentifier).Scan(&identifier)
	if err == nil {
		err = conn.QueryRow(ctx, `SELECT rolsuper, pg_is_in_recovery() FROM pg_catalog.pg_roles WHERE rolname = current_user`).Scan(&super, &standby)
	}
	switch {
	case err != nil:
		return fmt.Errorf("look at the scratch server: %w", err)
	case identifier == l.identifier:
		return &upgrade.Error{
			Kind: upgrade.ErrRefused, Reason: "the scratch server is the database's own",
			Hint: "A rehearsal would take time and space from it. Name another server with --scratch, or none.",
		}
	case standby:
		return &upgrade.Error{
			Kind: upgrade.ErrRefused, Reason: "the scratch server is a standby, which takes no changes",
			Hint: "Name another server with --scratch, or none.",
		}
	case !super:
		return &upgrade.Error{
			Kind: upgrade.ErrRefused, Reason: "the role on the scratch server is no superuser, which making roles and giving them objects takes",
			Hint: "Name one in --scratch URL, or leave --scratch out: then a server is started.",
		}
	}
	return nil
}

// connected works on a connection to the copy that is closed when it returns: nothing retires while others are connected.
func (s *scratch) connected(ctx context.Context, do func(*pgx.Conn) error) error {
	conn, err := pgx.ConnectConfig(ctx, s.config)
	if err != nil {
		return fmt.Errorf("connect to the copy: %w", err)
	}
	err = do(conn)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), removePatience)
	defer cancel()
	return errors.Join(err, conn.Close(closing))
}

// remove leaves nothing behind, whether the copy was finished or not.
func (s *scratch) remove(ctx context.Context) error {
	if s == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removePatience)
	defer cancel()
	if s.own != nil {
		return s.own.Stop(ctx)
	}
	if s.config == nil && len(s.roles) == 0 {
		return nil
	}
	conn, err := pgx.ConnectConfig(ctx, s.admin)
	if err != nil {
		return fmt.Errorf("connect to the scratch server to drop the copy: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var failed []error
	if s.config != nil {
		failed = append(failed, dropDatabase(ctx, conn, s.config.Database))
	}
	for _, role := range s.roles {
		if _, err := conn.Exec(ctx, "DROP ROLE IF EXISTS "+pgx.Identifier{role}.Sanitize()); err != nil {
			failed = append(failed, fmt.Errorf("drop role %s on the scratch server: %w", role, err))
		}
	}
	return errors.Join(failed...)
}

// dropDatabase ends first who is still connected: an interrupted connection may take a moment to go.
func dropDatabase(ctx context.Context, conn *pgx.Conn, name string) error {
	if _, err := conn.Exec(ctx, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1`, name); err != nil {
		// Before PostgreSQL 14 it cannot wait for their end.
		_, err = conn.Exec(ctx, `SELECT pg_terminate_backend(pid), pg_sleep(0.2) FROM pg_stat_activity WHERE datname = $1`, name)
		if err != nil {
			return fmt.Errorf("end the sessions of the copy: %w", err)
		}
	}
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()); err != nil {
		return fmt.Errorf("drop the copy %s on the scratch server: %w", name, err)
	}
	return nil
}
