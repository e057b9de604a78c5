// Package directory reads migrations as golang-migrate takes them, and procedures that are installed behind them, to be reviewed.
package directory

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/golang-migrate/migrate/v4/source"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/rehearse"
)

// What is wrong with a directory, or does not fit the database. An *upgrade.Error says more.
var (
	// ErrMissing: there is no such directory.
	ErrMissing = errors.New("no such directory")
	// ErrEmpty: it holds no migrations, or no procedures.
	ErrEmpty = errors.New("nothing to run")
	// ErrName: a file is called in a way that golang-migrate passes over, or takes for SQL although it is none.
	ErrName = errors.New("bad file name")
	// ErrTwice: two files of one version go up, or down.
	ErrTwice = errors.New("a version twice")
	// ErrUnknown: the directory has no such version.
	ErrUnknown = errors.New("unknown version")
)

// Directory is what may be run.
type Directory struct {
	// Files are the migrations that go up, in their order, and behind them the procedures, in that of their paths.
	migrations, procedures []rehearse.File
	versions               []int64 // of any file, sorted
}

// Read reads a directory of migrations, NUMBER_title.up.sql and NUMBER_title.down.sql, and one of procedures: every .sql file in it and
// below. Procedures may be nil.
func Read(migrations, procedures fs.FS) (*Directory, error) {
	d := &Directory{}
	if err := d.readMigrations(migrations); err != nil {
		return nil, err
	}
	if procedures == nil {
		return d, nil
	}
	return d, d.readProcedures(procedures)
}

func (d *Directory) readMigrations(files fs.FS) error {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return missing("migrations", err)
	}
	names := map[string]string{} // by version and direction
	for _, entry := range entries {
		parsed, err := source.Parse(entry.Name())
		isSQL := strings.HasSuffix(entry.Name(), ".sql")
		switch {
		case entry.IsDir() || err != nil && !isSQL:
			continue
		case err != nil || !isSQL:
			return &upgrade.Error{
				Kind: ErrName, Cause: err, Reason: fmt.Sprintf("%s is not called as migrations are", entry.Name()),
				Hint: "Migrations are called NUMBER_title.up.sql and NUMBER_title.down.sql. Rename it, or keep it elsewhere.",
			}
		}
		key := fmt.Sprintf("%d %s", parsed.Version, parsed.Direction)
		if other := names[key]; other != "" {
			return &upgrade.Error{
				Kind: ErrTwice, Reason: fmt.Sprintf("%s and %s have the same version", other, entry.Name()),
				Hint: "Give one of them a number of its own: golang-migrate runs none of the directory like this.",
			}
		}
		names[key] = entry.Name()
		version := int64(parsed.Version) //nolint:gosec // no version is that large
		d.versions = append(d.versions, version)
		if parsed.Direction != source.Up {
			continue
		}
		text, err := fs.ReadFile(files, entry.Name())
		if err != nil {
			return fmt.Errorf("read migration %s: %w", entry.Name(), err)
		}
		d.migrations = append(d.migrations, rehearse.File{
			Kind: upgrade.KindApply, Version: version, Name: parsed.Identifier, Path: entry.Name(), SQL: string(text),
		})
	}
	if len(d.migrations) == 0 {
		return &upgrade.Error{
			Kind: ErrEmpty, Reason: "there are no migrations in the directory",
			Hint: "They are called NUMBER_title.up.sql. Name the directory that holds them itself, not the one above.",
		}
	}
	slices.Sort(d.versions)
	d.versions = slices.Compact(d.versions)
	slices.SortFunc(d.migrations, func(a, b rehearse.File) int { return cmp.Compare(a.Version, b.Version) })
	return nil
}

func (d *Directory) readProcedures(files fs.FS) error {
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return missing("procedures", err)
		}
		if entry.IsDir() || path.Ext(name) != ".sql" {
			return nil
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read procedures %s: %w", name, err)
		}
		d.procedures = append(d.procedures, rehearse.File{Kind: upgrade.KindInstall, Name: name, Path: name, SQL: string(text)})
		return nil
	})
	if err == nil && len(d.procedures) == 0 {
		err = &upgrade.Error{
			Kind: ErrEmpty, Reason: "there are no procedures in the directory", Hint: "Name one with files that end in .sql, or leave --procedures out.",
		}
	}
	return err
}

func missing(what string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the %s: %w", what, err)
	}
	return &upgrade.Error{Kind: ErrMissing, Cause: err, Reason: "there is no such directory of " + what, Hint: "Look at its name."}
}

// Pending are the migrations above a version, up to another one, and behind them all procedures. From is where the database is, 0 for
// before all; to is 0 for the last. Last is the version behind them.
func (d *Directory) Pending(from, to int64) (files []rehearse.File, last int64, err error) {
	for version, whose := range map[int64]string{from: "the database is at", to: "it is to go to"} {
		if version != 0 && !slices.Contains(d.versions, version) {
			return nil, 0, &upgrade.Error{
				Kind: ErrUnknown, Reason: fmt.Sprintf("there is no version %d in the directory, which %s", version, whose),
				Hint: fmt.Sprintf("It has %d to %d. Name the directory that belongs to this database.", d.versions[0], d.versions[len(d.versions)-1]),
			}
		}
	}
	last = from
	for _, file := range d.migrations {
		if file.Version > from && (to == 0 || file.Version <= to) {
			files, last = append(files, file), file.Version
		}
	}
	return append(files, d.procedures...), last, nil
}
