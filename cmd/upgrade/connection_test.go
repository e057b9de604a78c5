package main

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
)

// remote is an engine's database on a server of the test's own that asks for a password over TCP.
type remote struct {
	*ephemeral.Server

	port string
}

const (
	remoteUser     = "engine_owner"
	remoteDatabase = "engine db"
)

func newRemote(t *testing.T) *remote {
	t.Helper()
	clearEnvironment(t)
	t.Chdir(t.TempDir())
	server := ownServer(t, ephemeral.Options{TCP: true, BinDir: os.Getenv(testdb.BinDirVariable)})
	if err := server.CreateDatabase(t.Context(), remoteDatabase, ""); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), server.URL(remoteDatabase))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := enginedb.Load(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `CREATE ROLE `+remoteUser+` LOGIN SUPERUSER PASSWORD '`+canaryPassword+`'`); err != nil {
		t.Fatal(err)
	}
	return &remote{server, fmt.Sprint(server.Port())}
}

// url names the database at a host, with the password or without.
func (r *remote) url(host, password, query string) string {
	user := url.User(remoteUser)
	if password != "" {
		user = url.UserPassword(remoteUser, password)
	}
	u := url.URL{Scheme: "postgres", User: user, Host: net.JoinHostPort(host, r.port), Path: "/" + remoteDatabase, RawQuery: query}
	return u.String()
}

// write writes a file for the owner's eyes and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// source is one way to name a database.
type source struct {
	env  map[string]string
	args []string
}

func (s source) run(t *testing.T, more ...string) outcome {
	t.Helper()
	for name, value := range s.env {
		t.Setenv(name, value)
	}
	return command(t, append(append([]string{"status"}, s.args...), more...)...)
}

func TestDatabasesAreFoundAsUsersNameThem(t *testing.T) {
	r := newRemote(t)
	pgpass := write(t, "home/.pgpass", fmt.Sprintf("# a comment\nother:*:*:*:wrong\n127.0.0.1:%s:%s:%s:%s\n",
		r.port, remoteDatabase, remoteUser, canaryPassword))
	service := write(t, "home/.pg_service.conf", fmt.Sprintf("[night]\nhost=127.0.0.1\nport=%s\ndbname=%s\nuser=%s\npassword=%s\n",
		r.port, remoteDatabase, remoteUser, canaryPassword))
	conf := write(t, "engine.conf", fmt.Sprintf(
		"ENGINE_DB_HOST=127.0.0.1\nENGINE_DB_PORT=%s\nENGINE_DB_USER=%s\nENGINE_DB_PASSWORD=%q\nENGINE_DB_DATABASE=%q\n",
		r.port, remoteUser, canaryPassword, remoteDatabase))
	plain := r.url("127.0.0.1", "", "")
	for name, s := range map[string]source{
		"DATABASE_URL":              {env: map[string]string{"DATABASE_URL": r.url("127.0.0.1", canaryPassword, "")}},
		"DATABASE_URL as key=value": {env: map[string]string{"DATABASE_URL": "host=127.0.0.1 port=" + r.port + " user=" + remoteUser + " dbname='engine db' password=" + canaryPassword}},
		"a URL":                     {args: []string{"--database", r.url("127.0.0.1", canaryPassword, "")}},
		"key=value":                 {args: []string{"--database", "host=127.0.0.1 port=" + r.port + " user=" + remoteUser + " dbname='engine db' password=" + canaryPassword}},
		"a URL and PGPASSWORD":      {args: []string{"--database", plain}, env: map[string]string{"PGPASSWORD": canaryPassword}},
		"a URL and PGPASSFILE":      {args: []string{"--database", plain}, env: map[string]string{"PGPASSFILE": pgpass}},
		"a URL and .pgpass":         {args: []string{"--database", plain}, env: map[string]string{"HOME": filepath.Dir(pgpass)}},
		"PG variables":              {env: map[string]string{"PGHOST": "127.0.0.1", "PGPORT": r.port, "PGUSER": remoteUser, "PGDATABASE": remoteDatabase, "PGPASSWORD": canaryPassword}},
		"PGSERVICE":                 {env: map[string]string{"PGSERVICE": "night", "PGSERVICEFILE": service}},
		"PGSERVICE at home":         {env: map[string]string{"PGSERVICE": "night", "HOME": filepath.Dir(service)}},
		"service=":                  {args: []string{"--database", "service=night"}, env: map[string]string{"PGSERVICEFILE": service}},
		"a socket in a URL":         {args: []string{"--database", "postgres:///engine%20db?user=" + remoteUser + "&host=" + url.QueryEscape(r.Socket()) + "&port=" + r.port}},
		"a socket in PGHOST":        {env: map[string]string{"PGHOST": r.Socket(), "PGPORT": r.port, "PGUSER": remoteUser, "PGDATABASE": remoteDatabase}},
		"an engine's configuration": {args: []string{"--engine-conf", conf}},
		"a name of the host":        {args: []string{"--database", r.url("localhost", canaryPassword, "sslmode=disable")}},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.run(t)
			got.wantCode(t, exitPending)
			encryption := ", not encrypted\n"
			if strings.Contains(name, "socket") {
				encryption = "\n"
			}
			if line, _, _ := strings.Cut(got.stdout, "version "); !strings.HasPrefix(line, "database       "+remoteDatabase+" on PostgreSQL ") ||
				!strings.HasSuffix(line, encryption) {
				t.Errorf("it is not that database:\n%s", got.stdout)
			}
		})
	}
}

