package test

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/internal/wire"
	"github.com/ovirt/coco/upgrade"
)

const dumpEvery = 25 // cases; the others compare snapshots only

// cutPoint is one moment of a run: before or after the n-th message, from 1, of one side.
type cutPoint struct {
	side  wire.Side
	n     int
	after bool // the message is still delivered
	good  bool // no connection is let through after it
}

func (p cutPoint) String() string {
	when, then := "before", "then open"
	if p.after {
		when = "after"
	}
	if p.good {
		then = "for good"
	}
	return fmt.Sprintf("%s message %05d of the %s, %s", when, p.n, p.side, then)
}

// cutter listens to a run and breaks its connection at one point. The zero point breaks nothing.
type cutter struct {
	at    cutPoint
	proxy *wire.Proxy

	mu   sync.Mutex
	said map[wire.Side][]string // the names of the messages
	done bool
}

// newCutter returns a cutter before a database, and what connects through it.
func newCutter(t *testing.T, db *testdb.DB, at cutPoint) (*cutter, string) {
	t.Helper()
	c := &cutter{at: at, said: map[wire.Side][]string{}}
	socket := filepath.Join(db.Server.Socket(), fmt.Sprintf(".s.PGSQL.%d", db.Server.Port()))
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if c.proxy, err = wire.Listen(t.Context(), socket, c.pass); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.proxy.Close)
	return c, fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", ephemeral.Superuser, c.proxy.Address(), db.Name)
}

func (c *cutter) pass(m wire.Message, deliver func() error) error {
	if !c.hits(m) {
		return deliver()
	}
	if c.at.after {
		if err := deliver(); err != nil {
			return err
		}
	}
	return wire.ErrCut
}

func (c *cutter) hits(m wire.Message) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said[m.From] = append(c.said[m.From], m.Name())
	hit := !c.done && m.From == c.at.side && len(c.said[m.From]) == c.at.n
	if hit {
		c.done = true
		c.proxy.Refuse(c.at.good)
	}
	return hit
}

// end ends all connections and says whether the point was reached.
func (c *cutter) end() bool {
	c.proxy.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.done
}

// rehearsal is an uninterrupted run.
type rehearsal struct {
	said   map[wire.Side][]string
	result []string
	dump   []string
	took   time.Duration
}

// rehearse runs the command to its end through a proxy that only listens.
func (c crashed) rehearse(t *testing.T) rehearsal {
	t.Helper()
	db := testdb.New(t, testdb.Options{Template: c.from})
	listener, url := newCutter(t, db, cutPoint{})
	kept, started := &handedOver{}, time.Now()
	if err := c.run(t.Context(), url, kept); err != nil {
		t.Fatal(err)
	}
	took := time.Since(started)
	for listener.proxy.Open() > 0 {
		time.Sleep(time.Millisecond)
	}
	listener.end()
	result, err := c.result(t.Context(), db.URL, kept)
	if err != nil {
		t.Fatal(err)
	}
	return rehearsal{said: listener.said, result: result, dump: c.dumped(t, db), took: took}
}

// points returns that many of the cut points, spread evenly, or all for 0.
func (r rehearsal) points(count int) []cutPoint {
	var all []cutPoint
	for _, side := range []wire.Side{wire.Client, wire.Server} {
		for n := range r.said[side] {
			all = append(all, cutPoint{side: side, n: n + 1, good: n%2 == 0}, cutPoint{side: side, n: n + 1, after: true, good: n%2 == 1})
		}
	}
	if count == 0 || count >= len(all) {
		return all
	}
	some := make([]cutPoint, count)
	for i := range some {
		some[i] = all[i*(len(all)-1)/max(count-1, 1)]
		some[i].after, some[i].good = i%2 == 0, i%4 < 2
	}
	return some
}

// describe lists how many messages of which kind were said.
func (r rehearsal) describe(side wire.Side) string {
	kinds := map[string]int{}
	for _, name := range r.said[side] {
		kinds[name]++
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		list = append(list, fmt.Sprintf("%s %d", name, kinds[name]))
	}
	return fmt.Sprintf("%d of the %s (%s)", len(r.said[side]), side, strings.Join(list, ", "))
}

func (c crashed) cutEverywhere(t *testing.T, count int, report *crashReport) {
	t.Helper()
	r := c.rehearse(t)
	points := r.points(count)
	t.Logf("an uninterrupted %s takes %s and has %d messages: %s; %s", c.name, r.took.Round(time.Millisecond),
		len(r.said[wire.Client])+len(r.said[wire.Server]), r.describe(wire.Client), r.describe(wire.Server))

	var unreached, healed, again atomic.Int64
	cases := map[string]func(*testing.T){}
	for i, point := range points {
		cases[point.String()] = func(t *testing.T) {
			db := testdb.New(t, testdb.Options{Template: c.from})
			cutter, url := newCutter(t, db, point)
			kept := &handedOver{}
			err := c.run(t.Context(), url, kept)
			cut := cutter.end()
			switch {
			case !cut && err != nil:
				t.Fatalf("without a cut: %v", err)
			case !cut:
				unreached.Add(1)
			case err == nil:
				healed.Add(1)
			case errors.Is(err, upgrade.ErrUnreachable):
				again.Add(1)
			default:
				t.Errorf("it failed with %v, want ErrUnreachable", err)
			}
			if cut {
				report.cuts.Add(1)
			}
			c.recovered(t, db.URL, kept, r.result)
			if i%dumpEvery == 0 {
				same(t, "the dump", r.dump, c.dumped(t, db))
			}
		}
	}
	started := time.Now()
	report.all(t, cases)
	perSide := map[string]int{}
	for _, p := range points {
		when := map[bool]string{false: "before", true: "after"}[p.after]
		perSide[title(when, "a message of the", p.side)]++
	}
	var list []string
	for _, key := range slices.Sorted(maps.Keys(perSide)) {
		list = append(list, fmt.Sprintf("%d %s", perSide[key], key))
	}
	t.Logf("%d cut points in %s: %s; the call failed and was run again at %d, went to its end all the same at %d; not reached: %d",
		len(points), time.Since(started).Round(time.Second), strings.Join(list, ", "), again.Load(), healed.Load(), unreached.Load())
}

// TestCrashComparisonNoticesAHalfWayDatabase leaves out the second run.
func TestCrashComparisonNoticesAHalfWayDatabase(t *testing.T) {
	t.Parallel()
	for _, c := range []crashed{crashUp(), crashDown()} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := c.rehearse(t)
			const parts = 8
			for i := range parts - 1 { // the rest may be behind the last commit
				point := cutPoint{side: wire.Server, n: 1 + i*len(r.said[wire.Server])/parts, good: true}
				db := testdb.New(t, testdb.Options{Template: c.from})
				cutter, url := newCutter(t, db, point)
				kept := &handedOver{}
				err := c.run(t.Context(), url, kept)
				if !cutter.end() || err == nil {
					t.Fatalf("%s: not cut, or not noticed: %v", point, err)
				}
				got, err := c.result(t.Context(), db.URL, kept)
				if err == nil && difference(r.result, got) == "" {
					t.Errorf("%s: no difference was found", point)
				}
			}
		})
	}
}
