// Package testdb gives tests a database of their own on a real PostgreSQL server.
//
// One server is started for each test binary, when the first test asks for it. A package that uses it says so once:
//
//	func TestMain(m *testing.M) { testdb.Main(m) }
//
// COCO_TEST_PGBIN names the directory of another server version's programs to test with. COCO_SQL_COVERAGE names a directory where it
// keeps which statements of stored procedures have run; see package sqlcover.
package testdb

import (
	"context"
	"fmt"
	"maps"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/sqlcover"
)

// BinDirVariable names the environment variable that chooses the server version.
const BinDirVariable = "COCO_TEST_PGBIN"

// patience bounds work that a hanging server could hold up, and that no test's context ends.
const patience = time.Minute

// process is what all tests of a binary share.
type process struct {
	once   sync.Once
	server *ephemeral.Server
	err    error

	mu        sync.Mutex
	templates map[templateKey]*builtTemplate
	databases int
	dumps     map[string]pgDump // by the program's path
}

// The server can belong to nothing smaller than the test binary: the testing package has no place to keep it.
var shared process

// Main runs the tests of a package and then stops the server, if a test started it. Call it from TestMain.
// Without it the server still dies with the test binary, but its files stay until another one is started.
func Main(m *testing.M) {
	code := m.Run()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "testdb:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Server is the server that all tests of this binary share. Roles and everything else outside databases are shared too:
// give them names that no other test uses. A test that stops, kills or reconfigures a server starts its own.
func Server(tb testing.TB) *ephemeral.Server {
	tb.Helper()
	server, err := shared.start()
	if err != nil {
		tb.Fatalf("testdb: %v", err)
	}
	return server
}

func (p *process) start() (*ephemeral.Server, error) {
	p.once.Do(func() {
		settings := map[string]string{"max_prepared_transactions": "20"}
		if sqlcover.Dir() != "" {
			maps.Copy(settings, sqlcover.Settings())
		}
		p.server, p.err = ephemeral.Start(context.Background(), ephemeral.Options{
			BinDir:   os.Getenv(BinDirVariable),
			Settings: settings,
		})
		if p.err == nil {
			p.err = count(context.Background(), p.server)
		}
	})
	return p.server, p.err
}

func (p *process) stop() error {
	if p.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return p.server.Stop(ctx)
}
