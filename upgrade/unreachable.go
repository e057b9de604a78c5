package upgrade

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Unreachable says in one line which database could not be reached as whom, where and why: an ErrUnreachable, without the password that the
// driver's own error may hold.
func Unreachable(config *pgx.ConnConfig, err error) *Error {
	attempts := attempts(err)
	result := &Error{Kind: ErrUnreachable, Cause: errors.Join(attempts...)}
	var reasons []string
	for _, attempt := range attempts {
		reason, hint := whyUnreachable(config, attempt)
		if slices.Contains(reasons, reason) || reason == withoutTLS && len(attempts) > 1 {
			continue // said already, or tried again without TLS
		}
		reasons = append(reasons, reason)
		if result.Hint == "" {
			result.Hint = hint
		}
	}
	result.Reason = fmt.Sprintf("cannot connect to database %q as %q at %s: %s",
		config.Database, config.User, addresses(config), strings.Join(reasons, "; "))
	return result
}

// attempts returns what went wrong at each address, with TLS and without.
func attempts(err error) []error {
	if connect, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		err = connect.Unwrap() // the whole holds the password
	}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}

// addresses lists where the server was looked for.
func addresses(config *pgx.ConnConfig) string {
	all := []string{address(config.Host, config.Port)}
	for _, fallback := range config.Fallbacks {
		if one := address(fallback.Host, fallback.Port); !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return strings.Join(all, ", ")
}

func address(host string, port uint16) string {
	network, socket := pgconn.NetworkAddress(host, port)
	if network == "unix" {
		return "socket " + socket
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

const withoutTLS = "the server does not offer TLS"

// whyUnreachable says what went wrong in one attempt, and what to do about it.
func whyUnreachable(config *pgx.ConnConfig, err error) (reason, hint string) {
	var (
		server  *pgconn.PgError
		unknown *net.DNSError
		timeout net.Error
	)
	switch {
	case errors.As(err, &server):
		return cleaned(server).Message, hintForLogin(config, server)
	case errors.As(err, &unknown):
		return fmt.Sprintf("the name %q leads to no address", unknown.Name), "Check the name of the host, and that names are resolved here."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing answers there (connection refused)", "Check host and port, that the server runs, and that it listens there (listen_addresses)."
	case errors.Is(err, os.ErrNotExist):
		return "there is no such socket", "Check that the server runs and where its sockets are (unix_socket_directories); PGHOST or host= names the place."
	case errors.Is(err, os.ErrPermission):
		return "this user may not use the socket", "Run this as another user of the machine, or name a host to connect over TCP."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer within " + config.ConnectTimeout.String(), "Check host and port and what is between here and there; connect_timeout gives it more seconds."
	case strings.Contains(err.Error(), "server refused TLS connection"): // it has no type
		return withoutTLS, "Turn ssl on in the server, or connect with sslmode=disable if nobody can listen."
	}
	if reason, hint := whyNotTrusted(err); reason != "" {
		return reason, hint
	}
	return oneLine(err.Error()), "Check that the server runs and that host, port, database, user and password are right."
}

// whyNotTrusted explains what is wrong with the server's certificate, if that is it.
func whyNotTrusted(err error) (reason, hint string) {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &authority):
		return "the server's certificate is not signed by an authority that is trusted here",
			"Name the file of the authority's certificate with sslrootcert or PGSSLROOTCERT."
	case errors.As(err, &name):
		names := name.Certificate.DNSNames
		for _, ip := range name.Certificate.IPAddresses {
			names = append(names, ip.String())
		}
		return fmt.Sprintf("the server's certificate is not for %s but for %s", name.Host, strings.Join(names, ", ")),
			"Connect to a name that the certificate is for; sslmode=verify-ca does not compare names."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate is not valid at this time", "Renew the certificate, or set the clock."
	case errors.As(err, &invalid):
		return "the server's certificate is not valid for this use", "Give the server another certificate."
	}
	return "", ""
}

// hintForLogin says what to do when the server answered and refused.
func hintForLogin(config *pgx.ConnConfig, err *pgconn.PgError) string {
	switch err.Code {
	case "08P01":
		if strings.Contains(err.Message, "startup parameter") {
			return "A connection pooler answers there, which does not take that parameter. Connect to PostgreSQL itself."
		}
	case "28P01":
		if config.Password == "" {
			return "No password was given: put it into ~/.pgpass, PGPASSWORD or DATABASE_URL, or use --engine-conf."
		}
		return "Correct the password: in ~/.pgpass, PGPASSWORD, DATABASE_URL or the engine's configuration."
	case "28000":
		if strings.Contains(err.Message, "pg_hba.conf") {
			return "Connect from where, and as whom, the server's pg_hba.conf allows it, with TLS or without, or add a line there."
		}
		return "Check the user's name: the role has to be there and may log in."
	case "3D000":
		return `Check the database's name: "psql --list" shows which there are.`
	case insufficientPrivilege:
		return fmt.Sprintf("Let its owner grant it: GRANT CONNECT ON DATABASE %s TO %s.",
			pgx.Identifier{config.Database}.Sanitize(), pgx.Identifier{config.User}.Sanitize())
	case "53300":
		return "Wait until there are fewer connections, or raise max_connections."
	case "57P03":
		return "The server is starting or stopping: try again in a moment."
	}
	return "See the server's log for more."
}
