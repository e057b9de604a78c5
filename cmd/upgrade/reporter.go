package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ovirt/coco/upgrade"
)

// reporter tells a person, or a program, what the library does.
type reporter struct {
	console  *console
	progress *progress
	json     bool
	verbose  bool
	indent   string
}

// newReporter starts a reporter; its end must be called.
func (a *app) newReporter(indent string) *reporter {
	return &reporter{
		console: a.console, progress: startProgress(a.console), json: a.flags.json, verbose: a.flags.verbose, indent: indent,
	}
}

func (r *reporter) end() { r.progress.stop() }

// observe is what the library calls.
func (r *reporter) observe(event upgrade.Event) {
	if r.json {
		r.console.emit(event.EventName(), event)
	}
	if line := r.line(event); line != "" && r.verbose {
		r.console.notef("%s%s", r.indent, line)
	}
	switch e := event.(type) {
	case upgrade.ActionStarted:
		r.doing(func(since time.Duration) string {
			return fmt.Sprintf("%s, %s: %s", e.Kind.Words(), e.Name, took(since))
		})
	case upgrade.ActionFinished:
		r.progress.idle()
	case upgrade.StepStarted:
		r.doing(func(since time.Duration) string {
			return fmt.Sprintf("step %d of %d, %s: %s", e.N, e.Total, e.Step.Name, took(since))
		})
	case upgrade.BatchDone:
		r.doing(func(since time.Duration) string { return batch(e, since) })
	case upgrade.CaughtUp:
		r.doing(func(time.Duration) string { return r.line(e) })
	case upgrade.ConnectionLost:
		if e.Attempt == 0 {
			r.progress.idle()
			r.console.warn(e.Reason+"; connecting again, for up to "+took(e.Budget), "")
		}
		r.doing(func(since time.Duration) string {
			return fmt.Sprintf("%s: connecting again, %s of %s", e.Reason, took(e.Waited+since), took(e.Budget))
		})
	case upgrade.Throttled:
		r.doing(func(since time.Duration) string { return throttled(e, since) })
	case upgrade.WaitingForRun:
		r.doing(func(since time.Duration) string {
			return fmt.Sprintf("waiting %s of %s for another upgrade%s", took(e.Waited+since), took(e.Budget), named(e.Holders))
		})
	case upgrade.WaitingForLock:
		r.doing(func(since time.Duration) string {
			return fmt.Sprintf("%s: waiting %s of %s for a lock%s", e.Step.Name, took(e.Waited+since), took(e.Budget), named(e.Holders))
		})
	case upgrade.Draining:
		r.doing(func(since time.Duration) string {
			return fmt.Sprintf("%s: waiting %s of %s for older transactions%s",
				e.Step.Name, took(e.Waited+since), took(e.Budget), named(e.Blockers))
		})
	case upgrade.StepFinished:
		r.progress.idle()
		r.result(stepLine(e))
	case upgrade.ProofWritten:
		r.result(receiptLine(e.Receipt))
	case upgrade.DirtyResolved:
		r.progress.idle()
		r.result(dirtyLine(e.DirtyMark) + "; the mark is gone")
	case upgrade.ProceduresMended:
		r.progress.idle()
		for _, found := range e.Procedures {
			r.result(mendedLine(found))
		}
	case upgrade.Warning:
		r.console.warn(e.Message, e.Hint)
	}
}

func (r *reporter) doing(text func(time.Duration) string) {
	r.progress.doing(func(since time.Duration) string { return r.indent + text(since) })
}

func (r *reporter) result(line string) {
	if !r.json {
		r.console.resultf("%s%s", r.indent, line)
	}
}

