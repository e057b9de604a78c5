package upgrade_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

// busyEngine is a database with enough tasks that several connections have something to do.
func busyEngine(t *testing.T) *testdb.DB {
	t.Helper()
	template := engineTemplate()
	template.Name, template.Hash = "busy", testdb.Hash(template.Hash, "2000 tasks")
	load := template.Build
	template.Build = func(ctx context.Context, url string) error {
		if err := load(ctx, url); err != nil {
			return err
		}
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		return enginedb.Generate(ctx, conn, enginedb.GenerateOptions{Tasks: 2000, Seed: 5})
	}
	return testdb.New(t, testdb.Options{Template: template})
}

// copied is everything that a backfill writes, in one order.
const copied = `SELECT md5(string_agg(line, E'\n' ORDER BY line)) FROM (
	SELECT e::text AS line FROM command_entities e
	UNION ALL SELECT a::text FROM coco.archive a
	UNION ALL SELECT concat_ws(' ', task_id, command_id, root_command_id, fingerprint) FROM coco.ledger) AS lines`

// workers are the other connections of a run.
const workers = `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'coco upgrade' AND datname = current_database()`

func TestSeveralConnectionsCopyWhatOneCopies(t *testing.T) {
	t.Parallel()
	one := busyEngine(t)
	upgrader, _ := newUpgrader(t, one.URL)
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Backfill, Batch: 100}); err != nil {
		t.Fatal(err)
	}
	for _, jobs := range []int{2, 4} {
		db := busyEngine(t)
		most := int64(0)
		look := db.Connect(t.Context())
		upgrader, events := newUpgrader(t, db.URL, func(o *upgrade.Options) {
			record := o.Observe
			o.Observe = func(e upgrade.Event) {
				record(e)
				var now int64
				if err := look.QueryRow(t.Context(), workers).Scan(&now); err != nil {
					t.Error(err)
				}
				most = max(most, now)
			}
		})
		if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Backfill, Batch: 50, Jobs: jobs}); err != nil {
			t.Fatal(err)
		}
		if most != int64(jobs) {
			t.Errorf("%d connections were open at once, want %d", most, jobs)
		}
		for started := time.Now(); get[int64](t, db, workers) > 0; time.Sleep(10 * time.Millisecond) {
			if time.Since(started) > 5*time.Second {
				t.Fatal("a connection stayed open")
			}
		}
		if a, b := get[string](t, one, copied), get[string](t, db, copied); a != b {
			t.Errorf("%d connections copied something else than one", jobs)
		}
		if warnings := of[upgrade.Warning](*events); len(warnings) > 0 {
			t.Errorf("warnings: %v", warnings)
		}
		wantOrderly(t, of[upgrade.BatchDone](*events))
		upgrader, _ = newUpgrader(t, db.URL)
		if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Contract}); err != nil {
			t.Fatal(err)
		}
		if verified, err := upgrader.Verify(t.Context(), upgrade.VerifyOptions{}); err != nil || len(verified.Findings) > 0 {
			t.Errorf("verify: %+v, %v", verified, err)
		}
	}
}

// wantOrderly checks that each kind of work is told in one piece, that no number gets smaller and that the end is told once.
func wantOrderly(t *testing.T, batches []upgrade.BatchDone) {
	t.Helper()
	var works []string
	last := upgrade.BatchDone{}
	for i, batch := range batches {
		if batch.Work != last.Work {
			if slices.Contains(works, batch.Work) {
				t.Errorf("%s is told again after other work", batch.Work)
			}
			works, last = append(works, batch.Work), upgrade.BatchDone{}
		}
		if batch.Done < last.Done || batch.Bytes < last.Bytes {
			t.Errorf("%s went back from %d rows and %d bytes to %d and %d", batch.Work, last.Done, last.Bytes, batch.Done, batch.Bytes)
		}
		if batch.Finished != (i == len(batches)-1) {
			t.Errorf("batch %d of %d: finished %t", i+1, len(batches), batch.Finished)
		}
		last = batch
	}
	if len(works) < 3 {
		t.Errorf("only %v was told", works)
	}
}

func TestTheCopyMakesDoWithTheConnectionsThatItGets(t *testing.T) {
	t.Parallel()
	db := busyEngine(t)
	role := fmt.Sprintf("few_%d", time.Now().UnixNano())
	exec(t, db, fmt.Sprintf(`CREATE ROLE %[1]s LOGIN CONNECTION LIMIT 2 IN ROLE postgres;
		ALTER DATABASE %[2]s OWNER TO %[1]s`, role, db.Name))
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.WithoutCancel(t.Context()), db.URL)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(context.WithoutCancel(t.Context()))
		if _, err := conn.Exec(context.WithoutCancel(t.Context()), `REASSIGN OWNED BY `+role+` TO postgres`); err != nil {
			t.Error(err)
		}
		if _, err := conn.Exec(context.WithoutCancel(t.Context()), `DROP OWNED BY `+role+`; DROP ROLE `+role); err != nil {
			t.Error(err)
		}
	})
	upgrader, events := newUpgrader(t, db.URLFor(role))
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Backfill, Jobs: 4}); err != nil {
		t.Fatal(err)
	}
	warnings := of[upgrade.Warning](*events)
	if len(warnings) != 1 || !strings.Contains(warnings[0].Message, "2 of 4 connections") ||
		!strings.Contains(warnings[0].Message, "too many connections") || warnings[0].Hint == "" {
		t.Errorf("warnings: %+v", warnings)
	}
}

