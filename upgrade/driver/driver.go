package driver

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/golang-migrate/migrate/v4/database"
	"github.com/jackc/pgx/v5"
)

// NilVersion is the version of a database without migrations, as golang-migrate has it.
const NilVersion int64 = int64(database.NilVersion)

// Direction is the way a migration goes.
type Direction string

// The two directions, as they stand in the journal.
const (
	Up   Direction = "up"
	Down Direction = "down"
)

// Move is one migration about to be applied: the step from one version to a neighbouring one.
type Move struct {
	// From and To are the versions before and after; NilVersion stands for none.
	From, To int64
}

// Direction says which way the move goes.
func (m Move) Direction() Direction {
	if m.To > m.From {
		return Up
	}
	return Down
}

// Version is the version whose file is run: the new one going up, the old one going down.
func (m Move) Version() int64 {
	return max(m.From, m.To)
}

// Entry is what the journal keeps of a file.
type Entry struct {
	Version int64
	// Name is the file's name without number and ending.
	Name string
	// SHA256 of the file that was run, Lineage of all up files until here; both in hex.
	SHA256, Lineage string
}

// Config is what a driver needs to know. The zero value works: no time-outs, no hooks, a journal without hashes.
type Config struct {
	// LockTimeout is how long a migration waits for any one lock before it is rolled back (SQLSTATE 55P03); 0 is without limit.
	LockTimeout time.Duration
	// RunLockBudget is how long Lock tries for the lock that excludes other runners; 0 tries once.
	RunLockBudget time.Duration
	// Waiting, when set, is told after each attempt for that lock that failed.
	Waiting func(Wait)
	// Session, when set, queues what gives the session the settings again that a migration's reset has taken back.
	Session func(batch *pgx.Batch)
	// Ups and Downs are what the journal writes about each file, in the order of their versions.
	Ups, Downs []Entry
	// ToolVersion and Client go into the journal.
	ToolVersion, Client string
	// Before runs in the migration's transaction before the body, After behind it. An error rolls everything back.
	Before, After func(ctx context.Context, tx pgx.Tx, move Move) error
	// Between, when set, is called behind each of the body's statements, which Split cuts it into. They are sent one by one then.
	Between func(ctx context.Context, tx pgx.Tx) error
	Split   func(body string) []string
}

// Driver implements database.Driver over one connection, which stays the caller's. It is not safe for concurrent use.
type Driver struct {
	ctx    context.Context //nolint:containedctx // database.Driver has no context arguments
	conn   *pgx.Conn
	config Config

	depth   int              // how often Lock was called without Unlock
	ran     map[int64]timing // what this driver applied, for a journal that appears later
	seen    int64            // the version that the last Version call returned
	pending *int64           // the version announced by SetVersion(v, true)
	applied bool             // the pending version is committed
	begun   time.Time        // when the body of the newest migration began, by the server's clock
}

var _ database.Driver = (*Driver)(nil)

// New returns a driver over conn. ctx ends everything the driver does.
func New(ctx context.Context, conn *pgx.Conn, config Config) *Driver {
	return &Driver{ctx: ctx, conn: conn, config: config, ran: map[int64]timing{}, seen: NilVersion}
}

// Open is part of database.Driver. A driver is made with New only, so that it never opens a connection of its own.
func (d *Driver) Open(string) (database.Driver, error) {
	return nil, errors.New("this driver works over a connection that is already open")
}

// Begun is when the newest migration began, by the server's clock, as it stands in the journal. Zero: none has.
func (d *Driver) Begun() time.Time { return d.begun }

// Close is part of database.Driver. The connection belongs to the caller and stays open.
func (d *Driver) Close() error { return nil }

// Drop is part of database.Driver. An engine's tables are never dropped.
func (d *Driver) Drop() error {
	return errors.New("this driver does not drop databases")
}

// Version returns the applied version, NilVersion if there is none. A missing version table counts as none.
func (d *Driver) Version() (int, bool, error) {
	version, dirty, err := ReadVersion(d.ctx, d.conn)
	if err != nil {
		return 0, false, err
	}
	d.seen = version
	return int(version), dirty, nil
}

// SetVersion remembers a dirty version for Run. A clean one is written unless Run has just done so.
func (d *Driver) SetVersion(version int, dirty bool) error {
	v := int64(version)
	if dirty {
		d.pending, d.applied = &v, false
		return nil
	}
	pending, applied := d.pending, d.applied
	d.pending, d.applied = nil, false
	if pending == nil || *pending != v {
		return d.force(v)
	}
	if !applied {
		return d.apply(Move{From: d.seen, To: v}, "")
	}
	return nil
}

// Run applies the migration announced by SetVersion: body, version row and journal row commit together or not at all.
func (d *Driver) Run(migration io.Reader) error {
	body, err := io.ReadAll(migration)
	if err != nil {
		return err
	}
	if d.pending == nil {
		return errors.New("no version was announced for the migration")
	}
	if err := d.apply(Move{From: d.seen, To: *d.pending}, string(body)); err != nil {
		d.pending = nil
		return err
	}
	d.applied = true
	return nil
}
