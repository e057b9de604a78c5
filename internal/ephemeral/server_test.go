package ephemeral

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestServerListensOnItsSocketOnly(t *testing.T) {
	s := start(t, Options{})
	conn := connect(t, s.URL("postgres"))
	for sql, want := range map[string]string{
		"SHOW listen_addresses":   "",
		"SHOW server_encoding":    "UTF8",
		"SHOW server_version_num": strconv.Itoa(s.Version()),
		"SHOW port":               strconv.Itoa(s.Port()),
		"SHOW fsync":              "off",
		"SHOW synchronous_commit": "off",
		"SHOW full_page_writes":   "off",
		"SELECT current_user":     Superuser,
	} {
		if got := ask(t, conn, sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
	if got := s.TCPURL(Superuser, "postgres"); got != "" {
		t.Errorf("TCPURL without TCP: %q", got)
	}
}

func TestOthersCannotReachTheSocket(t *testing.T) {
	s := start(t, Options{})
	info, err := os.Stat(s.Socket())
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("mode of the socket directory: %o", got)
	}
}

func TestTCPAsksForThePassword(t *testing.T) {
	s := start(t, Options{TCP: true})
	conn := connect(t, s.TCPURL(Superuser, "postgres"))
	if got := ask(t, conn, "SELECT host(inet_server_addr())"); got != "127.0.0.1" {
		t.Errorf("server address %s", got)
	}
	cfg, err := pgx.ParseConfig(s.TCPURL(Superuser, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Password = "wrong"
	if conn, err := pgx.ConnectConfig(t.Context(), cfg); err == nil {
		conn.Close(t.Context())
		t.Error("a wrong password was taken")
	}

	before := s.TCPURL(Superuser, "postgres")
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	connect(t, before)
}

func TestSettingsReachTheServer(t *testing.T) {
	odd := `it's a \ path`
	s := start(t, Options{Settings: map[string]string{
		"FSYNC": "on", "coco.odd": odd, "max_prepared_transactions": "7",
	}})
	conn := connect(t, s.URL("postgres"))
	for sql, want := range map[string]string{
		"SHOW fsync": "on", "SHOW coco.odd": odd, "SHOW max_prepared_transactions": "7",
	} {
		if got := ask(t, conn, sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

func TestBadSettingsAreRefused(t *testing.T) {
	for _, settings := range []map[string]string{
		{"Port": "1"}, {"listen_addresses": "*"}, {"a b": "x"}, {"": "x"}, {"work_mem": "1MB\nport = 1"},
	} {
		if s, err := Start(t.Context(), Options{Settings: settings}); err == nil {
			t.Errorf("%v was accepted", settings)
			_ = s.Stop(t.Context())
		}
	}
}

func TestFailedStartShowsTheLogAndLeavesNothing(t *testing.T) {
	before := ownDirs(t)
	s, err := Start(t.Context(), Options{Settings: map[string]string{"no_such_setting": "1"}})
	if err == nil {
		_ = s.Stop(t.Context())
		t.Fatal("it started")
	}
	mustContain(t, err.Error(), `unrecognized configuration parameter "no_such_setting"`)
	if after := ownDirs(t); len(after) != len(before) {
		t.Errorf("directories before %v, after %v", before, after)
	}
}

func TestStopRemovesServerAndFiles(t *testing.T) {
	s, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	pid, err := postmasterPID(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(s.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its directory: %v", err)
	}
	if isAlive(pid) {
		t.Errorf("postmaster %d is alive", pid)
	}
	if err := s.Restart(t.Context()); err == nil {
		t.Error("it restarts without data")
	}
}

func TestStopWithoutTimeStillEndsTheServer(t *testing.T) {
	s := start(t, Options{})
	pid, err := postmasterPID(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if isAlive(pid) {
		t.Errorf("postmaster %d is alive", pid)
	}
}

func TestDurableServerKeepsCommitsThroughACrash(t *testing.T) {
	s := start(t, Options{Durable: true})
	conn := connect(t, s.URL("postgres"))
	exec1(t, conn, "CREATE TABLE kept AS SELECT 42 AS n")
	exec1(t, conn, "BEGIN")
	exec1(t, conn, "INSERT INTO kept VALUES (43)")

	if err := s.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.Connect(t.Context(), s.URL("postgres")); err == nil {
		t.Fatal("a killed server answers")
	}
	if _, err := conn.Exec(t.Context(), "COMMIT"); err == nil {
		t.Fatal("a cut connection commits")
	}
	for _, step := range []string{"start after a kill", "restart while it runs"} {
		if err := s.Restart(t.Context()); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		if got := ask(t, connect(t, s.URL("postgres")), "SELECT string_agg(n::text, ',') FROM kept"); got != "42" {
			t.Errorf("%s: rows %s", step, got)
		}
	}
	log, err := os.ReadFile(s.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	mustContain(t, string(log), "automatic recovery in progress")
}

func TestOnDiskMeansNotInMemory(t *testing.T) {
	s, err := Start(t.Context(), Options{OnDisk: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop(t.Context()) }()
	if strings.HasPrefix(s.dir, memoryDir) {
		t.Errorf("its data is in %s", s.dir)
	}
}

func TestServerOutlivesTheThreadThatStartedIt(t *testing.T) {
	type result struct {
		s   *Server
		err error
	}
	started := make(chan result)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		s, err := Start(context.Background(), Options{})
		started <- result{s, err}
	}()
	r := <-started
	if r.err != nil {
		t.Fatal(r.err)
	}
	defer func() { _ = r.s.Stop(context.Background()) }()

	conn := connect(t, r.s.URL("postgres"))
	for range 50 { // threads come and go
		done := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(done)
		}()
		<-done
	}
	ask(t, conn, "SELECT pg_sleep(0.2)::text")
}

func TestDatabasesAreCopiesOfTheirTemplate(t *testing.T) {
	s := start(t, Options{Settings: map[string]string{"max_prepared_transactions": "5"}})
	ctx := t.Context()
	const source, copied = `a "template"`, `it's a copy`
	if err := s.CreateDatabase(ctx, source, ""); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, s.URL(source))
	exec1(t, conn, "CREATE TABLE kept AS SELECT 42 AS n")
	conn.Close(ctx)

	if err := s.CreateDatabase(ctx, copied, source); err != nil {
		t.Fatal(err)
	}
	conn = connect(t, s.URL(copied))
	if got := ask(t, conn, "SELECT n::text FROM kept"); got != "42" {
		t.Errorf("copied row: %s", got)
	}

	// An open connection and a prepared transaction do not keep a database alive.
	exec1(t, conn, "BEGIN")
	exec1(t, conn, "INSERT INTO kept VALUES (43)")
	exec1(t, conn, "PREPARE TRANSACTION 'it''s prepared'")
	for range 2 {
		if err := s.DropDatabase(ctx, copied); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pgx.Connect(ctx, s.URL(copied)); err == nil {
		t.Error("the dropped database answers")
	}
	if err := s.CreateDatabase(ctx, source, ""); err == nil {
		t.Error("a database was created twice")
	}
}

func TestCommandsConnectToTheServerWhateverTheEnvironment(t *testing.T) {
	t.Setenv("PGHOST", "/nonexistent")
	t.Setenv("PGPORT", "1")
	t.Setenv("PGOPTIONS", "-c no_such_setting=1")
	s := start(t, Options{})
	out, err := s.Command(t.Context(), "postgres", "psql", "-Atc", "SELECT current_user").CombinedOutput()
	if err != nil || string(out) != Superuser+"\n" {
		t.Errorf("psql: %v: %s", err, out)
	}
}

// ownDirs lists the server directories of this process.
func ownDirs(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, base := range bases(false) {
		dirs, err := filepath.Glob(filepath.Join(base, ownName()+"*"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, dirs...)
	}
	return all
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s, err := Start(b.Context(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func TestStandbyServesWhatItHadAndTakesNoChanges(t *testing.T) {
	s := start(t, Options{})
	conn := connect(t, s.URL("postgres"))
	if _, err := conn.Exec(t.Context(), `CREATE TABLE kept AS SELECT 7 AS n`); err != nil {
		t.Fatal(err)
	}
	if err := s.Standby(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn = connect(t, s.URL("postgres"))
	if got := ask(t, conn, "SELECT n || ' ' || pg_is_in_recovery() FROM kept"); got != "7 true" {
		t.Errorf("got %s", got)
	}
	var readOnly *pgconn.PgError
	if _, err := conn.Exec(t.Context(), `DROP TABLE kept`); !errors.As(err, &readOnly) || readOnly.Code != "25006" {
		t.Errorf("a change: %v, want SQLSTATE 25006", err)
	}
}
