package wire_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/internal/wire"
)

// through starts a proxy before the server of a new database, and returns it with what connects through it.
func through(t *testing.T, db *testdb.DB, pass wire.Pass) (*wire.Proxy, func() (*pgx.Conn, error)) {
	t.Helper()
	socket := filepath.Join(db.Server.Socket(), fmt.Sprintf(".s.PGSQL.%d", db.Server.Port()))
	proxy, err := wire.Listen(t.Context(), socket, pass)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	url := fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", ephemeral.Superuser, proxy.Address(), db.Name)
	return proxy, func() (*pgx.Conn, error) {
		conn, err := pgx.Connect(t.Context(), url)
		if err == nil {
			t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
		}
		return conn, err
	}
}

func TestEveryMessageIsSeenWholeAndInItsOrder(t *testing.T) {
	t.Parallel()
	db := testdb.New(t, testdb.Options{})
	var (
		mu   sync.Mutex
		said = map[wire.Side][]string{}
		sql  []string
		tags []string
	)
	proxy, connect := through(t, db, func(m wire.Message, deliver func() error) error {
		mu.Lock()
		said[m.From] = append(said[m.From], m.Name())
		if m.SQL() != "" {
			sql = append(sql, m.SQL())
		}
		if m.Tag() != "" {
			tags = append(tags, m.Tag())
		}
		mu.Unlock()
		return deliver()
	})
	conn, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	var long string
	if err := conn.QueryRow(t.Context(), `SELECT repeat($1, 100000)`, "abc").Scan(&long); err != nil || len(long) != 300_000 {
		t.Fatalf("%d characters, %v", len(long), err)
	}
	if _, err := conn.PgConn().Exec(t.Context(), "BEGIN; CREATE TABLE t (); COMMIT").ReadAll(); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for proxy.Open() > 0 {
		time.Sleep(time.Millisecond)
	}

	mu.Lock()
	defer mu.Unlock()
	wantClient := []string{"Startup", "Parse", "Describe", "Sync", "Bind", "Execute", "Sync", "Query", "Terminate"}
	if !slices.Equal(said[wire.Client], wantClient) {
		t.Errorf("the client said %q, want %q", said[wire.Client], wantClient)
	}
	server := said[wire.Server]
	wantEnd := []string{
		"ReadyForQuery", "ParseComplete", "ParameterDescription", "RowDescription", "ReadyForQuery",
		"BindComplete", "DataRow", "CommandComplete", "ReadyForQuery",
		"CommandComplete", "CommandComplete", "CommandComplete", "ReadyForQuery",
	}
	if len(server) < len(wantEnd) || server[0] != "Authentication" || !slices.Equal(server[len(server)-len(wantEnd):], wantEnd) {
		t.Errorf("the server said %q, want at the end %q", server, wantEnd)
	}
	if want := []string{"SELECT repeat($1, 100000)", "BEGIN; CREATE TABLE t (); COMMIT"}; !slices.Equal(sql, want) {
		t.Errorf("statements %q, want %q", sql, want)
	}
	if want := []string{"SELECT 1", "BEGIN", "CREATE TABLE", "COMMIT"}; !slices.Equal(tags, want) {
		t.Errorf("tags %q, want %q", tags, want)
	}
}

func TestCutBeforeAMessageItDoesNotArriveAfterItItDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		deliver   bool
		committed string
	}{{"before", false, "0"}, {"after", true, "1"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := testdb.New(t, testdb.Options{})
			var cut atomic.Bool
			_, connect := through(t, db, func(m wire.Message, deliver func() error) error {
				if cut.Load() { // the server's answer may be quicker than the cut
					return wire.ErrCut
				}
				if m.SQL() != "COMMIT" {
					return deliver()
				}
				cut.Store(true)
				if c.deliver {
					_ = deliver()
				}
				return wire.ErrCut
			})
			conn, err := connect()
			if err != nil {
				t.Fatal(err)
			}
			for _, statement := range []string{"BEGIN", "CREATE TABLE t ()", "COMMIT"} {
				if _, err = conn.PgConn().Exec(t.Context(), statement).ReadAll(); err != nil {
					break
				}
			}
			if err == nil {
				t.Error("the client had its answer")
			}
			look := db.Connect(t.Context())
			var gone bool // the server process is at its work until it tries to answer
			for !gone {
				if err := look.QueryRow(t.Context(), `SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database()
					AND backend_type = 'client backend'`).Scan(&gone); err != nil {
					t.Fatal(err)
				}
			}
			var tables string
			if err := look.QueryRow(t.Context(), `SELECT count(*)::text FROM pg_class WHERE relname = 't'`).Scan(&tables); err != nil || tables != c.committed {
				t.Errorf("%s tables, %v, want %s", tables, err, c.committed)
			}
		})
	}
}

func TestRefusedAndCutConnectionsEnd(t *testing.T) {
	t.Parallel()
	db := testdb.New(t, testdb.Options{})
	proxy, connect := through(t, db, func(_ wire.Message, deliver func() error) error { return deliver() })
	conn, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	proxy.Refuse(true)
	if _, err := connect(); err == nil {
		t.Error("a connection was let through")
	}
	if err := conn.Ping(t.Context()); err != nil {
		t.Errorf("the one that was there: %v", err)
	}
	if n := proxy.CutAll(); n != 1 {
		t.Errorf("%d connections were cut", n)
	}
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("it still lives")
	}
	proxy.Refuse(false)
	if _, err := connect(); err != nil {
		t.Error(err)
	}
}
