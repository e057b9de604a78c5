package approval

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade"
)

// format is the version of what a hash is made of.
const format = "coco approval 1"

// Of is the hash of going up to the end of a phase, empty for the last one, in a database.
func Of(live *Live, chain *upgrade.Chain, to upgrade.Phase) (Hash, error) {
	plan, err := planLines(chain, to)
	if err != nil {
		return Hash{}, err
	}
	content := map[Part][]string{Plan: plan}
	maps.Copy(content, live.lines)
	return hashOf(content), nil
}

// planLines are over everything that may be run, whatever of it is done already: the hash is to stay the same on the way.
func planLines(chain *upgrade.Chain, to upgrade.Phase) ([]string, error) {
	program, err := chain.Program(to)
	if err != nil {
		return nil, err
	}
	lines := []string{format}
	for _, a := range program {
		lines = append(lines, line("action", a.Number, a.Kind, a.Version, a.Name, a.SQL))
	}
	last := program[len(program)-1].Version
	for _, step := range chain.Downs() {
		if step.Version <= last {
			lines = append(lines, line("way back", step.Version, step.SHA256))
		}
	}
	return lines, nil
}

// MismatchError is the cause of the error where something else would be run than was approved, or elsewhere.
type MismatchError struct {
	// Approved is the hash that was given, Found that of what is there.
	Approved, Found Hash
	// Parts are those that differ. None: the hash was mistyped, or the digits that would tell agree by chance.
	Parts []Part
	// Instead, when it is set, is the phase up to which the hash does stand for this database and this program.
	Instead upgrade.Phase
}

// Error says what differs.
func (m *MismatchError) Error() string {
	switch {
	case m.Instead != "":
		return fmt.Sprintf("the upgrade was approved up to the end of %s, and not up to another phase", m.Instead)
	case len(m.Parts) == 0:
		return "this is not what was approved, although all its parts seem to agree: the hash may be mistyped"
	case len(m.Parts) == parts:
		return "this is not what was approved: nothing agrees, neither the plan nor the database"
	}
	names := make([]string, len(m.Parts))
	for i, part := range m.Parts {
		names[i] = string(part)
	}
	return "this is not what was approved: changed since then: " + strings.Join(names, ", ")
}

// hint is what to do.
func (m *MismatchError) hint() string {
	const unchanged = "Nothing was changed. "
	switch {
	case m.Instead != "":
		return unchanged + fmt.Sprintf("Add --to %s, or review the way that is meant and have its hash approved.", m.Instead)
	case len(m.Parts) == 0:
		return unchanged + `Compare it with the hash in the review; if it is the same, review again ("upgrade review").`
	case slices.Equal(m.Parts, []Part{Plan}): // and no other phase of this program
		return unchanged + `The review was made by another version of this program: use that one, or review again and have the new hash approved.`
	}
	return unchanged + `Review again ("upgrade review"), see what is new, and have the new hash approved.`
}

// Consent is an upgrade.UpOptions.Consent that agrees to one hash, for going up to the end of the same phase, and to nothing else. Its error
// is an *upgrade.Error of kind upgrade.ErrUnapproved, with a *MismatchError as its cause.
func Consent(chain *upgrade.Chain, to upgrade.Phase, approved Hash) func(context.Context, pgx.Tx) error {
	return func(ctx context.Context, tx pgx.Tx) error {
		live, err := Read(ctx, tx)
		if err != nil {
			return err
		}
		found, err := Of(live, chain, to)
		if err != nil || found == approved {
			return err
		}
		mismatch := &MismatchError{Approved: approved, Found: found, Parts: approved.differing(found)}
		for _, phase := range upgrade.Phases() {
			if other, err := Of(live, chain, phase); err == nil && other == approved {
				mismatch.Instead = phase
				break
			}
		}
		return &upgrade.Error{Kind: upgrade.ErrUnapproved, Reason: mismatch.Error(), Hint: mismatch.hint(), Cause: mismatch}
	}
}
