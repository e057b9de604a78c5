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

// cutPoint is one moment of a run: before or after the n-th message, from 1, of one side. After a message is before the next one where
// the same side goes on at once, so that only the last of these is a point of its own.
type cutPoint struct {
	side  wire.Side
	n     int
	after bool // the message is still delivered
	good  bool // no connection is let through after it, and none is waited for long
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

// reconnect is how long the run may try to connect again.
func (p cutPoint) reconnect() time.Duration {
	if p.good {
		return 30 * time.Millisecond
	}
	return crashBudget
}

// cutter listens to a run and breaks its connection at one point. The zero point breaks nothing.
type cutter struct {
	at     cutPoint
	moment int // how many messages make the moment that reached tells
	proxy  *wire.Proxy

	mu      sync.Mutex
	said    []saying
	counts  map[wire.Side]int
	done    bool
	reached chan struct{}
}

// saying is who said what.
type saying struct {
	side wire.Side
	name string
}

// listen puts a cutter before a database, and returns what connects through it.
func (c *cutter) listen(t *testing.T, server *ephemeral.Server, database string) string {
	t.Helper()
	c.counts, c.reached = map[wire.Side]int{}, make(chan struct{})
	socket := filepath.Join(server.Socket(), fmt.Sprintf(".s.PGSQL.%d", server.Port()))
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if c.proxy, err = wire.Listen(t.Context(), socket, c.pass); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.proxy.Close)
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", ephemeral.Superuser, c.proxy.Address(), database)
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
	c.said = append(c.said, saying{m.From, m.Name()})
	c.counts[m.From]++
	if len(c.said) == c.moment {
		close(c.reached)
	}
	hit := !c.done && m.From == c.at.side && c.counts[m.From] == c.at.n
	if hit {
		c.done = true
		c.proxy.Refuse(c.at.good)
	}
	return hit
}

// begun says whether anything was said.
func (c *cutter) begun() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.said) > 0
}

// end ends all connections and says whether the point was reached. What the client has said last may still be on its way.
func (c *cutter) end() bool {
	for started := time.Now(); c.proxy.Open() > 0 && time.Since(started) < time.Second; {
		time.Sleep(time.Millisecond)
	}
	c.proxy.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.done
}

// rehearsal is an uninterrupted run.
type rehearsal struct {
	said   []saying
	result []string
	handed int // lines of the result that are not in the database
	took   time.Duration
}

// rehearse runs the command to its end through a proxy that only listens.
func (c crashed) rehearse(t *testing.T, server *ephemeral.Server, database string) rehearsal {
	t.Helper()
	listener := &cutter{}
	url := listener.listen(t, server, database)
	kept, started := &handedOver{}, time.Now()
	if err := c.run(t.Context(), url, kept, 0); err != nil {
		t.Fatal(err)
	}
	took := time.Since(started)
	listener.end()
	result, err := c.result(t.Context(), server.URL(database), kept)
	if err != nil {
		t.Fatal(err)
	}
	return rehearsal{said: listener.said, result: result, handed: len(kept.lines()), took: took}
}

// points returns that many of the cut points, spread evenly, or all for 0.
func (r rehearsal) points(count int) []cutPoint {
	var all []cutPoint
	counts := map[wire.Side]int{}
	for i, saying := range r.said {
		counts[saying.side]++
		point := cutPoint{side: saying.side, n: counts[saying.side], good: len(all)%2 == 0}
		all = append(all, point)
		if i+1 == len(r.said) || r.said[i+1].side != saying.side {
			point.after, point.good = true, !point.good
			all = append(all, point)
		}
	}
	if count == 0 || count >= len(all) {
		return all
	}
	some := make([]cutPoint, count)
	for i := range some {
		some[i] = all[i*(len(all)-1)/max(count-1, 1)]
		some[i].good = i%2 == 0
	}
	return some
}

// describe lists how many messages of which kind a side said.
func (r rehearsal) describe(side wire.Side) string {
	kinds, all := map[string]int{}, 0
	for _, saying := range r.said {
		if saying.side == side {
			kinds[saying.name]++
			all++
		}
	}
	return fmt.Sprintf("%d of the %s (%s)", all, side, counted(kinds))
}

