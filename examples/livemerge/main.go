// Livemerge merges the snapshots of a disk and survives its own death: each step is a command in the database. Killed with -9 at any
// moment and started again, it carries on where it was, and nothing is done twice.
//
// It needs a database that coco has upgraded; with --demo it makes one of its own, and kills itself in each step.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/examples/livemerge/internal/merge"
	"github.com/ovirt/coco/upgrade/connect"
)

const closePatience = 5 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// flags are those of the command line.
type flags struct {
	database  string
	snapshots int
	stepTime  time.Duration
	lease     time.Duration
	crashAt   crash
	demo      bool
}

// run is the program: 0 for success, 2 for wrong usage, 1 for any other error.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var f flags
	set := flag.NewFlagSet("livemerge", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.StringVar(&f.database, "database", "", "the upgraded database, as a URL; else DATABASE_URL or the PG* variables")
	set.IntVar(&f.snapshots, "snapshots", 3, "how many snapshots a new disk has")
	set.DurationVar(&f.stepTime, "step-time", 100*time.Millisecond, "how long a step takes")
	set.DurationVar(&f.lease, "lease", time.Second, "after how long without a sign of life the commands are for others to take")
	set.Var(&f.crashAt, "crash-at", "die of SIGKILL at this `step`: 2 or 2:begun, or 2:beginning, 2:ending, 2:ended")
	set.BoolVar(&f.demo, "demo", false, "show it all on a PostgreSQL of its own")
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if set.NArg() > 0 {
		fmt.Fprintf(stderr, "livemerge: there are no arguments, only flags: %q\n", set.Arg(0))
		return 2
	}
	work := f.merge
	if f.demo {
		work = f.showAll
		if f.database != "" || f.crashAt.snapshot > 0 {
			fmt.Fprintln(stderr, "livemerge: --demo has a database of its own, and dies in each step: give neither --database nor --crash-at")
			return 2
		}
	}
	if err := work(ctx, stdout); err != nil {
		fmt.Fprintln(stderr, "livemerge:", err)
		return 1
	}
	return 0
}

// merge merges the snapshots of one disk.
func (f flags) merge(ctx context.Context, stdout io.Writer) (err error) {
	pool, err := f.pool(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := merge.MakeSchema(ctx, pool); err != nil {
		return err
	}
	registry, err := merge.Registry()
	if err != nil {
		return err
	}
	c, err := coordinator.Open(ctx, pool, coordinator.Options{Registry: registry, Lease: f.lease})
	if err != nil {
		return err
	}
	defer func() { // whoever comes next need not wait for the lease
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closePatience)
		defer cancel()
		err = errors.Join(err, c.Close(ctx))
	}()
	merger := merge.Merger{
		Coordinator: c, Pool: pool, StepTime: f.stepTime, LookTime: f.lease / 5, At: f.crashAt.happen,
		Say: func(format string, args ...any) { fmt.Fprintf(stdout, format+"\n", args...) },
	}
	return merger.Run(ctx, f.snapshots)
}

func (f flags) pool(ctx context.Context) (*pgxpool.Pool, error) {
	conn, err := connect.Config(connect.Options{Database: f.database})
	if err != nil {
		return nil, err
	}
	conn.RuntimeParams["application_name"] = "livemerge"
	config, err := pgxpool.ParseConfig(conn.ConnString())
	if err != nil {
		return nil, err
	}
	config.ConnConfig = conn
	return pgxpool.NewWithConfig(ctx, config)
}

// crash is a moment at which this process kills itself. The zero value never happens.
type crash struct {
	snapshot int
	moment   merge.Moment
}

// String is the flag's text.
func (c *crash) String() string {
	if c.snapshot == 0 {
		return ""
	}
	return fmt.Sprintf("%d:%s", c.snapshot, c.moment)
}

// Set reads the flag's text.
func (c *crash) Set(text string) error {
	number, moment, found := strings.Cut(text, ":")
	if !found {
		moment = string(merge.Begun)
	}
	snapshot, err := strconv.Atoi(number)
	if err != nil || snapshot < 1 {
		return errors.New("a step is a number from 1 on")
	}
	switch merge.Moment(moment) {
	case merge.Beginning, merge.Begun, merge.Ending, merge.Ended:
		*c = crash{snapshot, merge.Moment(moment)}
		return nil
	default:
		return fmt.Errorf("a moment is %s, %s, %s or %s", merge.Beginning, merge.Begun, merge.Ending, merge.Ended)
	}
}

// happen kills the process as nothing else can: no deferred function runs, nobody says goodbye to the server.
func (c *crash) happen(snapshot int, moment merge.Moment) {
	if (crash{snapshot, moment}) != *c {
		return
	}
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {} // death takes a moment
}
