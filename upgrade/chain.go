package upgrade

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"slices"
	"strings"

	"github.com/golang-migrate/migrate/v4/source"

	"github.com/ovirt/coco/upgrade/driver"
)

// Direction is the way a step goes.
type Direction = driver.Direction

// The two directions.
const (
	DirectionUp   = driver.Up
	DirectionDown = driver.Down
)

// Step is one migration in one direction.
type Step struct {
	Version   int64     `json:"version"`
	Name      string    `json:"name"`
	Phase     Phase     `json:"phase"`
	Direction Direction `json:"direction"`
	// SHA256 is the hash of the step's file, in hex.
	SHA256 string `json:"sha256"`
	// Lineage is the hash over names and hashes of all up files from the first to this one, in hex. It tells two chains apart
	// that agree in this file but not in those before it.
	Lineage string `json:"lineage"`
	// SQL is the file; Summary, Locks and Rewrites are what the comments at its head say.
	SQL     string `json:"-"`
	Summary string `json:"-"`
	// Locks are the strongest that the step takes on each table that was there before coco.
	Locks []Lock `json:"-"`
	// Rewrites are those of these tables that it writes anew.
	Rewrites []string `json:"-"`
}

// String returns the step's file name without its ending.
func (s Step) String() string {
	return fmt.Sprintf("%06d_%s", s.Version, s.Name)
}

func (s Step) file() string { return s.String() + "." + string(s.Direction) + ".sql" }

// Chain is the migrations in their order.
type Chain struct {
	ups, downs []Step
}

// LoadChain reads all NNNNNN_name.{up,down}.sql of a directory. Every version needs both files and, among the comments at the
// head of its up file, the line "-- coco:phase NAME"; phases must not go back. Other files are ignored.
func LoadChain(fsys fs.FS) (*Chain, error) {
	files, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	chain := &Chain{}
	for _, file := range files {
		parsed, err := source.Parse(file.Name())
		if err != nil || file.IsDir() || !strings.HasSuffix(file.Name(), ".sql") {
			continue
		}
		text, err := fs.ReadFile(fsys, file.Name())
		if err != nil {
			return nil, fmt.Errorf("read the migrations: %w", err)
		}
		sum := sha256.Sum256(text)
		step := Step{
			Version: int64(parsed.Version), Name: parsed.Identifier, Direction: Direction(parsed.Direction), //nolint:gosec // checked below
			SHA256: hex.EncodeToString(sum[:]), SQL: string(text),
		}
		head, err := readHeader(step.SQL)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", file.Name(), err)
		}
		step.Summary, step.Locks, step.Rewrites = head.summary, head.locks, head.rewrites
		step.Phase = Phase(head.phase)
		if step.Version < 1 {
			return nil, fmt.Errorf("migration %s: versions start at 1", file.Name())
		}
		if step.Direction == DirectionUp {
			chain.ups = append(chain.ups, step)
		} else {
			chain.downs = append(chain.downs, step)
		}
	}
	if err := chain.link(); err != nil {
		return nil, err
	}
	return chain, nil
}

// link puts the files in order, pairs them and gives each its phase and lineage.
func (c *Chain) link() error {
	byVersion := func(a, b Step) int { return int(a.Version - b.Version) }
	slices.SortFunc(c.ups, byVersion)
	slices.SortFunc(c.downs, byVersion)
	if len(c.ups) == 0 {
		return errors.New("there are no migrations")
	}
	if len(c.ups) != len(c.downs) {
		return fmt.Errorf("%d migrations go up, %d go down: every one needs both files", len(c.ups), len(c.downs))
	}
	lineage := sha256.New()
	for i := range c.ups {
		up, down := &c.ups[i], &c.downs[i]
		if up.Version != down.Version || up.Name != down.Name {
			return fmt.Errorf("migration %s has no file that goes down (the next one is %s)", up, down)
		}
		if i > 0 && up.Version == c.ups[i-1].Version {
			return fmt.Errorf("migrations %s and %s have the same version", c.ups[i-1], up)
		}
		if up.Phase == "" {
			return fmt.Errorf("migration %s: it does not begin with a line %q", up, "-- coco:phase NAME")
		}
		phase, err := ParsePhase(string(up.Phase))
		if err != nil {
			return fmt.Errorf("migration %s: %w", up, err)
		}
		if i > 0 && phase.order() < c.ups[i-1].Phase.order() {
			return fmt.Errorf("migration %s: phase %s stands behind %s", up, phase, c.ups[i-1].Phase)
		}
		up.Phase, down.Phase = phase, phase
		up.Lineage = extend(lineage, *up)
		down.Lineage = up.Lineage
	}
	return nil
}

