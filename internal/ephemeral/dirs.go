package ephemeral

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	dirPrefix    = "coco-pg-"
	memoryDir    = "/dev/shm"
	enoughMemory = 512 << 20
	// The kernel limits the path of a unix socket to about 104 bytes, its terminating zero included.
	maxSocketPath = 100
)

// makeDir creates the directory of one server, owned by the account it runs as.
// First it sweeps away what processes left behind that are gone.
func makeDir(a account, onDisk bool) (string, error) {
	var refusals []error
	for _, base := range bases(onDisk) {
		sweep(base)
		dir, err := makeDirIn(base, a)
		if err == nil {
			return dir, nil
		}
		refusals = append(refusals, err)
	}
	return "", fmt.Errorf("no place for the data of an ephemeral server: %w", errors.Join(refusals...))
}

func bases(onDisk bool) []string {
	dirs := []string{os.TempDir()}
	if !onDisk {
		dirs = []string{memoryDir, os.TempDir()}
	}
	if !slices.Contains(dirs, "/tmp") {
		dirs = append(dirs, "/tmp") // a long TMPDIR is no place for a unix socket
	}
	return dirs
}

func makeDirIn(base string, a account) (string, error) {
	if base == memoryDir && freeBytes(base) < enoughMemory {
		return "", fmt.Errorf("%s has less than %d MB free", base, enoughMemory>>20)
	}
	if !a.canEnter(base) {
		return "", fmt.Errorf("%s is closed to the user that the server runs as", base)
	}
	dir, err := os.MkdirTemp(base, ownName())
	if err != nil {
		return "", err
	}
	if len(dir)+len("/.s.PGSQL.65535.lock") > maxSocketPath {
		return "", errors.Join(fmt.Errorf("%s is too long for a unix socket", base), os.Remove(dir))
	}
	if err := a.own(dir); err != nil {
		return "", errors.Join(err, os.Remove(dir))
	}
	return dir, nil
}

// ownName is the start of the name of every directory this process makes. It says which process that is:
// its pid namespace, id and start time.
func ownName() string {
	start, _ := processStart(os.Getpid())
	return fmt.Sprintf("%s%s-%d-%s-", dirPrefix, pidNamespace(), os.Getpid(), start)
}

// sweep removes the directories of processes that are gone. What it may not remove is somebody else's to sweep.
func sweep(base string) {
	entries, err := os.ReadDir(base)
	if err != nil {
		return
	}
	for _, e := range entries {
		if isAbandoned(e.Name()) {
			_ = os.RemoveAll(filepath.Join(base, e.Name()))
		}
	}
}

func isAbandoned(name string) bool {
	rest, ok := strings.CutPrefix(name, dirPrefix)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "-")
	if len(parts) != 4 || parts[0] == "" || parts[0] != pidNamespace() {
		return false // not a name of ours, or no way to look at that process from here
	}
	pid, err := strconv.Atoi(parts[1])
	if err != nil {
		return false
	}
	start, alive := processStart(pid)
	return !alive || start != parts[2]
}
