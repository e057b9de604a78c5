package test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

// killAtRandom kills the program after a random number of messages, and runs the command again.
func (c crashed) killAtRandom(t *testing.T, kills int, random *rand.Rand, report *crashReport) {
	t.Helper()
	undisturbed := testdb.New(t, testdb.Options{Template: c.from})
	r := c.rehearse(t, undisturbed.Server, undisturbed.Name)
	var over atomic.Int64
	cases := make([]crashCase, kills)
	for i := range cases {
		moment, delay := 1+random.IntN(len(r.said)), time.Duration(random.IntN(3000))*time.Microsecond
		cases[i] = crashCase{fmt.Sprintf("%03d %s after message %d", i+1, delay, moment), func(t *testing.T) {
			t.Helper()
			db, dir := testdb.New(t, testdb.Options{Template: c.from}), t.TempDir()
			listener := &cutter{moment: moment}
			run, err := prepare(t.Context(), dir, listener.listen(t, db.Server, db.Name), c.args...)
			if err != nil {
				t.Fatal(err)
			}
			if err := run.cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() { defer close(ended); _ = run.cmd.Wait() }()
			select {
			case <-listener.reached:
				time.Sleep(delay)
			case <-ended:
			}
			_ = run.cmd.Process.Kill() // fails only when it has ended
			<-ended
			if run.cmd.ProcessState.Exited() {
				over.Add(1)
			} else {
				report.kills.Add(1)
			}
			kept := &handedOver{}
			if err := kept.read(dir); err != nil {
				t.Fatal(err)
			}
			c.recovered(t, db.URL, kept, r.result)
		}}
	}
	report.all(t, cases)
	t.Logf("%d times kill -9; at %d of them it had just ended", kills, over.Load())
}

// shutDownAtRandom runs commands on a server of their own, several at the same time, shuts it down in their middle and starts it again.
func shutDownAtRandom(t *testing.T, commands []crashed, runs int, random *rand.Rand, report *crashReport) {
	t.Helper()
	server, err := ephemeral.Start(t.Context(), ephemeral.Options{BinDir: os.Getenv(testdb.BinDirVariable), Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	want := make([]rehearsal, len(commands))
	for i, c := range commands {
		if err := server.CreateDatabase(t.Context(), c.from.Name, ""); err != nil {
			t.Fatal(err)
		}
		if err := c.from.Build(t.Context(), server.URL(c.from.Name)); err != nil {
			t.Fatal(err)
		}
		if err := server.CreateDatabase(t.Context(), "rehearsal_"+c.name, c.from.Name); err != nil {
			t.Fatal(err)
		}
		want[i] = c.rehearse(t, server, "rehearsal_"+c.name)
	}
	var idle, healed int
	for begun, round := 0, 1; begun < runs; begun, round = begun+runsAtOnce, round+1 {
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) {
			all := make([]*sunk, runsAtOnce)
			for i := range all {
				n := i % len(commands)
				all[i] = &sunk{crashed: commands[n], want: want[n], database: fmt.Sprintf("%s_%d", commands[n].name, i), heals: i/2%2 == 0}
				if err := server.CreateDatabase(t.Context(), all[i].database, commands[n].from.Name); err != nil {
					t.Fatal(err)
				}
			}
			first := all[random.IntN(len(all))]
			first.listener.moment = 1 + random.IntN(len(first.want.said))
			shutDownWithin(t, server, all, time.Duration(random.IntN(5000))*time.Microsecond)
			report.shutdowns.Add(1)
			for _, s := range all {
				switch {
				case !s.hit, s.err == nil && !s.heals:
					idle++
				case s.err == nil:
					healed++
					report.broken.Add(1)
				case errors.Is(s.err, upgrade.ErrUnreachable):
					report.broken.Add(1)
				default:
					t.Errorf("%s: it failed with %v, want ErrUnreachable", s.database, s.err)
				}
				if !t.Run(s.database, func(t *testing.T) { s.recovered(t, server.URL(s.database), &s.kept, s.want.result) }) {
					report.differences.Add(1)
				}
				if err := server.DropDatabase(t.Context(), s.database); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	t.Logf("%d immediate shutdowns broke %d runs, of which %d went on by themselves; %d runs were not at work then",
		report.shutdowns.Load(), report.broken.Load(), healed, idle)
}

const runsAtOnce = 4

// sunk is a run on a server that is shut down.
type sunk struct {
	crashed

	database string
	want     rehearsal
	heals    bool // it may wait until the server is back
	listener cutter
	ended    atomic.Bool
	hit      bool // it had begun, and not ended
	kept     handedOver
	err      error
}

// shutDownWithin starts all runs, restarts the server a while after the moment that one of them names, and returns when all have ended.
func shutDownWithin(t *testing.T, server *ephemeral.Server, all []*sunk, delay time.Duration) {
	t.Helper()
	moment := make(chan struct{})
	var now sync.Once
	var running sync.WaitGroup
	for _, s := range all {
		url := s.listener.listen(t, server, s.database)
		running.Go(func() {
			reconnect := -time.Second // not at all
			if s.heals {
				reconnect = crashBudget
			}
			s.err = s.run(t.Context(), url, &s.kept, reconnect)
			s.ended.Store(true)
			if s.listener.moment > 0 {
				now.Do(func() { close(moment) })
			}
		})
		if s.listener.moment > 0 {
			go func() {
				<-s.listener.reached
				now.Do(func() { close(moment) })
			}()
		}
	}
	<-moment
	time.Sleep(delay)
	for _, s := range all {
		s.hit = s.listener.begun() && !s.ended.Load()
	}
	if err := server.Restart(t.Context()); err != nil { // an immediate shutdown first
		t.Fatal(err)
	}
	running.Wait()
	for _, s := range all {
		s.listener.end()
	}
}
