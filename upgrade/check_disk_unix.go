//go:build linux || darwin

package upgrade

import (
	"fmt"
	"syscall"
)

// freeBytes returns how much a process without privileges may still write to the file system that a path is on.
func freeBytes(path string) (int64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return 0, fmt.Errorf("statfs: %w", err)
	}
	return int64(fs.Bavail) * int64(fs.Bsize), nil //nolint:gosec,unconvert // far below 2^63; the types differ between systems
}
