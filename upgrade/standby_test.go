package upgrade_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

// TestTheCopyRestsWhileAStandbyIsBehind stops the replay of a streaming standby: the copy rests, gives up when it has had enough, and goes on
// when the standby does.
func TestTheCopyRestsWhileAStandbyIsBehind(t *testing.T) {
	t.Parallel()
	primary, err := ephemeral.Start(t.Context(), ephemeral.Options{
		BinDir:   os.Getenv(testdb.BinDirVariable),
		Settings: map[string]string{"wal_receiver_status_interval": "1s"}, // how often a standby tells where it is when nothing comes
	})
	if err != nil {
		t.Fatal(err)
	}
	stopLater(t, primary)
	connect := func(server *ephemeral.Server, database string) *pgx.Conn {
		conn, err := pgx.Connect(t.Context(), server.URL(database))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
		return conn
	}
	run(t, connect(primary, "postgres"), `CREATE ROLE plain LOGIN IN ROLE postgres`)
	run(t, connect(primary, "postgres"), `CREATE DATABASE engine OWNER plain`)
	engine := connect(primary, "engine")
	if err := loadEngine(t.Context(), engine); err != nil {
		t.Fatal(err)
	}
	if err := enginedb.Generate(t.Context(), engine, enginedb.GenerateOptions{Tasks: 300, Seed: 6}); err != nil {
		t.Fatal(err)
	}
	standby, err := primary.Replica(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stopLater(t, standby)
	replay := connect(standby, "postgres")
	run(t, replay, `SELECT pg_wal_replay_pause()`)

	gently := upgrade.UpOptions{
		To: upgrade.Backfill, Jobs: 2, Batch: 10, Pause: 50 * time.Millisecond, MaxLag: 300 * time.Millisecond, LagBudget: 300 * time.Millisecond,
	}
	blind, events := newUpgrader(t, primary.URLFor("plain", "engine"))
	if _, err := blind.Up(t.Context(), upgrade.UpOptions{To: upgrade.Backfill, Batch: 10, Jobs: 2}); err != nil {
		t.Fatal(err)
	}
	if warnings := of[upgrade.Warning](*events); len(warnings) != 1 || !strings.Contains(warnings[0].Message, "cannot be seen") ||
		warnings[0].Hint != `GRANT pg_monitor TO "plain"` {
		t.Errorf("whoever may not see standbys is told %+v", warnings)
	}
	if _, err := blind.Down(t.Context(), upgrade.DownOptions{}); err != nil {
		t.Fatal(err)
	}

	upgrader, events := newUpgrader(t, primary.URL("engine"))
	_, err = upgrader.Up(t.Context(), gently)
	var busy *upgrade.Error
	if !errors.Is(err, upgrade.ErrBusy) || !errors.As(err, &busy) || busy.Hint == "" || !strings.Contains(busy.Reason, "a standby is ") {
		t.Fatalf("got %v, want ErrBusy", err)
	}
	if rests := of[upgrade.Throttled](*events); len(rests) == 0 || rests[0].Reason != upgrade.ThrottledByLag ||
		rests[0].Lag <= gently.MaxLag || rests[0].MaxLag != gently.MaxLag || len(rests[0].Sessions) != 1 {
		t.Errorf("it has rested: %+v", rests)
	}

	rests := 0
	upgrader, events = newUpgrader(t, primary.URL("engine"), func(o *upgrade.Options) {
		record := o.Observe
		o.Observe = func(e upgrade.Event) {
			record(e)
			if _, ok := e.(upgrade.Throttled); ok {
				if rests++; rests == 2 {
					run(t, replay, `SELECT pg_wal_replay_resume()`)
				}
			}
		}
	})
	gently.LagBudget = time.Minute
	if _, err := upgrader.Up(t.Context(), gently); err != nil {
		t.Fatal(err)
	}
	if batches := of[upgrade.BatchDone](*events); rests < 2 || len(batches) == 0 || !batches[len(batches)-1].Finished {
		t.Errorf("%d rests, batches: %+v", rests, batches)
	}
}

func stopLater(t *testing.T, server *ephemeral.Server) {
	t.Helper()
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
}
