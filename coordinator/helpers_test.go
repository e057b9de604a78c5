package coordinator_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/internal/upgraded"
)

// short is a lease for tests that wait until one is over.
const short = time.Second

// patience is how long a test waits for what has to happen.
const patience = 30 * time.Second

// busy is a lease that live instances keep on a machine with much else to do.
const busy = 2 * time.Second

// note is what commands of these tests have as parameters.
type note struct {
	Text string `json:"text"`
	Step int    `json:"step"`
}

const noteType = 7

func registry(t *testing.T) *coordinator.Registry {
	t.Helper()
	r := &coordinator.Registry{}
	if err := coordinator.Register(r, coordinator.Key{Type: noteType, Class: "note"}, coordinator.JSON[note]()); err != nil {
		t.Fatal(err)
	}
	return r
}

// database is that of a test, and a connection to look at it from outside.
type database struct {
	*testdb.DB

	conn *pgx.Conn
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	db := upgraded.New(t)
	return &database{db, db.Connect(t.Context())}
}

func newPool(t *testing.T, url string, change func(*pgxpool.Config)) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(config)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// open opens a coordinator that is closed when the test ends.
func open(t *testing.T, url string, options coordinator.Options) *coordinator.Coordinator {
	t.Helper()
	return openOn(t, newPool(t, url, nil), options)
}

func openOn(t *testing.T, pool *pgxpool.Pool, options coordinator.Options) *coordinator.Coordinator {
	t.Helper()
	if options.Registry == nil {
		options.Registry = registry(t)
	}
	c, err := coordinator.Open(t.Context(), pool, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		_ = c.Close(ctx) // the test may have stopped the server
	})
	return c
}

func newNote(t *testing.T, c *coordinator.Coordinator, text string) *coordinator.Command {
	t.Helper()
	cmd, err := c.NewCommand(coordinator.NewCommandOptions{Type: noteType, Class: "note", Parameters: note{Text: text}})
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

// store makes a command and stores it.
func store(t *testing.T, c *coordinator.Coordinator, text string, parent *coordinator.Command) *coordinator.Command {
	t.Helper()
	cmd := newNote(t, c, text)
	if err := cmd.Persist(t.Context(), parent); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func (db *database) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := db.conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// ask returns a single value.
func ask[T any](t *testing.T, db *database, sql string, args ...any) T {
	t.Helper()
	var result T
	if err := db.conn.QueryRow(t.Context(), sql, args...).Scan(&result); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return result
}

func (db *database) commands(t *testing.T) int {
	t.Helper()
	return ask[int](t, db, "SELECT count(*) FROM command_entities")
}

func (db *database) status(t *testing.T, id uuid.UUID) string {
	t.Helper()
	return ask[string](t, db, "SELECT COALESCE(status, 'NULL') FROM command_entities WHERE command_id = $1", id)
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// gate is the way to the server. Shut, it is as if the network was gone.
type gate struct {
	mu    sync.Mutex
	shut  bool
	conns []net.Conn
}

// through makes a pool connect through the gate.
func (g *gate) through(config *pgxpool.Config) {
	dial := config.ConnConfig.DialFunc
	config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.shut {
			return nil, errors.New("the gate is shut")
		}
		conn, err := dial(ctx, network, address)
		if err == nil {
			g.conns = append(g.conns, conn)
		}
		return conn, err
	}
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	for _, conn := range g.conns {
		_ = conn.Close()
	}
	g.conns = nil
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = false
}

// openMortal opens a coordinator that die cuts off from the database for good, as far as anybody else can see.
func openMortal(t *testing.T, db *database, options coordinator.Options) (c *coordinator.Coordinator, die func()) {
	t.Helper()
	g := &gate{}
	c = openOn(t, newPool(t, db.URL, g.through), options)
	return c, func() {
		g.close()
		db.exec(t, "UPDATE coco.engine_instance SET renewed_at = renewed_at - interval '1 hour' WHERE instance_id = $1", c.ID())
	}
}

// openSeasoned opens a coordinator that counts as having been there for an hour: it may take over at once.
func openSeasoned(t *testing.T, db *database, options coordinator.Options) *coordinator.Coordinator {
	t.Helper()
	c := open(t, db.URL, options)
	db.exec(t, "UPDATE coco.engine_instance SET alive_since = alive_since - interval '1 hour' WHERE instance_id = $1", c.ID())
	return c
}

// recovered calls Recover until it returns commands.
func recovered(t *testing.T, c *coordinator.Coordinator) []*coordinator.Command {
	t.Helper()
	var cmds []*coordinator.Command
	eventually(t, "commands of a dead instance", func() bool {
		var err error
		if cmds, err = c.Recover(t.Context(), coordinator.RecoverOptions{}); err != nil {
			t.Fatal(err)
		}
		return len(cmds) > 0
	})
	return cmds
}

func ids(cmds []*coordinator.Command) []uuid.UUID {
	result := make([]uuid.UUID, 0, len(cmds))
	for _, cmd := range cmds {
		result = append(result, cmd.ID())
	}
	return result
}

// fails checks the kind of an error, and returns the typed one.
func fails[T error](t *testing.T, err, kind error) T {
	t.Helper()
	typed, ok := errors.AsType[T](err)
	if !ok || !errors.Is(err, kind) {
		t.Fatalf("%v: not a %T that is %q", err, typed, kind)
	}
	return typed
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
