package test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/snapshot"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
)

// failover is a moment at which the primary dies: the nth event of a kind, about a migration if there is one in it.
type failover struct {
	name    string
	event   string
	version int64
	nth     int
}

func failovers() []failover {
	return []failover{
		{"in the backfill", upgrade.BatchDone{}.EventName(), 0, 9},
		{"in the switch", upgrade.StepStarted{}.EventName(), versionSwitch, 1},
		{"in contract", upgrade.StepStarted{}.EventName(), versionContract, 1},
		{"behind the proof", upgrade.StepFinished{}.EventName(), versionProve, 1},
	}
}

// cluster is a primary and a standby that follows it, with a database of an engine.
type cluster struct {
	primary, standby *ephemeral.Server
	url              string   // names both, and asks for the one that takes changes
	before           []string // the database
	want             []string // what an upgrade without a failover makes of it
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	ctx := t.Context()
	primary, err := ephemeral.Start(ctx, ephemeral.Options{BinDir: os.Getenv(testdb.BinDirVariable), TCP: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopServer(t, primary) })
	c := &cluster{primary: primary}
	if err := primary.CreateDatabase(ctx, "engine", ""); err != nil {
		t.Fatal(err)
	}
	if err := workload(nil).Build(ctx, primary.URL("engine")); err != nil {
		t.Fatal(err)
	}
	if err := primary.CreateDatabase(ctx, "uninterrupted", "engine"); err != nil {
		t.Fatal(err)
	}
	c.before = snapshotOf(t, primary.URL("engine"))
	upgradeTool(t, primary.URL("uninterrupted"), exitDone, "up", "--batch", killBatch)
	c.want = upgradedSnapshot(t, primary.URL("uninterrupted"))

	if c.standby, err = primary.Replica(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopServer(t, c.standby) })
	hosts := make([]string, 0, 2)
	for _, server := range []*ephemeral.Server{primary, c.standby} {
		hosts = append(hosts, net.JoinHostPort("127.0.0.1", strconv.Itoa(server.Port())))
	}
	c.url = fmt.Sprintf("postgres://%s@%s/engine?sslmode=disable&target_session_attrs=read-write",
		url.UserPassword(ephemeral.Superuser, primary.Password()), strings.Join(hosts, ","))
	return c
}

func stopServer(t *testing.T, server *ephemeral.Server) {
	t.Helper()
	if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// fail lets the standby take over.
func (c *cluster) fail(ctx context.Context) error {
	return errors.Join(c.primary.Kill(ctx), c.standby.Promote(ctx))
}

func TestAFailoverInTheMiddleOfAnUpgradeIsSurvived(t *testing.T) {
	for i, moment := range failovers() {
		for j, way := range []struct {
			name string
			run  func(*cluster, *testing.T, failover)
		}{
			{"the run heals itself", (*cluster).heals},
			{"the same command again", (*cluster).runsAgain},
		} {
			t.Run(moment.name+", "+way.name, func(t *testing.T) {
				if number(t, "COCO_RUNNERS_ROUNDS", 0) == 0 && (i > 1 || i != j) {
					t.Skip("make test-runners runs this one")
				}
				c := newCluster(t)
				way.run(c, t, moment)
				now := c.standby.URL("engine")
				upgradeTool(t, now, exitDone, "verify")
				same(t, "unlike an upgrade without a failover", c.want, upgradedSnapshot(t, now))
				upgradeTool(t, now, exitDone, "down", "--yes")
				same(t, "unlike the database as it was", c.before, snapshotOf(t, now))
			})
		}
	}
}

// heals upgrades in one call.
func (c *cluster) heals(t *testing.T, moment failover) {
	t.Helper()
	config, err := connect.Config(connect.Options{Database: c.url})
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	seen, lost := 0, 0
	upgrader, err := upgrade.New(upgrade.Options{Config: config, Observe: func(e upgrade.Event) {
		if _, ok := e.(upgrade.ConnectionLost); ok {
			lost++
		}
		if e.EventName() != moment.event || versionIn(e) != moment.version {
			return
		}
		if seen++; seen == moment.nth {
			go func() { failed <- c.fail(context.WithoutCancel(t.Context())) }() // while the run is at work
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	result, err := upgrader.Up(t.Context(), upgrade.UpOptions{Batch: 40, LockTimeout: unhurried})
	if err != nil {
		t.Fatalf("%+v: %v", result, err)
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	if lost == 0 {
		t.Error("the connection was not lost")
	}
	if len(result.Applied) != versionRetire || result.From != 0 || result.To != versionRetire || result.Receipt == nil {
		t.Errorf("%d steps, from %d to %d, proof %v", len(result.Applied), result.From, result.To, result.Receipt)
	}
}

// unhurried is a lock time-out for a machine that has much else to do, where no client waits.
const unhurried = 200 * time.Millisecond

func versionIn(e upgrade.Event) int64 {
	switch e := e.(type) {
	case upgrade.StepStarted:
		return e.Step.Version
	case upgrade.StepFinished:
		return e.Step.Version
	}
	return 0
}

// runsAgain upgrades with the program, which gives up at once, and then with the same command.
func (c *cluster) runsAgain(t *testing.T, moment failover) {
	t.Helper()
	args := []string{"up", "--batch", killBatch, "--json", "--reconnect-budget", "0"}
	run, err := prepare(t.Context(), t.TempDir(), c.url, args...)
	if err != nil {
		t.Fatal(err)
	}
	run.cmd.Stdout = nil
	events, err := run.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for lines := bufio.NewScanner(events); lines.Scan(); {
		line := lines.Text()
		if !strings.Contains(line, `"event":"`+moment.event+`"`) ||
			moment.version != 0 && !strings.Contains(line, fmt.Sprintf(`"version":%d,`, moment.version)) {
			continue
		}
		if seen++; seen == moment.nth {
			if err := c.primary.Kill(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = run.cmd.Wait()
	if seen < moment.nth || run.exit() != exitFailure {
		t.Fatalf("after %d events exit code %d, want %d\n%s", seen, run.exit(), exitFailure, run.output())
	}
	if err := c.standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	upgradeTool(t, c.url, exitDone, args...)
}

func snapshotOf(t *testing.T, url string, except ...string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	lines, err := snapshot.Take(t.Context(), conn, snapshot.Options{ExceptRows: except})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// upgradedSnapshot leaves out what two runs that do the same may leave different.
func upgradedSnapshot(t *testing.T, url string) []string {
	t.Helper()
	except := make([]string, 0, len(unlike))
	for _, table := range unlike {
		except = append(except, "coco."+table)
	}
	lines := snapshotOf(t, url, except...)
	for i := range lines {
		lines[i] = engineMarkTimes.ReplaceAllString(lines[i], "$1")
	}
	return lines
}
