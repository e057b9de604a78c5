package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/examples/livemerge/internal/merge"
	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
)

//go:embed outcome.sql
var outcomeSQL string

const stopPatience = 30 * time.Second

// showAll lets the program die in each step on a PostgreSQL of its own, starts it again each time, and looks what became of the disk.
func (f flags) showAll(ctx context.Context, stdout io.Writer) (err error) {
	server, err := ephemeral.Start(ctx, ephemeral.Options{})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
		defer cancel()
		err = errors.Join(err, server.Stop(ctx))
	}()
	const database = "engine"
	if err := server.CreateDatabase(ctx, database, ""); err != nil {
		return err
	}
	f.database = server.URL(database)
	if err := f.upgradedEngine(ctx); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "A program merges %d snapshots of a disk. It dies of kill -9 in each step, and is started again.\n", f.snapshots)
	moments := []merge.Moment{merge.Begun, merge.Ending, merge.Ended, merge.Beginning}
	for run := 1; run <= f.snapshots+1; run++ {
		f.crashAt = crash{}
		if run <= f.snapshots {
			f.crashAt = crash{run, moments[(run-1)%len(moments)]}
		}
		said, err := f.runOnce(ctx)
		if err != nil {
			return fmt.Errorf("run %d: %w", run, err)
		}
		fmt.Fprintf(stdout, "run %d: %s\n", run, strings.Join(said, ", "))
	}
	return f.outcome(ctx, stdout)
}

// upgradedEngine makes the database of an engine, and upgrades it.
func (f flags) upgradedEngine(ctx context.Context) error {
	if err := f.connected(ctx, func(conn *pgx.Conn) error { return enginedb.Load(ctx, conn) }); err != nil {
		return err
	}
	config, err := connect.Config(connect.Options{Database: f.database})
	if err != nil {
		return err
	}
	upgrader, err := upgrade.New(upgrade.Options{Config: config})
	if err != nil {
		return err
	}
	_, err = upgrader.Up(ctx, upgrade.UpOptions{To: upgrade.Retire})
	return err
}

func (f flags) connected(ctx context.Context, work func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, f.database)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	err = work(conn)
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}

// runOnce runs this program in a process of its own, to its death or to the end, and returns what it said.
func (f flags) runOnce(ctx context.Context) ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{
		"--database", f.database, "--snapshots", strconv.Itoa(f.snapshots),
		"--step-time", f.stepTime.String(), "--lease", f.lease.String(),
	}
	if f.crashAt.snapshot > 0 {
		args = append(args, "--crash-at", f.crashAt.String())
	}
	cmd := exec.CommandContext(ctx, self, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	said := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if f.crashAt.snapshot > 0 {
		if !killed(cmd.ProcessState) {
			return nil, fmt.Errorf("it was not killed: %s\n%s", cmd.ProcessState, stderr.String())
		}
		return append(said, death(f.crashAt.moment)), nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, stderr.String())
	}
	return said, nil
}

func killed(state *os.ProcessState) bool {
	if state == nil {
		return false
	}
	status, ok := state.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

func death(moment merge.Moment) string {
	switch moment {
	case merge.Beginning, merge.Ending:
		return "killed before the commit"
	case merge.Ended:
		return "killed after the commit"
	default:
		return "killed meanwhile"
	}
}

// outcome says what is in the database now.
func (f flags) outcome(ctx context.Context, stdout io.Writer) error {
	return f.connected(ctx, func(conn *pgx.Conn) error {
		var merged, snapshots, commands, succeeded int
		var whole bool
		if err := conn.QueryRow(ctx, outcomeSQL).Scan(&snapshots, &merged, &whole, &commands, &succeeded); err != nil {
			return fmt.Errorf("look at the outcome: %w", err)
		}
		if merged != snapshots || !whole || succeeded != commands {
			return fmt.Errorf("%d of %d snapshots were merged once, blocks are right: %t, %d of %d commands have succeeded",
				merged, snapshots, whole, succeeded, commands)
		}
		fmt.Fprintf(stdout, "in the database: %d snapshots, each merged once; 1 command and %d children, all SUCCEEDED\n", snapshots, commands-1)
		return nil
	})
}
