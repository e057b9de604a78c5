package upgrade

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// The versions of PostgreSQL that this is made and tested for.
const (
	oldestServer = 12
	newestServer = 18
)

// serverProblem returns why nothing works on this server: it is too old. It asks nothing: the server has said it.
func serverProblem(conn *pgx.Conn) error {
	version, major := serverVersion(conn)
	if major == 0 || major >= oldestServer {
		return nil
	}
	return &Error{
		Kind:   ErrRefused,
		Reason: fmt.Sprintf("PostgreSQL %s is too old: versions %d to %d are supported", version, oldestServer, newestServer),
		Hint: fmt.Sprintf("Restore a dump of the database into PostgreSQL %d or newer and run the same command there; "+
			"this server stays as it is.", oldestServer),
	}
}

// newerServer returns a warning where nobody has tried this server's version, nil elsewhere.
func newerServer(conn *pgx.Conn) *Warning {
	version, major := serverVersion(conn)
	if major <= newestServer {
		return nil
	}
	return &Warning{
		Message: fmt.Sprintf("PostgreSQL %s is newer than what was tested: versions %d to %d", version, oldestServer, newestServer),
		Hint:    "Rehearse the upgrade, and the way back, on a copy of the database first.",
	}
}

// serverVersion returns the version as the server calls it, without what a distribution adds, and its first number: 0 if it cannot be
// told.
func serverVersion(conn *pgx.Conn) (version string, major int) {
	version, _, _ = strings.Cut(conn.PgConn().ParameterStatus("server_version"), " ")
	digits := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(version)
	}
	major, err := strconv.Atoi(version[:digits])
	if err != nil {
		return version, 0
	}
	return version, major
}

// readOnlyProblem returns why nothing can be changed over this connection: the server is a standby, or transactions are read-only
// unless they ask for more. The latter is somebody's decision, so it is not walked around.
func readOnlyProblem(ctx context.Context, q querier) error {
	var (
		standby, readOnly bool
		source            string
	)
	err := q.QueryRow(ctx, `SELECT pg_catalog.pg_is_in_recovery(), setting = 'on', source
		FROM pg_catalog.pg_settings WHERE name = 'default_transaction_read_only'`).Scan(&standby, &readOnly, &source)
	switch {
	case err != nil:
		return fmt.Errorf("ask whether the server takes changes: %w", err)
	case standby:
		return &Error{
			Kind:   ErrRefused,
			Reason: "the server is a standby, which takes no changes",
			Hint:   "Connect to the primary server: the standby follows it.",
			Cause:  errStandby,
		}
	case readOnly:
		return &Error{
			Kind:   ErrRefused,
			Reason: "transactions are read-only here: default_transaction_read_only is on, set by " + settingSource(source),
			Hint:   "Find out who set it and why. PGOPTIONS='-c default_transaction_read_only=off' lifts it for one run.",
		}
	}
	return nil
}

// settingSource says in words what pg_settings calls the source of a setting.
func settingSource(source string) string {
	switch source {
	case "database":
		return "ALTER DATABASE"
	case "user":
		return "ALTER ROLE"
	case "database user":
		return "ALTER ROLE IN DATABASE"
	case "client":
		return "the connection's options"
	case "configuration file", "command line":
		return "the server's " + source
	}
	return source
}

// encryption says how a connection is protected against those who listen on the way; empty where there is none.
func encryption(conn *pgx.Conn) string {
	switch network := conn.PgConn().Conn().(type) {
	case *net.UnixConn:
		return ""
	case *tls.Conn:
		return tls.VersionName(network.ConnectionState().Version)
	}
	return "none"
}
