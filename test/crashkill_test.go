package test

import (
	"context"
	"errors"
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

// killAtRandom kills the program after a random time and runs the command again.
func (c crashed) killAtRandom(t *testing.T, kills int, random *rand.Rand, report *crashReport) {
	t.Helper()
	r := c.rehearse(t)
	took := c.timed(t)
	var over atomic.Int64
	cases := map[string]func(*testing.T){}
	for range kills {
		after := time.Duration(random.Int64N(int64(took + took/4)))
		cases[title("after", after)] = func(t *testing.T) {
			db, dir := testdb.New(t, testdb.Options{Template: c.from}), t.TempDir()
			run, err := prepare(t.Context(), dir, db.URL, c.args...)
			if err != nil {
				t.Fatal(err)
			}
			if err := run.cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(after)
			_ = run.cmd.Process.Kill() // fails only when it has ended
			_ = run.cmd.Wait()
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
		}
	}
	report.all(t, cases)
	t.Logf("%d times kill -9 within %s; at %d of them it had already ended", kills, (took + took/4).Round(time.Millisecond), over.Load())
}

// timed measures an uninterrupted run of the program.
func (c crashed) timed(t *testing.T) time.Duration {
	t.Helper()
	db := testdb.New(t, testdb.Options{Template: c.from})
	return upgradeTool(t, db.URL, exitDone, c.args...).took
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
		want[i] = c.rehearseOn(t, server)
	}
	const atOnce = 4
	over := 0
	for round := range (runs + atOnce - 1) / atOnce {
		t.Run(title("round", round+1), func(t *testing.T) {
			all := make([]*shutDown, atOnce)
			longest := time.Duration(0)
			for i := range all {
				n := i % len(commands)
				name := title(commands[n].name, round, i)
				if err := server.CreateDatabase(t.Context(), name, commands[n].from.Name); err != nil {
					t.Fatal(err)
				}
				all[i] = &shutDown{crashed: commands[n], url: server.URL(name), want: want[n].result}
				all[i].wait = time.Duration(random.Int64N(int64(want[n].took)))
				longest = max(longest, all[i].wait, want[n].took)
			}
			var running sync.WaitGroup
			for _, s := range all {
				running.Go(func() {
					time.Sleep(s.wait)
					s.err = s.run(t.Context(), s.url, &s.kept)
				})
			}
			time.Sleep(longest + time.Duration(random.Int64N(int64(longest))))
			if err := server.Restart(t.Context()); err != nil { // an immediate shutdown first
				t.Fatal(err)
			}
			report.shutdowns.Add(1)
			running.Wait()
			for i, s := range all {
				switch {
				case s.err == nil:
					over++
				case errors.Is(s.err, upgrade.ErrUnreachable):
					report.broken.Add(1)
				default:
					t.Errorf("%s: it failed with %v, want ErrUnreachable", s.name, s.err)
				}
				if !t.Run(title(s.name, "begun", s.wait), func(t *testing.T) { s.recovered(t, s.url, &s.kept, s.want) }) {
					report.differences.Add(1)
				}
				if err := server.DropDatabase(t.Context(), title(s.name, round, i)); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	t.Logf("%d shutdowns while %d runs were at work; %d runs went to their end all the same", report.shutdowns.Load(), report.broken.Load(), over)
}

// shutDown is a run on a server that is shut down.
type shutDown struct {
	crashed

	url  string
	wait time.Duration // before it begins
	want []string
	kept handedOver
	err  error
}

func (c crashed) rehearseOn(t *testing.T, server *ephemeral.Server) rehearsal {
	t.Helper()
	const name = "rehearsal"
	if err := server.CreateDatabase(t.Context(), name, c.from.Name); err != nil {
		t.Fatal(err)
	}
	kept, started := &handedOver{}, time.Now()
	if err := c.run(t.Context(), server.URL(name), kept); err != nil {
		t.Fatal(err)
	}
	took := time.Since(started)
	result, err := c.result(t.Context(), server.URL(name), kept)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.DropDatabase(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	return rehearsal{result: result, took: took}
}
