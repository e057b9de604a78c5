package upgrade

import (
	"fmt"
	"slices"
	"strings"
)

// Phase is a stretch of the chain at whose end an upgrade may stop and stay.
type Phase string

// The phases, in their order.
const (
	// Expand adds the new table and the change log beside what is there.
	Expand Phase = "expand"
	// Backfill copies the rows, in batches.
	Backfill Phase = "backfill"
	// Prove compares every row and writes the receipt.
	Prove Phase = "prove"
	// Switch serves the old signatures from the new table.
	Switch Phase = "switch"
	// Contract drops the columns that have moved.
	Contract Phase = "contract"
	// Retire installs the procedures of the next engine version; an old engine cannot start after it.
	Retire Phase = "retire"
)

// Phases returns all phases in their order.
func Phases() []Phase {
	return []Phase{Expand, Backfill, Prove, Switch, Contract, Retire}
}

// ParsePhase reads the name of a phase.
func ParsePhase(name string) (Phase, error) {
	if phase := Phase(strings.ToLower(name)); phase.order() >= 0 {
		return phase, nil
	}
	names := make([]string, 0, len(Phases()))
	for _, phase := range Phases() {
		names = append(names, string(phase))
	}
	return "", fmt.Errorf("no phase is called %q: it is one of %s", name, strings.Join(names, ", "))
}

// order is the phase's place among all, -1 for none of them.
func (p Phase) order() int {
	return slices.Index(Phases(), p)
}

// catchesUp says whether the change log is applied before a step of this phase.
func (p Phase) catchesUp() bool {
	return p == Prove || p == Switch || p == Contract
}
