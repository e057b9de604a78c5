package upgrade_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ovirt/coco/internal/cutconn"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

// cutOnce makes an upgrader whose connection is cut after a number of reads and writes. The next ones last.
func cutOnce(t *testing.T, url string, after int64) (*upgrade.Upgrader, *[]upgrade.Event) {
	t.Helper()
	cutter := cutconn.After(after)
	return newUpgrader(t, url, func(o *upgrade.Options) {
		o.Config.DialFunc = cutter.Wrap(o.Config.DialFunc)
		observe := o.Observe
		o.Observe = func(e upgrade.Event) {
			observe(e)
			if _, ok := e.(upgrade.ConnectionLost); ok {
				cutter.Restart(endless)
			}
		}
	})
}

const (
	endless  = int64(1) << 40
	connects = 10 // reads and writes until a connection is there
)

// wholeWay checks that a result and its events name each step once.
func wholeWay(t *testing.T, direction upgrade.Direction, applied []upgrade.Applied, events []upgrade.Event) {
	t.Helper()
	var want, got, told []string
	for version := range 10 {
		if direction == upgrade.DirectionDown {
			version = 9 - version
		}
		want = append(want, fmt.Sprint(version+1))
	}
	for _, a := range applied {
		got = append(got, fmt.Sprint(a.Step.Version))
	}
	for i, e := range of[upgrade.StepFinished](events) {
		told = append(told, fmt.Sprint(e.Step.Version))
		if e.N != i+1 || e.Total != 10 {
			t.Errorf("step %d is called %d of %d", i+1, e.N, e.Total)
		}
	}
	for _, is := range [][]string{got, told} {
		if strings.Join(is, " ") != strings.Join(want, " ") {
			t.Errorf("%s: %s, want %s", direction, is, want)
		}
	}
}

func TestARunGoesOnByItselfWhenItsConnectionIsLost(t *testing.T) {
	db := engine(t)
	before := db.Dump(t)
	lost := 0
	for after, there, back := int64(connects), true, true; there || back; after += 97 {
		upgrader, events := cutOnce(t, db.URL, after)
		up, err := upgrader.Up(t.Context(), upgrade.UpOptions{Batch: 20})
		if err != nil || up.From != 0 || up.To != 10 || up.Receipt == nil || up.Receipt.Tasks != 46 {
			t.Fatalf("up, cut after %d: %+v, %v", after, up, err)
		}
		wholeWay(t, upgrade.DirectionUp, up.Applied, *events)
		if there = len(of[upgrade.ConnectionLost](*events)) > 0; there {
			lost++
		}
		if proofs := of[upgrade.ProofWritten](*events); len(proofs) != 1 {
			t.Errorf("up, cut after %d: %d proofs", after, len(proofs))
		}
		if twice := get[bool](t, db, `SELECT count(*) <> 10 OR count(DISTINCT version) <> 10 FROM coco.journal`); twice {
			t.Errorf("up, cut after %d: a migration was applied twice, or one was not recorded", after)
		}

		upgrader, events = cutOnce(t, db.URL, after)
		var handedOver []upgrade.JournalRow
		down, err := upgrader.Down(t.Context(), upgrade.DownOptions{
			Export:  &bytes.Buffer{},
			Journal: func(rows []upgrade.JournalRow) error { handedOver = rows; return nil },
		})
		if err != nil || down.From != 10 || down.To != 0 || len(down.Journal) < 10 || len(handedOver) != len(down.Journal) {
			t.Fatalf("down, cut after %d: %+v, %v", after, down, err)
		}
		wholeWay(t, upgrade.DirectionDown, down.Applied, *events)
		if back = len(of[upgrade.ConnectionLost](*events)) > 0; back {
			lost++
		}
		if db.Dump(t) != before {
			t.Fatalf("down, cut after %d: the dump differs", after)
		}
	}
	t.Logf("%d connections were lost", lost)
	if lost < 6 {
		t.Errorf("only %d connections were lost", lost)
	}
}

