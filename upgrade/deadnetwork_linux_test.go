package upgrade_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

// relay is a network on the way to the server, which can lose every packet of the connections that are open.
type relay struct {
	listener net.Listener
	socket   string

	mu      sync.Mutex
	clients []*net.TCPConn
}

func newRelay(t *testing.T, db *testdb.DB) *relay {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: listener, socket: filepath.Join(db.Server.Socket(), fmt.Sprintf(".s.PGSQL.%d", db.Server.Port()))}
	t.Cleanup(func() { _ = listener.Close() })
	go r.serve(t.Context())
	return r
}

func (r *relay) serve(ctx context.Context) {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		client, ok := conn.(*net.TCPConn)
		server, err := new(net.Dialer).DialContext(ctx, "unix", r.socket)
		if !ok || err != nil {
			_ = conn.Close()
			continue
		}
		r.mu.Lock()
		r.clients = append(r.clients, client)
		r.mu.Unlock()
		go func() { _, _ = io.Copy(client, server) }() // neither end is closed: who vanishes says nothing
		go func() { _, _ = io.Copy(server, client) }()
	}
}

// die loses what the clients send from now on, their system's own packets too, on the connections that are open.
func (r *relay) die() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, client := range r.clients {
		raw, err := client.SyscallConn()
		if err != nil {
			return err
		}
		var failed error
		nothing := []syscall.SockFilter{{Code: syscall.BPF_RET | syscall.BPF_K, K: 0}}
		err = raw.Control(func(fd uintptr) { failed = syscall.AttachLsf(int(fd), nothing) }) //nolint:staticcheck // one instruction
		if err != nil || failed != nil {
			return fmt.Errorf("lose the packets: %w, %w", err, failed)
		}
	}
	r.clients = nil
	return nil
}

func (r *relay) url(db *testdb.DB, parameters ...string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable&%s", r.listener.Addr(), db.Name, strings.Join(parameters, "&"))
}

func TestADeadNetworkIsNoticed(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	network := newRelay(t, db)
	files := with(toy(), "000003_c.up.sql", "-- coco:phase expand\nSELECT pg_sleep(4);")
	died := map[int64]bool{}
	fails := make(chan error, 1)
	url := network.url(db, "keepalives_idle=1", "keepalives_interval=1", "keepalives_count=2")
	upgrader, events := newUpgrader(t, url, migrations(files), func(o *upgrade.Options) {
		observe := o.Observe
		o.Observe = func(e upgrade.Event) {
			observe(e)
			started, ok := e.(upgrade.StepStarted)
			if !ok || died[started.Step.Version] {
				return
			}
			died[started.Step.Version] = true
			switch started.Step.Version {
			case 2: // what is sent next does not arrive
				if err := network.die(); err != nil {
					t.Error(err)
				}
			case 3: // the server is at work, and nothing is sent
				time.AfterFunc(time.Second, func() { fails <- network.die() })
			}
		}
	})
	began := time.Now()
	result, err := upgrader.Up(t.Context(), upgrade.UpOptions{})
	if err != nil || len(result.Applied) != 3 {
		t.Fatalf("%+v, %v", result, err)
	}
	if err := <-fails; err != nil {
		t.Fatal(err)
	}
	if told := of[upgrade.ConnectionLost](*events); len(told) < 2 { // one that lasts is told of again
		t.Errorf("it told %d times of lost connections, want 2: %v", len(told), told)
	}
	t.Logf("two dead networks were noticed in an upgrade of %s", time.Since(began).Round(time.Millisecond))
}

func TestTheServerIsToldToNoticeADeadNetwork(t *testing.T) {
	server, err := ephemeral.Start(t.Context(), ephemeral.Options{TCP: true, BinDir: os.Getenv(testdb.BinDirVariable)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	seen := `SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) AS settings FROM pg_settings WHERE name LIKE 'tcp\_%'`
	files := with(toy(), "000002_b.up.sql", "-- coco:phase expand\nSET tcp_keepalives_idle = 7;") // it must not reach the next one
	files = with(files, "000003_c.up.sql", "-- coco:phase expand\nCREATE TABLE seen AS "+seen)
	upgrader, _ := newUpgrader(t, server.TCPURL(ephemeral.Superuser, "postgres"), migrations(files))
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{}); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var settings string
	if err := conn.QueryRow(t.Context(), `SELECT settings FROM seen`).Scan(&settings); err != nil {
		t.Fatal(err)
	}
	if want := "tcp_keepalives_count=3 tcp_keepalives_idle=10 tcp_keepalives_interval=5 tcp_user_timeout=25000"; settings != want {
		t.Errorf("got %s, want %s", settings, want)
	}
}
