package ephemeral

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestConcurrentStartsShareOneCachedTree(t *testing.T) {
	c := testCluster(t)
	const starters = 3
	work := serverDir(t, c.account)
	errs := make([]error, starters)
	var wg sync.WaitGroup
	for i := range starters {
		wg.Go(func() { errs[i] = c.create(t.Context(), filepath.Join(work, fmt.Sprint(i))) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if entries := list(t, c.cache); len(entries) != 1 || !strings.HasPrefix(entries[0], "initdb-") {
		t.Errorf("the cache holds %v", entries)
	}

	if err := c.restore(filepath.Join(c.cache, list(t, c.cache)[0]), filepath.Join(work, "restored")); err != nil {
		t.Error(err)
	}
}

func TestDamagedCacheEntryIsMadeAnew(t *testing.T) {
	c := testCluster(t)
	work := serverDir(t, c.account)
	if err := c.create(t.Context(), filepath.Join(work, "first")); err != nil {
		t.Fatal(err)
	}
	entry := filepath.Join(c.cache, list(t, c.cache)[0])
	if err := os.Truncate(filepath.Join(entry, "data", "global", "pg_control"), 0); err != nil {
		t.Fatal(err)
	}

	data := filepath.Join(work, "second")
	if err := c.create(t.Context(), data); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{data, filepath.Join(entry, "data")} {
		info, err := os.Stat(filepath.Join(dir, "global", "pg_control"))
		if err != nil || info.Size() == 0 {
			t.Errorf("pg_control in %s: %v, %v", dir, info, err)
		}
	}
}

func TestCacheOthersCouldWriteToIsNotTrusted(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	t.Setenv("TMPDIR", t.TempDir())
	own := filepath.Join(dir, "coco")
	if got := cacheDir(); got != own {
		t.Fatalf("cache in %s, want %s", got, own)
	}
	if err := os.Chmod(own, 0o777); err != nil {
		t.Fatal(err)
	}
	if got := cacheDir(); got == own {
		t.Error("a directory everybody can write to was taken")
	}
}

func TestSweepTakesOnlyWhatDeadProcessesLeft(t *testing.T) {
	base := t.TempDir()
	ns := pidNamespace()
	if ns == "" {
		t.Skip("pid namespaces are not known here")
	}
	start, _ := processStart(os.Getpid())
	kept := []string{
		ownName() + "1",
		fmt.Sprintf("%s%s-%d-%s-1", dirPrefix, "1", 1<<30, start), // another container's
		dirPrefix + "odd",
		fmt.Sprintf("%s%s-x-%s-1", dirPrefix, ns, start),
		"other",
	}
	swept := []string{
		fmt.Sprintf("%s%s-%d-%s-1", dirPrefix, ns, 1<<30, start),
		fmt.Sprintf("%s%s-%d-%s0-1", dirPrefix, ns, os.Getpid(), start), // the id of a living process, used again
	}
	for _, name := range append(kept, swept...) {
		if err := os.MkdirAll(filepath.Join(base, name, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	sweep(base)
	left := strings.Join(list(t, base), " ")
	for _, name := range kept {
		mustContain(t, left, name)
	}
	if len(list(t, base)) != len(kept) {
		t.Errorf("left: %s", left)
	}
}

func TestPlaceTooLongForASocketIsRefused(t *testing.T) {
	base := filepath.Join(t.TempDir(), strings.Repeat("x", 60))
	if err := os.Mkdir(base, 0o755); err != nil {
		t.Fatal(err)
	}
	if dir, err := makeDirIn(base, account{}); err == nil {
		t.Errorf("made %s", dir)
	}
	if left := list(t, base); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// testCluster has a cache of its own.
func testCluster(t *testing.T) cluster {
	t.Helper()
	binDir, err := FindBinDir()
	if err != nil {
		t.Fatal(err)
	}
	a, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	return cluster{binDir: binDir, account: a, cache: t.TempDir()}
}

func serverDir(t *testing.T, a account) string {
	t.Helper()
	dir, err := makeDir(a, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
