package upgrade

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/sql"
	"github.com/ovirt/coco/upgrade/driver"
)

// Session is another client of the database, or a prepared transaction.
type Session = driver.Session

// Default time limits.
const (
	DefaultLockTimeout = 10 * time.Millisecond
	DefaultLockBudget  = 30 * time.Second
	DefaultDrainBudget = 60 * time.Second

	DefaultReconnectBudget = 60 * time.Second
)

// Options are what an Upgrader works with.
type Options struct {
	// Config is how to connect; package connect makes one. Required.
	Config *pgx.ConnConfig
	// Migrations is the directory of the migrations; nil for those that the program carries.
	Migrations fs.FS
	// ToolVersion and Client go into the journal; Client is the host's name if empty.
	ToolVersion, Client string
	// Observe, when set, is told what happens, in the goroutine of the call it happens in.
	Observe func(Event)
	// Inspect, when set, is called in each transaction of Up and Down behind each statement of a migration, and when it is about to commit.
	// An error rolls it back and ends the call.
	Inspect func(ctx context.Context, tx pgx.Tx) error
}

// Upgrader takes one database along the chain of migrations, and back. It holds no connection between calls, and all state is in
// the database: a call that was interrupted is repeated and goes on. Calls of one Upgrader may run at the same time; those that
// change the database exclude each other as those of different programs do.
type Upgrader struct {
	config      *pgx.ConnConfig
	chain       *Chain
	files       fs.FS
	toolVersion string
	client      string
	observe     func(Event)
	inspect     func(context.Context, pgx.Tx) error
	warned      atomic.Bool // of a server that is newer than those tested
}

// New checks the options and the migrations. It does not connect.
func New(options Options) (*Upgrader, error) {
	if options.Config == nil {
		return nil, errors.New("no database to connect to was given")
	}
	files := options.Migrations
	if files == nil {
		sub, err := fs.Sub(sql.Schema, "schema")
		if err != nil {
			return nil, fmt.Errorf("open the migrations: %w", err)
		}
		files = sub
	}
	chain, err := LoadChain(files)
	if err != nil {
		return nil, err
	}
	client := options.Client
	if client == "" {
		client, _ = os.Hostname() // the journal can do without
	}
	observe := options.Observe
	if observe == nil {
		observe = func(Event) {}
	}
	return &Upgrader{
		config: options.Config.Copy(), chain: chain, files: files,
		toolVersion: cmp.Or(options.ToolVersion, "unknown"), client: client, observe: observe, inspect: options.Inspect,
	}, nil
}

// Chain returns the migrations.
func (u *Upgrader) Chain() *Chain { return u.chain }

// Applied is a step that this run has committed.
type Applied struct {
	Step     Step          `json:"step"`
	Duration time.Duration `json:"duration_ns"`
}