func TestTheFirstNameOfADatabaseCounts(t *testing.T) {
	r := newRemote(t)
	const wrong = "postgres://nobody@127.0.0.1:1/wrong"
	right := r.url("127.0.0.1", canaryPassword, "")
	conf := write(t, "engine.conf", fmt.Sprintf(
		"ENGINE_DB_HOST=127.0.0.1\nENGINE_DB_PORT=%s\nENGINE_DB_USER=%s\nENGINE_DB_PASSWORD=%s\nENGINE_DB_DATABASE='%s'\n",
		r.port, remoteUser, canaryPassword, remoteDatabase))
	pg := map[string]string{"PGHOST": "127.0.0.1", "PGPORT": "1", "PGUSER": "nobody", "PGDATABASE": "wrong", "PGPASSWORD": "wrong"}
	with := func(name, value string) map[string]string {
		all := maps.Clone(pg)
		all[name] = value
		return all
	}
	for name, s := range map[string]source{
		"--database before DATABASE_URL":    {env: with("DATABASE_URL", wrong), args: []string{"--database", right}},
		"--engine-conf before DATABASE_URL": {env: with("DATABASE_URL", wrong), args: []string{"--engine-conf", conf}},
		"DATABASE_URL before PG*":           {env: with("DATABASE_URL", right)},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.run(t)
			got.wantCode(t, exitPending)
			got.says(t, remoteDatabase+" on PostgreSQL")
		})
	}
	want(t, exitUsage, "status", "--database", right, "--engine-conf", conf).isOneError(t, "not both", "upgrade help connection")
}

