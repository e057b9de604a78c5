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
	if flags.exportCommands != "" {
		file, err := createNew(flags.exportCommands)
		if err != nil {
			return nil, fmt.Errorf("export the commands: %w", err)
		}
		files.commands = file
	}
	path, create := flags.exportJournal, createNew
	if path == "" && to == "" { // the only way down on which the journal goes
		path, create = journalName(a.databaseName, time.Now()), createNumbered
	}
	if path != "" {
		file, err := create(path)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("export the journal: %w", err), files.close(a.console))
		}
		files.journal = file
	}
	return files, nil
}

func journalName(database string, now time.Time) string {
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune("/\\:*?\"<>| ", r) || r < ' ' {
			return '_'
		}
		return r
	}, database)
	return "coco-journal-" + plain + "-" + now.UTC().Format("20060102T150405Z") + ".jsonl"
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

// close says where the exports are, and removes those that were not needed.
func (e *exports) close(c *console) error {
	var failed []error
	for what, file := range map[string]*newFile{"commands without a task": e.commands, "journal": e.journal} {
		if file == nil {
			continue
		}
		kept, err := file.close()
		failed = append(failed, err)
		if kept {
			c.notef("%s written to %s", what, file.path)
		}
	}
	return errors.Join(failed...)
}

// newFile is a file that did not exist before, for its owner's eyes only. It stays only if something is written.
type newFile struct {
	path    string
	file    *os.File
	written bool
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

func (f *newFile) close() (kept bool, err error) {
	if !f.written {
		return false, errors.Join(f.file.Close(), os.Remove(f.path))
	}
	return true, errors.Join(f.file.Sync(), f.file.Close())
}

// unheldCommands remembers the names of the commands that are exported, and passes everything on to a file if there is one.
type unheldCommands struct {
	file  *newFile
	first []unheldCommand
	count int
}

// unheldCommand is what may be shown of a command.
type unheldCommand struct {
	ID     string `json:"command_id"`
	Type   int    `json:"command_type"`
	Status string `json:"status"`
}

// maxUnheld is how many commands are named.
const maxUnheld = 20

// Write gets one command, as a line of JSON, from each call.
func (u *unheldCommands) Write(line []byte) (int, error) {
	u.count++
	if len(u.first) < maxUnheld {
		var command unheldCommand
		if err := json.Unmarshal(line, &command); err != nil {
			return 0, errors.New("a command came in an unknown form") // the parser's text could repeat values
		}
		u.first = append(u.first, command)
	}
	if u.file == nil {
		return len(line), nil
	}
	return u.file.Write(line)
}
