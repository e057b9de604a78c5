package ephemeral

import (
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// URL is the connection string of a database, as the superuser, over the unix socket.
func (s *Server) URL(db string) string { return s.URLFor(Superuser, db) }

// URLFor is the connection string of a database as any role, over the unix socket. The role needs LOGIN but no password.
func (s *Server) URLFor(user, db string) string {
	query := url.Values{"host": {s.dir}, "port": {strconv.Itoa(s.port)}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User(user), Path: "/" + db, RawQuery: query.Encode()}
	return u.String()
}

// TCPURL is the connection string of a database over TCP, empty unless Options.TCP was set. TCP asks for a password:
// the URL carries the superuser's, which is random. Another role can log in after ALTER ROLE … PASSWORD with Password.
func (s *Server) TCPURL(user, db string) string {
	if !s.tcp {
		return ""
	}
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(user, s.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path:     "/" + db,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Password is the superuser's password for TCP, empty unless Options.TCP was set.
func (s *Server) Password() string { return s.password }

// Socket is the directory of the unix socket: the host to name to a PostgreSQL client.
func (s *Server) Socket() string { return s.dir }

// Port is the port number, of the unix socket and of TCP alike.
func (s *Server) Port() int { return s.port }

// BinDir holds the programs of this server's version. Not every package of a server has psql and pg_dump among them: see Command.
func (s *Server) BinDir() string { return s.binDir }

// Version is server_version_num: 150004 for 15.4.
func (s *Server) Version() int { return s.version }

// LogPath is the server's log file. It goes with the server's other files on Stop.
func (s *Server) LogPath() string { return filepath.Join(s.dataDir(), "server.log") }

func (s *Server) dataDir() string { return filepath.Join(s.dir, "data") }

// Command prepares a client program (psql, pg_dump), set up to connect to db as the superuser. It is the server's own, or of the
// machine's newest version where the server came without. PG* variables of this process do not reach it.
func (s *Server) Command(ctx context.Context, db, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, clientProgram(s.binDir, program), args...)
	cmd.Env = append(cleanEnv(),
		"PGHOST="+s.dir, "PGPORT="+strconv.Itoa(s.port), "PGUSER="+Superuser, "PGDATABASE="+db,
		"PGPASSFILE="+filepath.Join(s.dir, "no-passwords"), "PSQLRC="+os.DevNull)
	return cmd
}