func TestTLSIsAsStrictAsItWasAskedToBe(t *testing.T) {
	r := newRemote(t)
	signer, stranger := newAuthority(t), newAuthority(t)
	ask := func(host, query string) outcome {
		t.Helper()
		return command(t, "status", "--database", r.url(host, canaryPassword, query))
	}
	roots := "&sslrootcert=" + url.QueryEscape(signer.file)
	refused := func(got outcome, reason, hint string) {
		t.Helper()
		got.wantCode(t, exitFailure)
		got.isOneError(t, reason, hint)
	}

	refused(ask("127.0.0.1", "sslmode=require"), "the server does not offer TLS", "sslmode=disable")
	signer.secure(t, r.Server, time.Now().Add(time.Hour))
	for _, c := range []struct{ host, query, encryption string }{
		{"127.0.0.1", "sslmode=disable", ", not encrypted"},
		{"127.0.0.1", "", ", encrypted with TLS 1."},
		{"127.0.0.1", "sslmode=require", ", encrypted with TLS 1."},
		{"127.0.0.1", "sslmode=require" + roots, ", encrypted with TLS 1."},
		{"127.0.0.1", "sslmode=verify-ca" + roots, ", encrypted with TLS 1."},
		{"localhost", "sslmode=verify-ca" + roots, ", encrypted with TLS 1."},
		{"localhost", "sslmode=verify-full" + roots, ", encrypted with TLS 1."},
	} {
		got := ask(c.host, c.query)
		got.wantCode(t, exitPending, c.host, c.query)
		got.says(t, c.encryption)
	}
	const untrusted, name = "is not signed by an authority that is trusted here", "the server's certificate is not for 127.0.0.1 but for localhost"
	refused(ask("127.0.0.1", "sslmode=verify-ca"), untrusted, "sslrootcert")
	refused(ask("localhost", "sslmode=verify-full"), untrusted, "sslrootcert")
	refused(ask("localhost", "sslmode=verify-full&sslrootcert="+url.QueryEscape(stranger.file)), untrusted, "sslrootcert")
	refused(ask("127.0.0.1", "sslmode=verify-ca&sslrootcert="+url.QueryEscape(stranger.file)), untrusted, "sslrootcert")
	refused(ask("127.0.0.1", "sslmode=verify-full"+roots), name, "sslmode=verify-ca does not compare names")

	t.Run("an engine's configuration", func(t *testing.T) {
		conf := func(host, secured, validation string) outcome {
			return command(t, "status", "--engine-conf", write(t, "engine.conf", fmt.Sprintf(
				"ENGINE_DB_HOST=%s\nENGINE_DB_PORT=%s\nENGINE_DB_USER=%s\nENGINE_DB_PASSWORD=%s\nENGINE_DB_DATABASE=%q\n"+
					"ENGINE_DB_SECURED=%q\nENGINE_DB_SECURED_VALIDATION=%q\n",
				host, r.port, remoteUser, canaryPassword, remoteDatabase, secured, validation)))
		}
		conf("localhost", "False", "False").says(t, ", not encrypted")
		conf("localhost", "True", "False").says(t, ", encrypted with TLS 1.")
		refused(conf("localhost", "True", "True"), untrusted, "PGSSLROOTCERT")
		t.Setenv("PGSSLROOTCERT", signer.file)
		conf("localhost", "True", "True").says(t, ", encrypted with TLS 1.")
		refused(conf("127.0.0.1", "True", "True"), name, "verify-ca")
	})

	signer.secure(t, r.Server, time.Now().Add(-time.Hour))
	refused(ask("localhost", "sslmode=verify-full"+roots), "the server's certificate is not valid at this time", "Renew the certificate")
}

