package sqlcover

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// key tells versions of a procedure apart: its signature, and the hash of its body.
type key struct{ signature, hash string }

func (p Procedure) key() key { return key{p.Signature, p.hash} }

// Counts are how often statements have run: by the version of the procedure and the number of the statement.
type Counts map[key]map[int]int64

// ReadCounts adds up what all files of a directory say. No file at all is an error: then nothing was measured.
func ReadCounts(dir string) (Counts, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return nil, fmt.Errorf("list the counts: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no counts in %s: no test ran with %s=%s", dir, DirVariable, dir)
	}
	counts := Counts{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the counts: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			if err := counts.add(strings.TrimSuffix(line, "\n")); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return counts, nil
}

// add reads SIGNATURE|HASH|STATEMENT|RUNS.
func (c Counts) add(line string) error {
	fields := strings.Split(line, "|")
	if len(fields) != 4 {
		return fmt.Errorf("%q has %d fields, not 4", line, len(fields))
	}
	id, err := strconv.Atoi(fields[2])
	if err != nil {
		return fmt.Errorf("%q: the number of a statement: %w", line, err)
	}
	runs, err := strconv.ParseInt(fields[3], 10, 64)
	if err != nil {
		return fmt.Errorf("%q: a count: %w", line, err)
	}
	of := key{fields[0], fields[1]}
	if c[of] == nil {
		c[of] = map[int]int64{}
	}
	c[of][id] += runs
	return nil
}

// Fill puts the counts into the procedures.
func (c Counts) Fill(procedures []Procedure) {
	for _, p := range procedures {
		for i := range p.Statements {
			p.Statements[i].Runs = c[p.key()][p.Statements[i].ID]
		}
	}
}
