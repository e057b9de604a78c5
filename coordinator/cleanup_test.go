package coordinator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ovirt/coco/gen"
	"github.com/ovirt/coco/internal/testdb"
)

func TestATreeGoesAsAWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	stays := plant(t, pool)
	before := monthAgo()

	for _, rows := range []int{1, 7, 0} {
		said, err := Cleanup(t.Context(), pool, before, CleanupOptions{DryRun: true, BatchRows: rows})
		if err != nil || said.RemovedCommands != forestGoes || !said.DryRun {
			t.Fatalf("dry run with batches of %d: %+v, %v", rows, said, err)
		}
	}
	if got := len(stored(t, pool)); got != len(forest) {
		t.Fatalf("after dry runs there are %d commands of %d", got, len(forest))
	}
	said, err := Cleanup(t.Context(), pool, before, CleanupOptions{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	report, err := Cleanup(t.Context(), pool, before, CleanupOptions{BatchRows: 9})
	if err != nil {
		t.Fatal(err)
	}
	if got := stored(t, pool); !slices.Equal(got, stays) {
		t.Errorf("there are %v\nwant %v", got, stays)
	}

	// Roots: all but the cycles; two trees that are tied together count as one.
	want := CleanupReport{
		Before: before, Trees: 18, RemovedTrees: 6, RemovedCommands: forestGoes,
		Kept: []KeptTrees{
			{KeptUnfinished, 5, 4 + 2 + 2 + 1 + 3, []uuid.UUID{id(200), id(600), id(700), id(800), id(900)}},
			{KeptTask, 2, 3 + 1, []uuid.UUID{id(300), id(400)}},
		},
	}
	for _, r := range []*CleanupReport{&said, &report} {
		r.Batches, r.Longest, r.Duration, r.DryRun = 0, 0, 0, false
		for i := range r.Kept {
			slices.SortFunc(r.Kept[i].First, func(a, b uuid.UUID) int { return strings.Compare(a.String()[24:], b.String()[24:]) })
		}
	}
	if got, want := fmt.Sprintf("%+v", report), fmt.Sprintf("%+v", want); got != want {
		t.Errorf("report\n%s\nwant\n%s", got, want)
	}
	if got, want := fmt.Sprintf("%+v", said), fmt.Sprintf("%+v", report); got != want {
		t.Errorf("the dry run said\n%s\nand the run did\n%s", got, want)
	}

	again, err := Cleanup(t.Context(), pool, before, CleanupOptions{})
	if err != nil || again.RemovedTrees != 0 || again.Trees != 12 {
		t.Errorf("the second time: %+v, %v", again, err)
	}
}

func TestTheEnginesOwnCallRemovesTheVerySame(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	stays := plant(t, pool)
	removed, err := gen.New(pool).RemoveAllCommandEntitiesBeforeDate(t.Context(), monthAgo())
	if got := stored(t, pool); err != nil || removed != forestGoes || !slices.Equal(got, stays) {
		t.Errorf("%d removed, %v; there are %v\nwant %v", removed, err, got, stays)
	}
}

func TestATreeThatIsLargerThanABatchGoesWhole(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	nodes := []node{{1, 0, 1, done, 40}, {2, 0, 2, done, 40}}
	for i := range 300 {
		nodes = append(nodes, node{100 + i, 1, 1, done, 40}, node{1000 + i, 100 + i, 1, done, 40})
	}
	store(t, pool, nodes...)
	transactions := 0
	report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{BatchRows: 5, Progress: func(r CleanupReport, share float64) {
		transactions++
		if left := len(stored(t, pool)); left != 602-int(r.RemovedCommands) || r.RemovedCommands != 0 && r.RemovedCommands < 601 && r.RemovedCommands != 1 {
			t.Errorf("%d removed, %d left: part of a tree", r.RemovedCommands, left)
		}
		if share < 0 || share > 1 {
			t.Errorf("%g of it is done", share)
		}
	}})
	if err != nil || report.RemovedCommands != 602 || report.RemovedTrees != 2 || report.Batches != transactions || transactions < 2 {
		t.Errorf("%+v in %d transactions, %v", report, transactions, err)
	}
}

func TestADateInTheFutureIsRefusedAndNothingIsRemoved(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	store(t, pool, node{1, 0, 1, done, 40})
	before := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	for _, dry := range []bool{true, false} {
		_, err := Cleanup(t.Context(), pool, before, CleanupOptions{DryRun: dry})
		var cutoff *CutoffError
		if !errors.Is(err, ErrCutoff) || !errors.As(err, &cutoff) || !cutoff.Before.Equal(before) {
			t.Errorf("dry run %v: %v", dry, err)
		}
	}
	if got := len(stored(t, pool)); got != 1 {
		t.Errorf("%d commands are left", got)
	}
	if _, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{}); err != nil {
		t.Errorf("the refused run was not ended: %v", err)
	}
}

func TestADatabaseWithoutTheUpgradeSaysSo(t *testing.T) {
	t.Parallel()
	pool := poolOf(t, testdb.New(t, testdb.Options{}))
	for _, dry := range []bool{true, false} {
		if _, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{DryRun: dry}); !errors.Is(err, ErrNotUpgraded) {
			t.Errorf("dry run %v: %v", dry, err)
		}
	}
	_, pool = pooled(t)
	exec(t, pool, `UPDATE coco.state SET serves = 'async_tasks'`) // as before the switch
	for _, dry := range []bool{true, false} {
		if _, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{DryRun: dry}); !errors.Is(err, ErrNotUpgraded) {
			t.Errorf("before the switch, dry run %v: %v", dry, err)
		}
	}
	if _, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{BatchRows: -1}); err == nil {
		t.Error("batches of -1 rows are taken")
	}
}
