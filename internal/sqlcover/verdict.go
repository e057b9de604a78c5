package sqlcover

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// ErrGaps says that something is not run and has no exception, or that an exception is stale.
var ErrGaps = errors.New("the tests do not run every statement of the procedures")

// Report writes what has run of each procedure and what has not, and returns ErrGaps when that is not as the exceptions say.
func Report(out io.Writer, procedures []Procedure, exceptions []Exception) error {
	var all Coverage
	queries := 0
	fmt.Fprintf(out, "%-10s %-8s procedure\n", "statements", "branches")
	for _, p := range procedures {
		if len(p.Statements) == 0 {
			queries++
			continue
		}
		c := p.Coverage()
		all.Statements = all.Statements.Plus(c.Statements)
		all.Branches = all.Branches.Plus(c.Branches)
		all.Gaps = append(all.Gaps, c.Gaps...)
		fmt.Fprintf(out, "%10s %8s %s, %s\n", c.Statements, c.Branches, p.Signature, p.Since)
	}
	fmt.Fprintf(out, "%10s %8s all %d procedures in PL/pgSQL; %d more are one query each\n\n",
		all.Statements, all.Branches, len(procedures)-queries, queries)

	known, unknown, stale := judge(all.Gaps, exceptions)
	for _, e := range known {
		fmt.Fprintf(out, "not run, as known: %s: %s\n  %s\n", e.Signature, e.Text, e.Reason)
	}
	for _, g := range unknown {
		fmt.Fprintf(out, "NOT RUN: %s, %s, line %d: %s\n", g.Procedure.Signature, g.Procedure.Since, g.Line, g.Text)
	}
	for _, e := range stale {
		fmt.Fprintf(out, "STALE: the exception of %s: %s: a test runs it, or it is not there\n", e.Signature, e.Text)
	}
	if len(unknown)+len(stale) > 0 {
		return fmt.Errorf("%w: %d are not run, %d exceptions are stale", ErrGaps, len(unknown), len(stale))
	}
	fmt.Fprintf(out, "every statement and branch has run but %d, each with its reason\n", len(known))
	return nil
}

// judge tells the gaps that an exception covers, one each, from those that none does, and finds the exceptions that cover nothing.
func judge(gaps []Gap, exceptions []Exception) (known []Exception, unknown []Gap, stale []Exception) {
	stale = slices.Clone(exceptions)
	for _, g := range gaps {
		at := slices.IndexFunc(stale, func(e Exception) bool { return e.covers(g) })
		if at < 0 {
			unknown = append(unknown, g)
			continue
		}
		known = append(known, stale[at])
		stale = slices.Delete(stale, at, at+1)
	}
	return known, unknown, stale
}
