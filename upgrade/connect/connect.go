// Package connect reads how to reach a database from where users keep it: a URL, the environment, or the engine's own
// configuration. No error of it contains a password.
package connect

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// ApplicationName is the name under which the server shows our sessions.
const ApplicationName = "coco upgrade"

// connectTimeout applies where the user set none.
const connectTimeout = 10 * time.Second

// cancelPatience is how long a canceled query may take to end before its connection is cut.
const cancelPatience = 5 * time.Second

// ErrConflict says that a database and an engine configuration were given together.
var ErrConflict = errors.New("give either a database or an engine configuration, not both")

// ErrInvalid says that a connection string cannot be understood. It does not repeat it: it may hold a password.
var ErrInvalid = errors.New("the connection string is not valid: expected postgres://USER@HOST:PORT/DATABASE or key=value pairs, " +
	"and PG* variables, if set, that fit")

// Options say where to look. The first of these that is set counts: Database and EngineConf, DATABASE_URL, then the PG* variables
// that all PostgreSQL programs read. ~/.pgpass, service files and TLS options work with each.
type Options struct {
	// Database is a URL or key=value pairs.
	Database string
	// EngineConf is the path of an engine's database configuration.
	EngineConf string
}

// Config returns how to connect. Canceling a context ends the query on the server and leaves the connection usable.
func Config(options Options) (*pgx.ConnConfig, error) {
	text, err := options.text()
	if err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(text)
	if err != nil {
		return nil, invalid(err)
	}
	config.RuntimeParams["application_name"] = ApplicationName
	if err := keepAlive(config); err != nil {
		return nil, &invalidError{err.Error()}
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: cancelPatience}
	}
	return config, nil
}

// invalid says what is wrong with a connection string without repeating it. What is known not to be a secret may be named: files.
func invalid(err error) error {
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("read what the connection string or PG* variables name: %w", file)
	}
	var parse *pgconn.ParseConfigError
	if !errors.As(err, &parse) || parse.Unwrap() == nil {
		return ErrInvalid
	}
	cause := parse.Unwrap().Error()
	for _, known := range []struct{ says, means string }{
		{"sslmode is invalid", "sslmode is one of disable, allow, prefer, require, verify-ca and verify-full"},
		{"unable to add CA to cert pool", "the file that sslrootcert names holds no certificate"},
		{"are required", "sslcert and sslkey go together"},
		{"failed to read service file", "the service file cannot be read; PGSERVICEFILE or ~/.pg_service.conf is where it is"},
		{"unable to find service", "the service is not in the service file; PGSERVICEFILE or ~/.pg_service.conf is where it is"},
	} {
		if strings.Contains(cause, known.says) {
			return &invalidError{known.means}
		}
	}
	return ErrInvalid
}

// invalidError is ErrInvalid where it can be said what is wrong.
type invalidError struct{ what string }

func (e *invalidError) Error() string { return "the connection string is not valid: " + e.what }

// Is makes it ErrInvalid.
func (e *invalidError) Is(target error) bool { return target == ErrInvalid }

func (o Options) text() (string, error) {
	switch {
	case o.Database != "" && o.EngineConf != "":
		return "", ErrConflict
	case o.Database != "":
		return o.Database, nil
	case o.EngineConf != "":
		engine, err := readEngineConfFile(o.EngineConf)
		if err != nil {
			return "", fmt.Errorf("read the engine configuration %s: %w", o.EngineConf, err)
		}
		return engine.keywords(), nil
	}
	return os.Getenv("DATABASE_URL"), nil
}

// HasPassword says whether a connection string holds a password, which other users of the machine could see in a process list.
func HasPassword(database string) bool {
	if parsed, err := url.Parse(database); err == nil && parsed.Scheme != "" {
		_, set := parsed.User.Password()
		return set || parsed.Query().Has("password") || parsed.Query().Has("sslpassword")
	}
	return strings.Contains(database, "password") || strings.Contains(database, "@") && strings.Contains(database, "://")
}