func TestAConnectionOfTheCopyThatIsLostIsMadeUpFor(t *testing.T) {
	t.Parallel()
	db := busyEngine(t)
	killer := db.Connect(t.Context())
	killed := false
	upgrader, events := newUpgrader(t, db.URL, func(o *upgrade.Options) {
		record := o.Observe
		o.Observe = func(e upgrade.Event) {
			record(e)
			if _, ok := e.(upgrade.BatchDone); !ok || killed {
				return
			}
			killed = true
			run(t, killer, `SELECT pg_terminate_backend(max(pid)) FROM pg_stat_activity
				WHERE application_name = 'coco upgrade' AND datname = current_database()
					AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')`)
		}
	})
	_, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Contract, Jobs: 3, Batch: 20})
	if err != nil {
		t.Fatal(err)
	}
	if lost := of[upgrade.ConnectionLost](*events); !killed || len(lost) == 0 {
		t.Fatalf("killed: %t, lost: %+v", killed, lost)
	}
	if verified, err := upgrader.Verify(t.Context(), upgrade.VerifyOptions{}); err != nil || len(verified.Findings) > 0 {
		t.Errorf("verify: %+v, %v", verified, err)
	}
}

func TestTheCopyRestsWhileClientsWaitForALock(t *testing.T) {
	t.Parallel()
	for name, blocked := range map[string]struct{ holder, waiter string }{
		"of a row": {
			`BEGIN; UPDATE async_tasks SET status = status WHERE task_id = (SELECT min(task_id::text)::uuid FROM async_tasks)`,
			`UPDATE async_tasks SET status = status WHERE task_id = (SELECT min(task_id::text)::uuid FROM async_tasks)`,
		},
		"of the table": {`BEGIN; LOCK TABLE async_tasks IN SHARE MODE`, `UPDATE async_tasks SET status = status WHERE false`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := busyEngine(t)
			holder, waiter := db.Connect(t.Context()), db.Connect(t.Context())
			first, _ := newUpgrader(t, db.URL)
			if _, err := first.Up(t.Context(), upgrade.UpOptions{To: upgrade.Expand}); err != nil {
				t.Fatal(err)
			}
			run(t, holder, blocked.holder)
			released := make(chan error, 1)
			go func() {
				_, err := waiter.Exec(t.Context(), blocked.waiter)
				released <- err
			}()
			waits := fmt.Sprintf(`SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = %d`, waiter.PgConn().PID())
			for get[int64](t, db, waits) == 0 {
				time.Sleep(time.Millisecond)
			}
			var batchesBefore int
			rested := []upgrade.Throttled{}
			upgrader, events := newUpgrader(t, db.URL, func(o *upgrade.Options) {
				record := o.Observe
				o.Observe = func(e upgrade.Event) {
					record(e)
					if _, ok := e.(upgrade.BatchDone); ok && len(rested) == 0 {
						batchesBefore++
					}
					if rest, ok := e.(upgrade.Throttled); ok {
						rested = append(rested, rest)
						if len(rested) == 2 {
							run(t, holder, `COMMIT`)
						}
					}
				}
			})
			if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Backfill, Jobs: 2, Batch: 100, Pause: 100 * time.Millisecond}); err != nil {
				t.Fatal(err)
			}
			if err := <-released; err != nil {
				t.Fatal(err)
			}
			if len(rested) < 2 || batchesBefore > 0 || rested[0].Reason != upgrade.ThrottledByWaits ||
				len(rested[0].Sessions) != 1 || rested[0].Sessions[0].PID != int32(waiter.PgConn().PID()) {
				t.Errorf("%d batches, then rests: %+v", batchesBefore, rested)
			}
			if len(rested) > 3 {
				t.Errorf("it rests although nobody waits any more: %+v", rested)
			}
			if batches := of[upgrade.BatchDone](*events); !batches[len(batches)-1].Finished {
				t.Error("the copy is not finished")
			}
		})
	}
}

func TestMoreJobsThanThereMayBeAreRefused(t *testing.T) {
	t.Parallel()
	upgrader, _ := newUpgrader(t, "postgres://nobody@127.0.0.1:1/nothing")
	for _, jobs := range []int{-1, upgrade.MaxJobs + 1} {
		if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{Jobs: jobs}); err == nil || !strings.Contains(err.Error(), "of 1 to 16") {
			t.Errorf("%d jobs: %v", jobs, err)
		}
	}
}

func TestABatchTakesAboutAsLongAsItShould(t *testing.T) {
	t.Parallel()
	db := busyEngine(t)
	upgrader, events := newUpgrader(t, db.URL)
	const target = 5 * time.Millisecond
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Backfill, BatchTime: target}); err != nil {
		t.Fatal(err)
	}
	batches := of[upgrade.BatchDone](*events)
	if batches[0].Batch != 1000 {
		t.Errorf("the first batch has %d rows", batches[0].Batch)
	}
	for i := 2; i < len(batches); i++ {
		before, now := batches[i-1], batches[i]
		if before.Work != batches[i-2].Work { // the size was found anew
			continue
		}
		if before.Took > 2*target && now.Batch >= before.Batch && now.Batch > 10 { // no batch is smaller
			t.Errorf("a batch of %d rows took %s, and the next one has %d", before.Batch, before.Took, now.Batch)
		}
		if before.Took < target/2 && now.Batch <= before.Batch && before.Batch < 20_000 { // none is larger
			t.Errorf("a batch of %d rows took %s, and the next one has %d", before.Batch, before.Took, now.Batch)
		}
	}
}
