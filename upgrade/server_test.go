package upgrade_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

// says makes the server say another version when a client connects: the real one is too new to be refused and too old to be warned of.
func says(version string) func(*upgrade.Options) {
	return func(o *upgrade.Options) {
		dial := o.Config.DialFunc
		o.Config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return &greeter{Conn: conn, version: version}, err
		}
	}
}

// greeter changes the value of server_version in the server's first messages, and nothing else: not even its length.
type greeter struct {
	net.Conn

	version string
	done    bool
}

func (g *greeter) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	name := []byte("server_version\x00")
	at := bytes.Index(b[:n], name)
	if g.done || at < 0 {
		return n, err
	}
	g.done = true
	value := b[at+len(name) : n]
	value = value[:bytes.IndexByte(value, 0)]
	copy(value, g.version+strings.Repeat(" ", len(value)))
	return n, err
}

func calls(ctx context.Context, upgrader *upgrade.Upgrader) map[string]func() error {
	return map[string]func() error{
		"Up":       func() error { _, err := upgrader.Up(ctx, upgrade.UpOptions{}); return err },
		"Down":     func() error { _, err := upgrader.Down(ctx, upgrade.DownOptions{}); return err },
		"PlanUp":   func() error { _, err := upgrader.PlanUp(ctx, ""); return err },
		"PlanDown": func() error { _, err := upgrader.PlanDown(ctx, ""); return err },
		"Status":   func() error { _, err := upgrader.Status(ctx); return err },
		"Verify":   func() error { _, err := upgrader.Verify(ctx, upgrade.VerifyOptions{}); return err },
		"Clients":  func() error { _, err := upgrader.Clients(ctx); return err },
	}
}

func TestAServerThatIsTooOldIsRefusedByEveryCall(t *testing.T) {
	db := engine(t)
	before := db.Dump(t)
	for _, version := range []string{"11.9", "9.6", "8.4"} {
		upgrader, _ := newUpgrader(t, db.URL, says(version))
		for name, call := range calls(t.Context(), upgrader) {
			err := call()
			if !errors.Is(err, upgrade.ErrRefused) || !strings.Contains(err.Error(), "PostgreSQL "+version+" is too old") {
				t.Errorf("%s on %s: %v, want ErrRefused", name, version, err)
			}
		}
	}
	if db.Dump(t) != before {
		t.Error("the database was changed")
	}
}

func TestANewerServerIsWarnedOfOnce(t *testing.T) {
	db := engine(t)
	upgrader, events := newUpgrader(t, db.URL, says("19.1"))
	for range 2 {
		if _, err := upgrader.Status(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	warnings := of[upgrade.Warning](*events)
	if len(warnings) != 1 || !strings.Contains(warnings[0].Message, "PostgreSQL 19.1 is newer") || warnings[0].Hint == "" {
		t.Errorf("warnings: %v", warnings)
	}
	for _, version := range []string{"12.0", "18.0", "???"} {
		upgrader, events := newUpgrader(t, db.URL, says(version))
		if _, err := upgrader.Status(t.Context()); err != nil || len(*events) > 0 {
			t.Errorf("%s: %v, %v", version, *events, err)
		}
	}
}

func TestAStandbyIsReadAndNotChanged(t *testing.T) {
	server, err := ephemeral.Start(t.Context(), ephemeral.Options{BinDir: os.Getenv(testdb.BinDirVariable)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	ctx := t.Context()
	before, begun := fill(t, server, "before"), fill(t, server, "begun")
	upgrader, _ := newUpgrader(t, begun)
	if _, err := upgrader.Up(ctx, upgrade.UpOptions{To: upgrade.Prove}); err != nil {
		t.Fatal(err)
	}
	if err := server.Standby(ctx); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{before, begun} {
		upgrader, events := newUpgrader(t, url)
		for name, call := range calls(ctx, upgrader) {
			err := call()
			switch {
			case name != "Up" && name != "Down":
				if err != nil && !errors.Is(err, upgrade.ErrNotUpgraded) {
					t.Errorf("%s: %v", name, err)
				}
			case !errors.Is(err, upgrade.ErrRefused) || !strings.Contains(err.Error(), "the server is a standby"):
				t.Errorf("%s: %v, want ErrRefused", name, err)
			}
		}
		if started := of[upgrade.StepStarted](*events); len(started) > 0 {
			t.Errorf("it began with %v", started)
		}
	}
}

// fill makes a database of an engine on a server of the test's own and returns its URL.
func fill(t *testing.T, server *ephemeral.Server, name string) string {
	t.Helper()
	if err := server.CreateDatabase(t.Context(), name, ""); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), server.URL(name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := loadEngine(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	return server.URL(name)
}

func TestReadOnlyTransactionsAreSomebodysDecision(t *testing.T) {
	t.Cleanup(func() { // behind the database, where it owns what it made
		ctx := context.WithoutCancel(t.Context())
		conn, err := pgx.Connect(ctx, testdb.Server(t).URL("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(ctx) }()
		if _, err := conn.Exec(ctx, `DROP ROLE reads_only`); err != nil {
			t.Error(err)
		}
	})
	db := engine(t)
	exec(t, db, `CREATE ROLE reads_only SUPERUSER LOGIN; ALTER ROLE reads_only SET default_transaction_read_only = on`)
	before := db.Dump(t)
	for url, who := range map[string]string{
		db.URLFor("reads_only"): "ALTER ROLE",
		db.URL + "&options=-c%20default_transaction_read_only%3Don": "the connection's options",
	} {
		upgrader, _ := newUpgrader(t, url)
		for name, call := range calls(t.Context(), upgrader) {
			err := call()
			switch {
			case name != "Up" && name != "Down":
				if err != nil && !errors.Is(err, upgrade.ErrNotUpgraded) {
					t.Errorf("%s: %v", name, err)
				}
			case !errors.Is(err, upgrade.ErrRefused) || !strings.Contains(err.Error(), "set by "+who):
				t.Errorf("%s: %v, want ErrRefused", name, err)
			}
		}
	}
	if db.Dump(t) != before {
		t.Error("the database was changed")
	}
	t.Setenv("PGOPTIONS", "-c default_transaction_read_only=off")
	upgrader, _ := newUpgrader(t, db.URLFor("reads_only"))
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Expand}); err != nil {
		t.Errorf("the hint does not help: %v", err)
	}
}
