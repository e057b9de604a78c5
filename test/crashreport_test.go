package test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ovirt/coco/upgrade"
)

// crashReport counts what happened.
type crashReport struct {
	cuts, kills, broken, shutdowns, differences atomic.Int64

	left atomic.Int64 // cases that were not run, because the flag -run asked for others

	part, parts int // of the cases, every parts-th is run, from the part-th on
}

func (r *crashReport) interruptions() int64 { return r.cuts.Load() + r.kills.Load() + r.broken.Load() }

// crashCase is one interruption and what follows.
type crashCase struct {
	name string
	run  func(*testing.T)
}

// all runs the cases, several at the same time, each as a test of its own. A case that fails is a difference.
func (r *crashReport) all(t *testing.T, cases []crashCase) {
	t.Helper()
	next := make(chan crashCase)
	var workers sync.WaitGroup
	for range crashWorkers() {
		workers.Go(func() {
			for one := range next {
				r.left.Add(1)
				passed := t.Run(one.name, func(t *testing.T) {
					r.left.Add(-1)
					one.run(t)
				})
				if !passed {
					r.differences.Add(1)
				}
			}
		})
	}
	for i := r.part - 1; i < len(cases); i += r.parts {
		next <- cases[i]
	}
	close(next)
	workers.Wait()
}

// handedOver is what down gives away before it drops it: over all its runs the last line of each command, and the journal.
type handedOver struct {
	commands map[string]string
	journal  []string
}

// Write takes one command, as upgrade.DownOptions.Export does.
func (h *handedOver) Write(line []byte) (int, error) {
	var command struct {
		ID string `json:"command_id"`
	}
	if err := json.Unmarshal(line, &command); err != nil {
		return 0, err
	}
	if h.commands == nil {
		h.commands = map[string]string{}
	}
	h.commands[command.ID] = strings.TrimSpace(string(line))
	return len(line), nil
}

func (h *handedOver) takeJournal(rows []upgrade.JournalRow) error {
	h.journal = nil
	for _, row := range rows {
		h.journal = append(h.journal, fmt.Sprintf("journal %d %s", row.Version, row.Direction))
	}
	return nil
}

// read takes what runs of the program have left in a directory.
func (h *handedOver) read(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "coco-*.jsonl"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var rows []upgrade.JournalRow
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			if strings.HasPrefix(filepath.Base(file), "coco-commands-") {
				if _, err := h.Write(lines.Bytes()); err != nil {
					continue // the program was killed while it wrote this one: no transaction has gone on after it
				}
				continue
			}
			var row upgrade.JournalRow
			if json.Unmarshal(lines.Bytes(), &row) == nil {
				rows = append(rows, row)
			}
		}
		if len(rows) > len(h.journal) {
			if err := h.takeJournal(rows); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *handedOver) lines() []string {
	lines := slices.Clone(h.journal)
	for _, id := range slices.Sorted(maps.Keys(h.commands)) {
		lines = append(lines, "exported "+h.commands[id])
	}
	return lines
}
