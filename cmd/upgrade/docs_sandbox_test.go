package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/hangup"
	"github.com/ovirt/coco/internal/markdown"
	"github.com/ovirt/coco/internal/testdb"
)

const (
	// docsHost is the server in the docs, docsPassword the password of all roles there.
	docsHost     = "db.example.org"
	docsPassword = "secret"
	// docsTasks is how many tasks the database has besides the sample.
	docsTasks = 500
	// docsPatience bounds all commands of a document.
	docsPatience = 5 * time.Minute
)

// buildProgram makes the program as "make build" does, and beside it the example that a document shows. Documents that are being written do not make it another version.
func buildProgram(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "upgrade")
	described, _ := exec.Command("git", "describe", "--tags", "--always").Output() // there may be no git
	version := strings.TrimSpace(string(described))
	if err := exec.Command("git", "diff", "--quiet", "HEAD", "--", ":/", ":!/*.md").Run(); version != "" && err != nil {
		version += "-dirty"
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-X main.version="+version, "-o", program, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	example := filepath.Join(repository, "examples", "livemerge")
	if out, err := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(dir, "livemerge"), "./"+example).CombinedOutput(); err != nil {
		t.Fatalf("build the example: %v\n%s", err, out)
	}
	return program
}

// fakeMake runs the demos with the programs that are there already. Of other targets it looks whether they exist.
const fakeMake = `#!/bin/sh
[ "$*" = demo ] && mkdir -p bin && exec upgrade demo --review bin/demo-review.html
[ "$*" = livemerge ] && exec livemerge --demo
PATH="${PATH#*:}" exec make --dry-run -C '%s' "$@" >/dev/null
`

// reinstall is what the engine's own tools do with procedures before they create them again.
const reinstall = `DO $$ DECLARE f regprocedure; BEGIN
	FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace LOOP
		EXECUTE 'DROP FUNCTION IF EXISTS ' || f || ' CASCADE';
	END LOOP;
END $$;
`

// sandbox is where the commands of one document run: a server with a database "engine", and another one "sample" that it is a copy
// of; a home, and a bash that starts there as somebody who may connect to the server as its superuser.
type sandbox struct {
	server *ephemeral.Server
	home   string
}

