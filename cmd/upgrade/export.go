package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ovirt/coco/upgrade"
)

// exports are the files that down writes. Either may be nil.
type exports struct {
	commands, journal *newFile
}

// openExports makes the files before anything is changed: what cannot be written must not be dropped.
func (a *app) openExports(to upgrade.Phase, flags downFlags) (*exports, error) {
	files := &exports{}
	for _, f := range []struct {
		what, flag, prefix string
		dropped            bool // on this way down
		file               **newFile
	}{
		{"commands", flags.exportCommands, "coco-commands", to == "" || to == upgrade.Expand, &files.commands},
		{"journal", flags.exportJournal, "coco-journal", to == "", &files.journal},
	} {
		path, create := f.flag, createNew
		if path == "" && f.dropped {
			path, create = exportName(f.prefix, a.databaseName, time.Now()), createNumbered
		}
		if path == "" {
			continue
		}
		file, err := create(path)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("export the %s: %w", f.what, err), files.close())
		}
		*f.file = file
	}
	return files, nil
}

// exportName is the name of a file in the current directory.
func exportName(prefix, database string, now time.Time) string {
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune("/\\:*?\"<>| ", r) || r < ' ' {
			return '_'
		}
		return r
	}, database)
	return prefix + "-" + plain + "-" + now.UTC().Format("20060102T150405Z") + ".jsonl"
}

// writeJournal is called in the transaction that drops the journal, and again if that has to be repeated.
func (e *exports) writeJournal(rows []upgrade.JournalRow) error {
	if e.journal == nil {
		return nil
	}
	if err := e.journal.restart(); err != nil {
		return err
	}
	lines := json.NewEncoder(e.journal)
	for _, row := range rows {
		if err := lines.Encode(row); err != nil {
			return err
		}
	}
	return e.journal.file.Sync()
}

// close ends the files and removes those that were not needed.
func (e *exports) close() error { return errors.Join(e.commands.close(), e.journal.close()) }

// newFile is a file that did not exist before, for its owner's eyes only. It stays only if something is written.
type newFile struct {
	path    string
	file    *os.File
	written bool
	synced  bool // the database may have dropped what was written, also where its answer was lost
}

func createNew(path string) (*newFile, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &newFile{path: path, file: file}, nil
}

// createNumbered is createNew, under a name with a number where there is such a file: a run that was killed within the same second
// has left one.
func createNumbered(path string) (*newFile, error) {
	for n, name := 2, path; ; n++ {
		file, err := createNew(name)
		if !errors.Is(err, os.ErrExist) {
			return file, err
		}
		ending := filepath.Ext(path)
		name = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ending), n, ending)
	}
}

// Write implements io.Writer, unbuffered: what the database drops must be in the file by then.
func (f *newFile) Write(p []byte) (int, error) {
	f.written = f.written || len(p) > 0
	return f.file.Write(p)
}

func (f *newFile) restart() error {
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return f.file.Truncate(0)
}

// Sync makes what was written last, whatever happens to the machine.
func (f *newFile) Sync() error {
	f.synced = true
	return f.file.Sync()
}

// close ends the file. Of a nil one there is nothing to end.
func (f *newFile) close() error {
	if f == nil {
		return nil
	}
	if !f.written {
		return errors.Join(f.file.Close(), os.Remove(f.path))
	}
	return errors.Join(f.file.Sync(), f.file.Close())
}

// forget removes the file at its end, unless the database may have dropped what is in it.
func (f *newFile) forget() {
	if f != nil && !f.synced {
		f.written = false
	}
}

// kept is the path of the file, if it was made and something was written.
func (f *newFile) kept() string {
	if f == nil || !f.written {
		return ""
	}
	return f.path
}
