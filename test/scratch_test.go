package test

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
)

// engineRole owns an engine's database and everything in it; it is no superuser.
const engineRole = "engine"

// scratch is a server of its own with one database of an engine, for dumps that bring their own roles.
type scratch struct {
	server *ephemeral.Server
	name   string
}

func newScratch(t *testing.T) *scratch {
	t.Helper()
	server, err := ephemeral.Start(t.Context(), ephemeral.Options{BinDir: os.Getenv(testdb.BinDirVariable)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	s := &scratch{server: server, name: "engine"}
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	exec(t, conn, `CREATE ROLE `+engineRole+` LOGIN`)
	if _, err := conn.Exec(t.Context(), `CREATE DATABASE `+s.name+` OWNER `+engineRole); err != nil {
		t.Fatal(err)
	}
	return s
}

// url connects as the engine's own role, as the program does.
func (s *scratch) url() string { return s.server.URLFor(engineRole, s.name) }

// connect returns a connection that lives until the test ends, or is closed before: a client in the way of the last step.
func (s *scratch) connect(t *testing.T, role string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.server.URLFor(role, s.name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func (s *scratch) psql(t *testing.T, role, script string) {
	t.Helper()
	cmd := s.server.Command(t.Context(), s.name, "psql",
		"--no-psqlrc", "--quiet", "--output=/dev/null", "--username="+role, "--set=ON_ERROR_STOP=1")
	cmd.Stdin = strings.NewReader(script)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("psql: %v\n%.1000s", err, complaints.Bytes())
	}
}

func (s *scratch) dump(t *testing.T) string {
	t.Helper()
	return testdb.DumpOf(t, s.server, s.name)
}

var (
	dumpedRole = regexp.MustCompile(`(?m)^(?:ALTER [^;\n]* OWNER TO|GRANT [^;\n]* TO|REVOKE [^;\n]* FROM|` +
		`SET SESSION AUTHORIZATION|ALTER DEFAULT PRIVILEGES FOR ROLE) ("[^"\n]+"|'[^'\n]+'|\w+)`)
	// What old programs wrote that new servers refuse: they have the language, and know no tables with OIDs.
	outdated = regexp.MustCompile(`(?m)^(?:SET default_with_oids = \w+;|` +
		`(?:CREATE|ALTER|CREATE OR REPLACE|COMMENT ON) (?:PROCEDURAL )?LANGUAGE plpgsql[^;\n]*;)$`)
)

// restore loads a plain dump and creates the roles that it names.
func (s *scratch) restore(t *testing.T, dump string) {
	t.Helper()
	if strings.Contains(dump, "\n\\connect ") {
		t.Fatal("the dump connects to a database of its own: make it without --create")
	}
	conn := s.connect(t, ephemeral.Superuser)
	for _, match := range dumpedRole.FindAllStringSubmatch(dump, -1) {
		role := strings.Trim(match[1], `"'`)
		if role == "PUBLIC" || role == "DEFAULT" {
			continue
		}
		if len(query(t, conn, `SELECT rolname::text FROM pg_roles WHERE rolname = $1`, role)) == 0 {
			exec(t, conn, `CREATE ROLE `+pgx.Identifier{role}.Sanitize()+` LOGIN`)
		}
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.psql(t, ephemeral.Superuser, outdated.ReplaceAllString(dump, ""))
}

var samplePool = regexp.MustCompile(`(?s)INSERT INTO storage_pool ?\(.*?'([0-9a-f-]{36})'.*?\);\n`)

// load adds a sample as the engine would. Its storage pool is left out where there is one, or where pools have other columns.
func (s *scratch) load(t *testing.T, sample string) {
	t.Helper()
	conn := s.connect(t, engineRole)
	if pool := samplePool.FindStringSubmatch(sample); pool != nil {
		unfit := query(t, conn, `SELECT 'it is there' FROM storage_pool WHERE id = $1
			UNION ALL SELECT 'storage pools have no column is_local' WHERE NOT EXISTS (SELECT 1 FROM pg_attribute
				WHERE attrelid = 'storage_pool'::regclass AND attname = 'is_local' AND NOT attisdropped)`, pool[1])
		if len(unfit) > 0 {
			t.Logf("the sample's storage pool is left out: %s", unfit[0])
			sample = strings.Replace(sample, pool[0], "", 1)
		}
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.psql(t, engineRole, sample)
}
