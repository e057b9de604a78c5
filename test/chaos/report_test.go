package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// report is what a run was, in figures.
type report struct {
	seed                  uint64
	counts                map[kind]int
	disturbing, finishing time.Duration
	evidence              evidence
}

func (r report) log(t *testing.T, title string, found []violation) {
	t.Helper()
	entries, lines, children, recoveries := map[string]int{}, map[string]int{}, 0, 0
	plan := map[uuid.UUID]bool{}
	for _, p := range r.evidence.Plan {
		plan[p.ID] = true
	}
	for _, e := range r.evidence.Ledger {
		entries[e.What]++
		if e.Note == fromDead && plan[e.Command] {
			recoveries++
		}
	}
	for _, l := range r.evidence.Journal {
		lines[l.What]++
	}
	for _, k := range r.evidence.Kept {
		children += k.Children
	}

	var b strings.Builder
	row := func(count int, format string, args ...any) {
		fmt.Fprintf(&b, "%8d  %s\n", count, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(&b, "%s, seed %d\n", title, r.seed)
	row(total(r.counts), "disturbances of %d processes in %s; all had finished %s later",
		instances, r.disturbing.Round(time.Second), r.finishing.Round(100*time.Millisecond))
	b.WriteString(indent(list(r.counts)))
	row(lines[opened], "instances, by restarts and because they were taken for dead")
	row(entries[ended], "commands ended, of %d begun", entries[begun])
	row(recoveries, "times a command was taken from a dead owner")
	row(entries[step], "steps committed, with %d children", children)
	row(lines[refused], "attempts refused because the command was another's")
	row(lines[unknown], "commits not answered, %d of them found committed by who tried again", lines[foundAgain])
	row(lines[failed]-lines[foundAgain], "attempts broken off before their commit")
	row(len(found), "violations found")
	b.WriteString(indent(list(byKind(found))))
	t.Log(strings.TrimRight(b.String(), "\n"))
}

func byKind(found []violation) map[string]int {
	counts := map[string]int{}
	for _, v := range found {
		counts[v.Kind]++
	}
	return counts
}

func total[K comparable](counts map[K]int) int {
	sum := 0
	for _, count := range counts {
		sum += count
	}
	return sum
}

// list is a line for each count, in the order of names.
func list[K ~string](counts map[K]int) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "%8d  %s\n", counts[name], name)
	}
	return b.String()
}

func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
	return b.String()
}
