package rehearse

import (
	"io/fs"
	"slices"

	"github.com/golang-migrate/migrate/v4/source"
)

// until is a directory of migrations without those above a version.
type until struct {
	fs.FS

	version int64
}

// ReadDir leaves them out.
func (u until) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(u.FS, name)
	return slices.DeleteFunc(entries, func(entry fs.DirEntry) bool {
		file, err := source.Parse(entry.Name())
		return err == nil && int64(file.Version) > u.version //nolint:gosec // versions are small numbers
	}), err
}