func TestADatabaseThatIsNotToBeReachedIsOneLine(t *testing.T) {
	r := newRemote(t)
	silent := listenInSilence(t)
	conn, err := pgx.Connect(t.Context(), r.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, sql := range []string{
		`CREATE ROLE nologin PASSWORD '` + canaryPassword + `'`, `CREATE ROLE stranger LOGIN PASSWORD '` + canaryPassword + `'`,
		`REVOKE CONNECT ON DATABASE "` + remoteDatabase + `" FROM PUBLIC`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	before := testdb.DumpOf(t, r.Server, remoteDatabase)
	as := func(user, password, database string) string {
		u := url.URL{Scheme: "postgres", User: url.UserPassword(user, password), Host: "127.0.0.1:" + r.port, Path: "/" + database}
		return u.String()
	}
	for name, c := range map[string]struct{ database, reason, hint string }{
		"refused port": {"postgres://engine:" + canaryPassword + "@127.0.0.1:1/engine",
			`cannot connect to database "engine" as "engine" at 127.0.0.1:1: nothing answers there (connection refused)`, "Check host and port"},
		"unknown host": {"postgres://engine:" + canaryPassword + "@no-such-host.invalid/engine",
			`at no-such-host.invalid:5432: the name "no-such-host.invalid" leads to no address`, "Check the name of the host"},
		"silence": {"postgres://engine:" + canaryPassword + "@" + silent + "/engine?connect_timeout=1&sslmode=disable",
			"at " + silent + ": no answer within 1s", "connect_timeout"},
		"no socket": {"host=" + t.TempDir() + " user=engine dbname=engine password=" + canaryPassword,
			"there is no such socket", "Check that the server runs"},
		"unknown database":     {as(remoteUser, canaryPassword, "engin"), `database "engin" does not exist`, `"psql --list"`},
		"unknown role":         {as("engin", canaryPassword, remoteDatabase), `password authentication failed for user "engin"`, "Correct the password"},
		"a role without login": {as("nologin", canaryPassword, remoteDatabase), `role "nologin" is not permitted to log in`, "Check the user's name"},
		"a role without CONNECT": {as("stranger", canaryPassword, remoteDatabase), `permission denied for database "engine db"`,
			`GRANT CONNECT ON DATABASE "engine db" TO "stranger".`},
		"wrong password": {as(remoteUser, canaryPassword+"-wrong", remoteDatabase),
			`password authentication failed for user "engine_owner"`, "Correct the password"},
		"no password":                {r.url("127.0.0.1", "", ""), `password authentication failed for user "engine_owner"`, "No password was given"},
		"unknown role at the socket": {r.URLFor("engin", remoteDatabase), `role "engin" does not exist`, "Check the user's name"},
		"two hosts": {"postgres://engine:" + canaryPassword + "@127.0.0.1:1,localhost:2/engine",
			"at 127.0.0.1:1, localhost:2: nothing answers there", "Check host and port"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DATABASE_URL", c.database)
			for _, line := range databaseCommands(t) {
				if name == "silence" && line[0] != "status" {
					continue // each waits for a second
				}
				want(t, exitFailure, line...).isOneError(t, c.reason, c.hint)
				if line[0] == "up" {
					want(t, exitFailure, append(line, "--json", "--verbose")...).isOneError(t, c.reason, c.hint)
				}
			}
		})
	}
	t.Run("no entry in pg_hba.conf", func(t *testing.T) {
		hba := filepath.Join(filepath.Dir(r.LogPath()), "pg_hba.conf")
		if err := os.WriteFile(hba, []byte("local all postgres trust\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		reconfigure(t, r.Server, ``)
		want(t, exitFailure, "up", "--database", as(remoteUser, canaryPassword, remoteDatabase)).
			isOneError(t, `no pg_hba.conf entry for host "127.0.0.1"`, "or add a line there")
	})
	if testdb.DumpOf(t, r.Server, remoteDatabase) != before {
		t.Error("the database was changed")
	}
}

// listenInSilence returns an address where connections are taken and nothing is ever said.
func listenInSilence(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

func TestFilesThatAConnectionNamesAreNamedWhenTheyAreBad(t *testing.T) {
	clearEnvironment(t)
	t.Chdir(t.TempDir())
	empty := write(t, "empty.crt", "nothing")
	for name, c := range map[string]struct {
		code         int
		database     string
		reason, hint string
	}{
		"no such root":    {exitFailure, "postgres://e@h/d?sslmode=verify-full&sslrootcert=/no/such.crt", "open /no/such.crt: no such file", "upgrade help connection"},
		"an empty root":   {exitUsage, "postgres://e@h/d?sslmode=verify-full&sslrootcert=" + empty, "holds no certificate", "upgrade help connection"},
		"unknown sslmode": {exitUsage, "postgres://e@h/d?sslmode=" + canaryPassword, "sslmode is one of disable", "upgrade help connection"},
		"half a key":      {exitUsage, "postgres://e@h/d?sslkey=" + empty, "sslcert and sslkey go together", "upgrade help connection"},
		"no such service": {exitUsage, "service=" + canaryPassword, "service file cannot be read", "upgrade help connection"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PGSERVICEFILE", "no-such-file")
			for _, more := range [][]string{nil, {"--json"}} {
				want(t, c.code, append([]string{"status", "--database", c.database}, more...)...).isOneError(t, c.reason, c.hint)
			}
		})
	}
	t.Setenv("PGSERVICEFILE", write(t, "services", "[day]\nhost=h\n"))
	want(t, exitUsage, "status", "--database", "service=night").isOneError(t, "the service is not in the service file", "upgrade help connection")
}