func TestTheSessionOfALostConnectionIsNotAnotherRunner(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	files := with(toy(), "000003_c.up.sql", "-- coco:phase expand\nSELECT pg_sleep(60);")
	var network atomic.Pointer[net.Conn] // the last one: a request to cancel is made over one of its own
	lost, cut := 0, false
	ctx, cancel := context.WithCancel(t.Context())
	upgrader, events := newUpgrader(t, db.URL, migrations(files), func(o *upgrade.Options) {
		dial, observe := o.Config.DialFunc, o.Observe
		o.Config.DialFunc = func(ctx context.Context, where, address string) (net.Conn, error) {
			conn, err := dial(ctx, where, address)
			network.Store(&conn)
			return conn, err
		}
		o.Observe = func(e upgrade.Event) {
			observe(e)
			switch e := e.(type) {
			case upgrade.StepStarted:
				if e.Step.Version == 3 && !cut {
					cut = true
					inUse := *network.Load()
					time.AfterFunc(300*time.Millisecond, func() { _ = inUse.Close() })
				} else if e.Step.Version == 3 {
					cancel()
				}
			case upgrade.ConnectionLost:
				lost++
			}
		}
	})
	started := time.Now()
	result, err := upgrader.Up(ctx, upgrade.UpOptions{LockBudget: 10 * time.Second})
	if !errors.Is(err, upgrade.ErrInterrupted) || result.To != 2 || lost == 0 {
		t.Errorf("%+v, %v, lost %d", result, err, lost)
	}
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("it took %s: the server's process went on", took)
	}
	if waits := of[upgrade.WaitingForRun](*events); len(waits) > 0 {
		t.Errorf("it waited for %v", waits)
	}
}

func TestAConnectionThatDoesNotComeBackIsGivenUp(t *testing.T) {
	db := engine(t)
	cutter := cutconn.After(100)
	upgrader, events := newUpgrader(t, db.URL, func(o *upgrade.Options) { o.Config.DialFunc = cutter.Wrap(o.Config.DialFunc) })
	started := time.Now()
	result, err := upgrader.Up(t.Context(), upgrade.UpOptions{ReconnectBudget: time.Second})
	if !errors.Is(err, upgrade.ErrUnreachable) || !strings.Contains(err.Error(), "did not come back within 1s") ||
		strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "Run the same command again") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	told := of[upgrade.ConnectionLost](*events)
	if len(told) == 0 || told[0].Attempt != 0 || told[0].Budget != time.Second || told[0].Reason == "" {
		t.Errorf("it said %+v", told)
	}
	if steps := len(of[upgrade.StepFinished](*events)); steps == 0 || len(result.Applied) != steps || result.To != int64(steps) {
		t.Errorf("%+v after %d steps", result, steps)
	}
}

func TestAStatementThatEndsItsConnectionIsNotRepeatedForEver(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	files := with(toy(), "000003_c.up.sql", "-- coco:phase expand\nSELECT pg_terminate_backend(pg_backend_pid())")
	upgrader, events := newUpgrader(t, db.URL, migrations(files))
	result, err := upgrader.Up(t.Context(), upgrade.UpOptions{})
	if !errors.Is(err, upgrade.ErrUnreachable) || !strings.Contains(err.Error(), "000003_c (up)") ||
		!strings.Contains(err.Error(), "in the same place") || result.To != 2 {
		t.Errorf("%+v, %v", result, err)
	}
	if told := of[upgrade.ConnectionLost](*events); len(told) != 5 {
		t.Errorf("it went on %d times", len(told))
	}
}

func TestWithoutABudgetALostConnectionIsAnError(t *testing.T) {
	db := engine(t)
	cutter := cutconn.After(100)
	upgrader, events := newUpgrader(t, db.URL, func(o *upgrade.Options) { o.Config.DialFunc = cutter.Wrap(o.Config.DialFunc) })
	_, err := upgrader.Up(t.Context(), upgrade.UpOptions{ReconnectBudget: -1})
	if !errors.Is(err, upgrade.ErrUnreachable) || len(of[upgrade.ConnectionLost](*events)) > 0 {
		t.Errorf("%v, %v", err, *events)
	}
}

func TestCtrlCEndsTheWaitForALostConnection(t *testing.T) {
	db := engine(t)
	cutter := cutconn.After(100)
	ctx, cancel := context.WithCancel(t.Context())
	upgrader, _ := newUpgrader(t, db.URL, func(o *upgrade.Options) {
		o.Config.DialFunc = cutter.Wrap(o.Config.DialFunc)
		o.Observe = func(e upgrade.Event) {
			if told, ok := e.(upgrade.ConnectionLost); ok && told.Attempt > 0 {
				cancel()
			}
		}
	})
	started := time.Now()
	result, err := upgrader.Up(ctx, upgrade.UpOptions{})
	if !errors.Is(err, upgrade.ErrInterrupted) || result.Applied == nil {
		t.Errorf("%+v, %v", result, err)
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}