// line is what --verbose writes about an event that has no other line.
func (r *reporter) line(event upgrade.Event) string {
	switch e := event.(type) {
	case upgrade.ActionStarted:
		if e.Kind == upgrade.KindApply || e.Kind == upgrade.KindTakeBack {
			return ""
		}
		return fmt.Sprintf("%s (%s): %s", e.Kind.Words(), e.Name, e.Summary)
	case upgrade.StepStarted:
		return fmt.Sprintf("step %d of %d: %s %s, sha256 %s", e.N, e.Total, e.Step, e.Step.Direction, e.Step.SHA256)
	case upgrade.BatchDone:
		return batch(e, 0)
	case upgrade.CaughtUp:
		text := fmt.Sprintf("before %s: %s in the change log", e.Before.Name, counted(e.Remaining, "change"))
		if e.ETA > 0 {
			text += ", " + remaining(e.ETA) + " left"
		}
		return text
	case upgrade.ConnectionLost:
		return fmt.Sprintf("attempt %d to connect again: %s", e.Attempt, e.Reason)
	case upgrade.Throttled:
		return throttled(e, 0)
	case upgrade.WaitingForRun:
		return fmt.Sprintf("another upgrade is running%s", named(e.Holders))
	case upgrade.WaitingForLock:
		return fmt.Sprintf("%s: attempt %d for a lock failed%s", e.Step.Name, e.Attempt, named(e.Holders))
	case upgrade.Draining:
		return fmt.Sprintf("%s: older transactions are open%s", e.Step.Name, named(e.Blockers))
	}
	return ""
}

func batch(e upgrade.BatchDone, since time.Duration) string {
	text := fmt.Sprintf("backfill, %s: %s of %s", e.Work, count(e.Done), count(max(e.Done, e.Total)))
	if e.Rate > 0 {
		text += fmt.Sprintf(", %s/s", counted(int64(e.Rate), "row"))
	}
	if e.ByteRate > 0 {
		text += fmt.Sprintf(", %s/s", size(int64(e.ByteRate)))
	}
	if left := e.ETA - since; left > 0 {
		text += ", " + remaining(left) + " left"
	}
	return text
}

// throttled says why the copy rests.
func throttled(e upgrade.Throttled, since time.Duration) string {
	rest := fmt.Sprintf("backfill: resting %s of %s", took(e.Waited+since), took(e.Budget))
	if e.Reason == upgrade.ThrottledByLag {
		return fmt.Sprintf("%s, a standby is %s behind%s", rest, took(e.Lag), named(e.Sessions))
	}
	return fmt.Sprintf("%s, clients wait for a lock%s", rest, named(e.Sessions))
}

// remaining writes an estimate: to the second, no finer.
func remaining(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.0fs", math.Ceil(d.Seconds()))
	}
	return took(d)
}

func stepLine(e upgrade.StepFinished) string {
	done := wordApplied
	if e.Step.Direction == upgrade.DirectionDown {
		done = "taken back"
	}
	return fmt.Sprintf("%-10s  %2d  %-8s  %-13s  %7s", done, e.Step.Version, e.Step.Phase, e.Step.Name, took(e.Duration))
}

func receiptLine(r upgrade.Receipt) string {
	return fmt.Sprintf("proved: %s in %s, %s in the archive; every value is equal",
		counted(r.Tasks, "task"), counted(r.Commands, "command"), count(r.Archived))
}

func mendedLine(found upgrade.ProcedureFinding) string {
	done := "created again"
	if found.What == upgrade.ProcedureReinstalled {
		done = "parked, the engine's own"
	}
	return fmt.Sprintf("%s: %s", done, found.Signature)
}

func dirtyLine(d upgrade.DirtyMark) string {
	at := "not upgraded at all"
	if d.Proven > 0 {
		at = fmt.Sprintf("at version %d", d.Proven)
	}
	if d.Marked < 0 {
		return "the migrate program broke off while it took back version 1; the database is " + at
	}
	return fmt.Sprintf("the migrate program broke off on the way to version %d; the database is %s", d.Marked, at)
}

// named lists sessions that are in the way.
func named(sessions []upgrade.Session) string {
	if len(sessions) == 0 {
		return ""
	}
	names := make([]string, 0, len(sessions))
	for _, session := range sessions {
		names = append(names, session.String())
	}
	return ": " + strings.Join(names, "; ")
}