func extend(lineage hash.Hash, step Step) string {
	_, _ = fmt.Fprintf(lineage, "%s %s\n", step, step.SHA256) // a hash does not fail
	return hex.EncodeToString(lineage.Sum(nil))
}

// Ups returns the chain going up, oldest first.
func (c *Chain) Ups() []Step { return slices.Clone(c.ups) }

// Downs returns the chain going down, newest first.
func (c *Chain) Downs() []Step {
	downs := slices.Clone(c.downs)
	slices.Reverse(downs)
	return downs
}

// Last returns the newest version of the chain.
func (c *Chain) Last() int64 { return c.ups[len(c.ups)-1].Version }

// End returns the last version of a phase. A phase without a migration of its own ends where the one before it does; 0 if there
// is none.
func (c *Chain) End(phase Phase) int64 {
	end := int64(0)
	for _, step := range c.ups {
		if step.Phase.order() <= phase.order() {
			end = step.Version
		}
	}
	return end
}

// upTarget returns the version at the end of a phase, of the last one if it is empty.
func (c *Chain) upTarget(to Phase) (int64, error) {
	if to == "" {
		return c.Last(), nil
	}
	if to.order() < 0 {
		_, err := ParsePhase(string(to))
		return 0, err
	}
	return c.End(to), nil
}

// at returns the up step of a version.
func (c *Chain) at(version int64) (Step, bool) {
	i := slices.IndexFunc(c.ups, func(s Step) bool { return s.Version == version })
	if i < 0 {
		return Step{}, false
	}
	return c.ups[i], true
}

// below returns the version before another one, 0 for none.
func (c *Chain) below(version int64) int64 {
	before := int64(0)
	for _, step := range c.ups {
		if step.Version < version {
			before = step.Version
		}
	}
	return before
}

// between returns the steps that lead from one version to another, in the order in which they are run.
func (c *Chain) between(from, to int64) []Step {
	var steps []Step
	if from <= to {
		for _, step := range c.ups {
			if step.Version > from && step.Version <= to {
				steps = append(steps, step)
			}
		}
		return steps
	}
	for _, step := range slices.Backward(c.downs) {
		if step.Version <= from && step.Version > to {
			steps = append(steps, step)
		}
	}
	return steps
}

// first returns the first up step of a phase.
func (c *Chain) first(phase Phase) (Step, bool) {
	i := slices.IndexFunc(c.ups, func(s Step) bool { return s.Phase == phase })
	if i < 0 {
		return Step{}, false
	}
	return c.ups[i], true
}

// isFirstOf says whether a step is the first of a phase.
func (c *Chain) isFirstOf(step Step, phase Phase) bool {
	first, ok := c.first(phase)
	return ok && first.Version == step.Version
}

// entries is what the driver writes into the journal.
func entries(steps []Step) []driver.Entry {
	entries := make([]driver.Entry, 0, len(steps))
	for _, s := range steps {
		entries = append(entries, driver.Entry{Version: s.Version, Name: s.Name, SHA256: s.SHA256, Lineage: s.Lineage})
	}
	return entries
}
