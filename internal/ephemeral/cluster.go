package ephemeral

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// cluster makes data directories. It keeps the first one of each server version and copies it from then on, because
// copying is several times faster than initdb.
type cluster struct {
	binDir  string
	account account
	cache   string // empty: keep nothing
}

// locales to try, best first: not every system has C.UTF-8.
func locales() []string { return []string{"C.UTF-8", "C"} }

func initdbArgs(locale string) []string {
	return []string{
		"--username=" + Superuser, "--encoding=UTF8", "--locale=" + locale,
		"--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync",
	}
}

// create fills a data directory that does not exist yet.
func (c cluster) create(ctx context.Context, data string) error {
	entry, err := c.cacheEntry(ctx)
	if err != nil {
		return err
	}
	if c.cache != "" && c.restore(entry, data) == nil {
		return nil
	}
	if err := os.RemoveAll(data); err != nil {
		return fmt.Errorf("clear the data directory: %w", err)
	}
	if err := c.initdb(ctx, data); err != nil {
		return err
	}
	if c.cache != "" {
		_ = c.store(entry, data) // without it the next start is slower, no more
	}
	return nil
}

func (c cluster) initdb(ctx context.Context, data string) error {
	var failures []error
	for _, locale := range locales() {
		cmd := exec.CommandContext(ctx, filepath.Join(c.binDir, "initdb"), append(initdbArgs(locale), "--pgdata="+data)...)
		cmd.Dir = filepath.Dir(data)
		cmd.Env = cleanEnv()
		cmd.SysProcAttr = c.account.attr()
		out, err := cmd.CombinedOutput()
		if err == nil {
			return nil
		}
		failures = append(failures, fmt.Errorf("initdb with locale %s: %w\n%s", locale, err, out))
	}
	return errors.Join(failures...)
}

// cacheEntry names the cached tree of exactly this server binary and these initdb arguments.
func (c cluster) cacheEntry(ctx context.Context) (string, error) {
	postgres := filepath.Join(c.binDir, "postgres")
	cmd := exec.CommandContext(ctx, postgres, "--version")
	cmd.SysProcAttr = c.account.attr()
	cmd.Dir = "/"
	version, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run %s --version: %w", postgres, err)
	}
	info, err := os.Stat(postgres)
	if err != nil {
		return "", fmt.Errorf("look at the server binary: %w", err)
	}
	h := sha256.New()
	fmt.Fprintln(h, string(version), c.binDir, info.Size(), info.ModTime().UnixNano())
	for _, locale := range locales() {
		fmt.Fprintln(h, initdbArgs(locale))
	}
	return filepath.Join(c.cache, fmt.Sprintf("initdb-%x", h.Sum(nil)[:8])), nil
}

// restore copies a cached tree. A tree that is not what was stored is thrown away.
func (c cluster) restore(entry, data string) error {
	want, err := os.ReadFile(filepath.Join(entry, "size"))
	if err != nil {
		return err
	}
	got, err := copyTree(filepath.Join(entry, "data"), data, c.account.own)
	if err == nil && got.String() != string(want) {
		err = fmt.Errorf("cached tree has %s, not %s", got, want)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(entry))
	}
	return nil
}

// store puts a tree into the cache under a name of its own and then renames it, so that no other process ever sees half
// of one. When two do so at once, one rename fails and its copy goes.
func (c cluster) store(entry, data string) error {
	sweep(c.cache)
	own, err := os.MkdirTemp(c.cache, ownName())
	if err != nil {
		return err
	}
	size, err := copyTree(data, filepath.Join(own, "data"), func(string) error { return nil })
	if err == nil {
		err = os.WriteFile(filepath.Join(own, "size"), []byte(size.String()), 0o600)
	}
	if err == nil {
		err = os.Rename(own, entry)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(own))
	}
	return nil
}

// cacheDir is a directory that only we can write to, for a tree in it decides what the server runs. Empty: there is none.
func cacheDir() string {
	dirs := []string{filepath.Join(os.TempDir(), fmt.Sprintf("coco-%d", os.Geteuid()))}
	if dir, err := os.UserCacheDir(); err == nil {
		dirs = append([]string{filepath.Join(dir, "coco")}, dirs...)
	}
	for _, dir := range dirs {
		if os.MkdirAll(dir, 0o700) == nil && isOurs(dir) {
			return dir
		}
	}
	return ""
}