func counted(kinds map[string]int) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		list = append(list, fmt.Sprintf("%s %d", name, kinds[name]))
	}
	return strings.Join(list, ", ")
}

func (c crashed) cutEverywhere(t *testing.T, count int, report *crashReport) {
	t.Helper()
	undisturbed := testdb.New(t, testdb.Options{Template: c.from})
	r := c.rehearse(t, undisturbed.Server, undisturbed.Name)
	dump := c.dumped(t, undisturbed)
	points := r.points(count)
	t.Logf("an uninterrupted %s takes %s and has %d messages: %s; %s", c.name, r.took.Round(time.Millisecond), len(r.said),
		r.describe(wire.Client), r.describe(wire.Server))
	t.Logf("it leaves %d lines to compare, %d of them from the export and the journal", len(r.result), r.handed)
	if (r.handed > 0) != c.hands {
		t.Error("what it hands over is not what this is to try")
	}

	var unreached, healed, again atomic.Int64
	cases, kinds := make([]crashCase, len(points)), map[string]int{}
	for i, point := range points {
		name, _, _ := strings.Cut(point.String(), " message")
		kinds[fmt.Sprintf("%s a message of the %s", name, point.side)]++
		cases[i] = crashCase{point.String(), func(t *testing.T) {
			t.Helper()
			db := testdb.New(t, testdb.Options{Template: c.from})
			cutter := &cutter{at: point}
			url := cutter.listen(t, db.Server, db.Name)
			kept := &handedOver{}
			err := c.run(t.Context(), url, kept, point.reconnect())
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
				same(t, "the dump", dump, c.dumped(t, db))
			}
		}}
	}
	started := time.Now()
	report.all(t, cases)
	t.Logf("cut at %d points in %s: %s; the call failed at %d, went on by itself or was at its end at %d; not reached: %d",
		len(points), time.Since(started).Round(time.Second), counted(kinds), again.Load(), healed.Load(), unreached.Load())
}

// TestCrashComparisonNoticesAHalfWayDatabase leaves out the second run.
func TestCrashComparisonNoticesAHalfWayDatabase(t *testing.T) {
	t.Parallel()
	for _, c := range []crashed{crashUp(1), crashDown()} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			undisturbed := testdb.New(t, testdb.Options{Template: c.from})
			r := c.rehearse(t, undisturbed.Server, undisturbed.Name)
			const parts = 6
			for i := range parts - 1 { // the rest may be behind the last commit
				point := r.points(0)[i*len(r.points(0))/parts]
				point.good = true
				db := testdb.New(t, testdb.Options{Template: c.from})
				cutter := &cutter{at: point}
				url := cutter.listen(t, db.Server, db.Name)
				kept := &handedOver{}
				err := c.run(t.Context(), url, kept, point.reconnect())
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

func TestCrashComparisonNoticesWhatIsLeft(t *testing.T) {
	t.Parallel()
	db := testdb.New(t, testdb.Options{Template: crashUp(1).from})
	if _, err := db.Connect(t.Context()).Exec(t.Context(), `SELECT pg_advisory_lock(1)`); err != nil {
		t.Fatal(err)
	}
	exec(t, db.Connect(t.Context()), `
		CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
		INSERT INTO schema_migrations VALUES (3, true);
		ALTER TABLE schema_migrations ADD CONSTRAINT positive CHECK (version > 0) NOT VALID;
		UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'schema_migrations_pkey'::regclass`)
	exec(t, db.Connect(t.Context()), `BEGIN; SELECT 1; PREPARE TRANSACTION 'crash_left'`)
	left, err := leftBehind(t.Context(), db.Connect(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	for i := range left {
		left[i] = strings.TrimRight(left[i], " 0123456789")
	}
	slices.Sort(left)
	same(t, "left", []string{
		"advisory lock of pid", "dirty version", "invalid index schema_migrations_pkey",
		"prepared transaction crash_left", "unchecked constraint positive",
	}, left)
}