func newSandbox(t *testing.T, program string) *sandbox {
	t.Helper()
	server, err := ephemeral.Start(t.Context(), ephemeral.Options{BinDir: os.Getenv(testdb.BinDirVariable), TCP: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	box := &sandbox{server: server, home: t.TempDir()}
	box.makeEngine(t)
	box.offerTLS(t)
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	box.write(t, "bin/make", fmt.Sprintf(fakeMake, root), 0o755)
	box.write(t, ".pgpass", docsHostReal+":*:*:*:"+docsPassword+"\n", 0o600)
	procedures, err := os.ReadFile(filepath.Join(root, "internal", "enginedb", "sql", "functions.sql"))
	if err != nil {
		t.Fatal(err)
	}
	box.write(t, "engine-procedures.sql", reinstall+string(procedures), 0o644)
	if err := os.CopyFS(filepath.Join(box.home, "db"), os.DirFS(filepath.Join("testdata", "directory"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"upgrade", "livemerge"} { // PATH finds them, and so does bin/upgrade
		if err := os.Symlink(filepath.Join(filepath.Dir(program), name), filepath.Join(box.home, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	return box
}

// statements runs scripts one after the other.
func statements(t *testing.T, url string, scripts ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		if _, err := conn.PgConn().Exec(t.Context(), script).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	if err := hangup.Wait(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
}

// makeEngine makes the databases, which belong to a role "engine" as an engine's do.
func (b *sandbox) makeEngine(t *testing.T) {
	t.Helper()
	statements(t, b.server.URL("postgres"), `CREATE ROLE engine LOGIN PASSWORD '`+docsPassword+`'`, `CREATE DATABASE sample OWNER engine`)
	statements(t, b.server.URLFor("engine", "sample"), enginedb.FixtureSQL(), enginedb.Sample())
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, b.server.URLFor("engine", "sample"))
	if err != nil {
		t.Fatal(err)
	}
	err = enginedb.Generate(ctx, conn, enginedb.GenerateOptions{Tasks: docsTasks, Seed: 1})
	if err := errors.Join(err, hangup.Wait(ctx, conn)); err != nil {
		t.Fatal(err)
	}
	statements(t, b.server.URL("postgres"), `CREATE DATABASE engine TEMPLATE sample OWNER engine`)
}

// offerTLS gives the server a certificate that is its own authority, and puts that where the engine keeps its.
func (b *sandbox) offerTLS(t *testing.T) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(docsHostReal)}, IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(b.server.Socket(), "data")
	owner, err := os.Stat(data)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"server.crt": {Type: "CERTIFICATE", Bytes: certificate}, "server.key": {Type: "PRIVATE KEY", Bytes: key},
	} {
		path := filepath.Join(data, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if owner, ok := owner.Sys().(*syscall.Stat_t); ok {
			if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.write(t, "etc/pki/ovirt-engine/ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})), 0o644)
	statements(t, b.server.URL("postgres"), `ALTER SYSTEM SET ssl = on`, `SELECT pg_reload_conf()`)
}

func (b *sandbox) write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	path = filepath.Join(b.home, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// docsHostReal is where the sandbox's server listens.
const docsHostReal = "127.0.0.1"

// real puts the sandbox's places into a text from a document.
func (b *sandbox) real(text string) string {
	port := strconv.Itoa(b.server.Port())
	return strings.NewReplacer(docsHost+":5432", docsHostReal+":"+port, docsHost, docsHostReal, "port=5432", "port="+port, `PORT="5432"`, `PORT="`+port+`"`,
		"/etc/", b.home+"/etc/", "/var/", b.home+"/var/").Replace(text)
}

// shown is the way back.
func (b *sandbox) shown(text string) string {
	port := strconv.Itoa(b.server.Port())
	return strings.NewReplacer(b.home+"/etc/", "/etc/", b.home+"/var/", "/var/", b.home, "~",
		b.server.Socket()+"/data", "/var/lib/postgresql/data", b.server.Socket(), "/var/run/postgresql",
		docsHostReal, docsHost, port, "5432").Replace(text)
}

// run runs all units in one bash. Each has files for its source, its output and its exit code.
func (b *sandbox) run(t *testing.T, doc *markdown.Document, all []*unit) {
	t.Helper()
	dir := t.TempDir()
	var script strings.Builder
	script.WriteString("cd \"$HOME\"\n")
	for i, u := range all {
		file := filepath.Join(dir, strconv.Itoa(i))
		source := file + "." + u.kind
		if err := os.WriteFile(source, []byte(b.real(strings.Join(u.source, "\n")+"\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		command := "source " + source
		switch u.kind {
		case "sh", "setup": // the first command that fails ends everything
			command = "set -e; " + command + "; set +e"
		case "sql":
			command = "psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=engine --file=" + source
		case "file":
			path := strings.Replace(b.real(u.path), "~", b.home, 1)
			command = fmt.Sprintf("mkdir -p %s && install -m 600 %s %s", filepath.Dir(path), source, path)
		}
		fmt.Fprintf(&script, "{ %s; } >%s.out 2>&1 </dev/null; echo $? >%s.exit\n", command, file, file)
	}
	b.bash(t, script.String())
	for i, u := range all {
		file := filepath.Join(dir, strconv.Itoa(i))
		out, _ := os.ReadFile(file + ".out") // not there if it was not reached
		for line := range strings.Lines(strings.TrimRight(b.shown(string(out)), "\n")) {
			if line = strings.TrimRight(line, " \n"); !transient.MatchString(line) {
				u.got = append(u.got, line)
			}
		}
		code, err := os.ReadFile(file + ".exit")
		if err != nil {
			t.Fatalf("%s:%d: it fails, or was still running after %s:\n%s\n%s", doc.Path, u.line, docsPatience,
				strings.Join(u.source, "\n"), strings.Join(u.got, "\n"))
		}
		u.code, _ = strconv.Atoi(strings.TrimSpace(string(code)))
	}
}

func (b *sandbox) bash(t *testing.T, script string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), docsPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "--norc", "--noprofile", "-c", script)
	cmd.Dir = b.home
	cmd.Env = []string{
		"HOME=" + b.home, "PATH=" + filepath.Join(b.home, "bin") + ":" + b.server.BinDir() + ":" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC",
		"PGPASSFILE=" + filepath.Join(b.home, ".pgpass"), "PGSERVICEFILE=" + filepath.Join(b.home, ".pg_service.conf"),
		"PGHOST=" + b.server.Socket(), "PGPORT=" + strconv.Itoa(b.server.Port()), "PGUSER=" + ephemeral.Superuser, "PSQLRC=" + os.DevNull,
	}
	if out, err := cmd.CombinedOutput(); len(out) > 0 || ctx.Err() != nil {
		t.Logf("bash: %v\n%s", err, out)
	}
}

// transient are lines of progress: a terminal writes over them.
var transient = regexp.MustCompile(`^ *([a-zA-Z][A-Za-z0-9_ ,]*: [0-9.]+m?s|backfill[,:] .*|before [a-z]+: .* in the change log.*|([a-z_]+: )?waiting .*)$`)

// masks are what may differ from one run to the next, in the order in which they are applied.
var masks = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?UTC|Z|[+-]\d\d(:?\d\d)?)?|\d{8}T\d{6}Z`), "TIME"},
	{regexp.MustCompile(`\b\d+(\.\d+)?(ns|µs|ms|s|m|h|d)(\d+(\.\d+)?(ms|s|m|h))*\b`), "DURATION"},
	{regexp.MustCompile(`--after [A-Za-z0-9_-]{34}$`), "--after PLACE"},
	{regexp.MustCompile(`\b\d[\d,.]* ?(bytes|[kKMGT]?i?B)\b`), "SIZE"},
	{regexp.MustCompile(`\bPostgreSQL \d+[\d.]*( \([^)]*\))?`), "PostgreSQL VERSION"},
	{regexp.MustCompile(`\bupgrade ([0-9a-f]{7,40}(-dirty)?|v?\d+\.\d\S*|unknown|\(devel\))`), "upgrade VERSION"},
	{regexp.MustCompile(`\bgo\d+\.\d+(\.\d+)?`), "GOVERSION"},
	{regexp.MustCompile(`\b(pid|process) \d+`), "$1 N"},
	{regexp.MustCompile(`\b[\d,]+ calls\b`), "N calls"}, // of the played engine, whose tasks are proved too
	{regexp.MustCompile(`\bproved: [\d,]+ tasks in [\d,]+ commands, [\d,]+ in`), "proved: N tasks in N commands, N in"},
	{regexp.MustCompile(`\b[0-9a-f]{12,64}\b…?`), "HASH"},
	{regexp.MustCompile(`\s+`), " "},
}

func masked(line string) string {
	for _, m := range masks {
		line = m.pattern.ReplaceAllString(line, m.by)
	}
	return strings.TrimSpace(line)
}

// alike says whether printed lines are those shown. "…" alone stands for any lines, none too.
func alike(shown, printed []string) bool {
	if len(shown) == 0 {
		return len(printed) == 0
	}
	if strings.TrimSpace(shown[0]) == "…" {
		for i := range len(printed) + 1 {
			if alike(shown[1:], printed[i:]) {
				return true
			}
		}
		return false
	}
	return len(printed) > 0 && masked(shown[0]) == masked(printed[0]) && alike(shown[1:], printed[1:])
}
