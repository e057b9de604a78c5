package test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
)

const (
	scaleTasks = 6_000 // COCO_SCALE_TASKS names another number
	scaleRatio = 1.5   // of the times a row takes, many rows to few
	scalePairs = 3     // of runs; the best counts, because other work on the machine only adds

	memoryRatio = 1.25 // of the program's peak memory
	memoryNoise = 8 << 20
)

// TestScaleTimeIsLinearAndMemoryFlat upgrades a database of many tasks and one of a fraction of them, in turns.
func TestScaleTimeIsLinearAndMemoryFlat(t *testing.T) {
	many := number(t, "COCO_SCALE_TASKS", scaleTasks)
	few := many / 10
	if many <= scaleTasks {
		few = many / 5
	}
	t.Logf("%d and %d generated tasks with texts of 0.5 to 4 KB", few, many)

	best, leanFew, leanMany := 0.0, int64(0), int64(0)
	for pair := range scalePairs {
		small, large := upgradeGenerated(t, few), upgradeGenerated(t, many)
		ratio := perRow(large, many) / perRow(small, few)
		t.Logf("pair %d: %d tasks in %s, %.0f µs each, peak memory %s; %d tasks in %s, %.0f µs each, peak memory %s; "+
			"ratio of times per task %.2f", pair+1,
			few, small.took.Round(time.Millisecond), perRow(small, few), mebibytes(small.peak),
			many, large.took.Round(time.Millisecond), perRow(large, many), mebibytes(large.peak), ratio)
		if pair == 0 || ratio < best {
			best = ratio
		}
		leanFew, leanMany = max(leanFew, small.peak), max(leanMany, large.peak)
		if pair > 0 && best <= scaleRatio && many <= scaleTasks {
			break
		}
	}
	if best > scaleRatio {
		t.Errorf("a task takes %.2f times as long among %d as among %d, at most %.1f wanted", best, many, few, scaleRatio)
	}
	switch {
	case leanFew == 0 || leanMany == 0:
		t.Log("peak memory cannot be read on this system")
	case float64(leanMany) > memoryRatio*float64(leanFew)+memoryNoise:
		t.Errorf("peak memory grows from %s to %s", mebibytes(leanFew), mebibytes(leanMany))
	}
	t.Logf("best ratio of times per task %.2f, peak memory %s and %s", best, mebibytes(leanFew), mebibytes(leanMany))
}

// scaleRun is what an upgrade took: the program's time, and the most memory it had at any time.
type scaleRun struct {
	took time.Duration
	peak int64
}

func perRow(run scaleRun, tasks int) float64 {
	return float64(run.took.Microseconds()) / float64(tasks)
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

// upgradeGenerated upgrades that many tasks, and checks that every value of each reads back and verification finds nothing.
func upgradeGenerated(t *testing.T, tasks int) scaleRun {
	t.Helper()
	var run scaleRun
	t.Run(fmt.Sprintf("%d tasks", tasks), func(t *testing.T) {
		db := testdb.New(t, testdb.Options{Template: generated(tasks)})
		before := everyValue(t, db)
		run = measured(t, db.URL, "up")
		same(t, "all values of all tasks", before, everyValue(t, db))
		upgradeTool(t, db.URL, exitDone, "verify")
	})
	if t.Failed() {
		t.FailNow()
	}
	return run
}

func generated(tasks int) testdb.Template {
	return testdb.Template{
		Name: "generated",
		Hash: testdb.Hash(enginedb.FixtureSQL(), strconv.Itoa(tasks)),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			if err := enginedb.Load(ctx, conn); err != nil {
				return err
			}
			return enginedb.Generate(ctx, conn, enginedb.GenerateOptions{Tasks: tasks, Seed: uint64(tasks)})
		},
	}
}

// everyValue is a fingerprint of all columns of all tasks, as the getter gives them, and their number.
func everyValue(t *testing.T, db *testdb.DB) []string {
	t.Helper()
	conn := db.Connect(t.Context())
	defer func() { _ = conn.Close(t.Context()) }()
	return query(t, conn, `SELECT concat_ws(' ', count(*), md5(string_agg(md5(t::text), '' ORDER BY task_id)))
		FROM getallfromasync_tasks() t`)
}

// measured runs the program and watches its memory. What the system says about it after its end would not do: that counts the
// memory of the process that started it as well.
func measured(t *testing.T, url string, args ...string) scaleRun {
	t.Helper()
	run, err := prepare(t.Context(), t.TempDir(), url, args...)
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	if err := run.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run.cmd.Wait() }()
	peak := int64(0)
	for {
		select {
		case err := <-ended:
			took := time.Since(started)
			if err != nil {
				t.Fatalf("upgrade %q: %v\n%s", args, err, run.output())
			}
			return scaleRun{took: took, peak: peak}
		case <-time.After(5 * time.Millisecond):
			peak = max(peak, peakMemory(run.cmd.Process.Pid))
		}
	}
}

// peakMemory returns the most memory a process has had since it began its program, 0 if that is not known.
func peakMemory(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, found := bytes.Cut(status, []byte("VmHWM:"))
	value, _, ok := bytes.Cut(bytes.TrimSpace(rest), []byte(" kB"))
	kilobytes, err := strconv.ParseInt(string(value), 10, 64)
	if !found || !ok || err != nil {
		return 0
	}
	return kilobytes << 10
}
