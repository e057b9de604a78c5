// Package release tells whether procedures are those of a release of the engine, or were edited where they are: by fingerprints of the
// bodies of all that releases 3.3 to 3.5 create.
package release

import (
	_ "embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/ovirt/coco/sql"
	"github.com/ovirt/coco/upgrade/review/catalog"
)

//go:embed releases.txt
var releases string

// What stands for a release besides the engine's own.
const (
	// Demo is the database that "upgrade demo" makes.
	Demo = "demo"
	// Coco is what coco itself installs.
	Coco = "coco"
)

// Known are the procedures of all releases, and coco's own.
type Known struct {
	order []string // of the releases
	names map[string]map[string][]string
}

// Procedures returns what is known.
var Procedures = sync.OnceValues(read)

func read() (*Known, error) {
	known := &Known{names: map[string]map[string][]string{}}
	for line := range strings.Lines(releases) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || strings.HasPrefix(line, "#"):
		case fields[0] == "releases:":
			known.order = fields[1:]
		case len(fields) == 3:
			which, err := known.between(fields[2])
			if err != nil {
				return nil, err
			}
			known.add(fields[0], fields[1], which)
		default:
			return nil, fmt.Errorf("the known procedures: %q is not name, fingerprint, releases", line)
		}
	}
	return known, known.addOwn()
}

// addOwn adds what coco's migrations create.
func (k *Known) addOwn() error {
	names, err := fs.Glob(sql.Schema, "schema/*.up.sql")
	if err != nil {
		return fmt.Errorf("list the migrations: %w", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(sql.Schema, name)
		if err != nil {
			return fmt.Errorf("read a migration: %w", err)
		}
		for _, d := range Scan(string(text)) {
			k.add(d.Name, Fingerprint(d.Body), []string{Coco})
		}
	}
	return nil
}

func (k *Known) add(name, fingerprint string, which []string) {
	if k.names[name] == nil {
		k.names[name] = map[string][]string{}
	}
	k.names[name][fingerprint] = append(k.names[name][fingerprint], which...)
}

// between reads ranges of releases: 3.3.0-3.3.5,3.4.4.
func (k *Known) between(ranges string) ([]string, error) {
	var which []string
	for part := range strings.SplitSeq(ranges, ",") {
		first, last, ok := strings.Cut(part, "-")
		if !ok {
			last = first
		}
		from, to := slices.Index(k.order, first), slices.Index(k.order, last)
		if from < 0 || to < from {
			return nil, fmt.Errorf("the known procedures: %q are no releases", part)
		}
		which = append(which, k.order[from:to+1]...)
	}
	return which, nil
}

// Of returns the releases that a procedure's body is of, oldest first; none if it was edited.
func (k *Known) Of(r catalog.Routine) []string { return k.names[r.Name][Fingerprint(r.Body)] }

// Has says whether any release has a procedure of that name.
func (k *Known) Has(name string) bool { return len(k.names[name]) > 0 }

// Comparison is what the procedures of a database are.
type Comparison struct {
	// Release is the one that most of them are of, empty for none; Equal, how many.
	Release string
	Equal   int
	// Own is how many are coco's, of no release of the engine. Other are those of another release, Edited those whose name a release
	// has and whose body none, Foreign those whose name none has.
	Own                    int
	Other, Edited, Foreign []catalog.Routine
}

// Compared is how many procedures can be compared: those with a name that a release has.
func (c Comparison) Compared() int { return c.Equal + c.Own + len(c.Other) + len(c.Edited) }

// Compare tells what the procedures in public are. What else is there is nobody's release.
func (k *Known) Compare(routines []catalog.Routine) Comparison {
	var (
		found   Comparison
		counted = map[string]int{}
		of      = make([][]string, len(routines))
	)
	for i, r := range routines {
		if r.Schema != "public" {
			continue
		}
		of[i] = k.Of(r)
		for _, release := range of[i] {
			if release != Coco {
				counted[release]++
			}
		}
	}
	for _, release := range k.order { // of two that fit equally well, the later one
		if counted[release] > 0 && counted[release] >= found.Equal {
			found.Release, found.Equal = release, counted[release]
		}
	}
	for i, r := range routines {
		switch {
		case r.Schema != "public" || slices.Contains(of[i], found.Release):
		case slices.Contains(of[i], Coco):
			found.Own++
		case len(of[i]) > 0:
			found.Other = append(found.Other, r)
		case k.Has(r.Name):
			found.Edited = append(found.Edited, r)
		default:
			found.Foreign = append(found.Foreign, r)
		}
	}
	return found
}
