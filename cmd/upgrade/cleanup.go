package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/upgrade"
)

const cleanupLong = `cleanup removes commands that finished before a date. A tree, that is a command without a parent and all below
it, goes as a whole or stays as a whole: it goes when its root finished before the date, all below it has
finished too, and no task names any of it. Without --yes nothing is changed, and cleanup says what would go
and what keeps the rest. The database has to be upgraded to the switch or further; the engine may run.

--before takes a date (2026-01-31), a time (2026-01-31 12:00, in the time zone of this machine, or as in
2026-01-31T12:00:00Z), or an age: 30d, 4w, 12h. A date is the midnight with which it begins. Ages count back
from the clock of the database. A date that is still to come is refused.

What is removed is written to coco-commands-DATABASE-TIME.jsonl in the current directory first, or to the file
that --export names; "upgrade commands load" takes it in again. The file holds parameters: it is made with
mode 0600 and never written over another one, and what is in a batch is on the disk before its removal is
committed.

It works in short transactions and waits for nobody: what is in use just then is kept. An interrupted run can
be run again. Only one cleanup is at work on a database at a time, also of those that engines run daily; a
second one is told so (5).`

const cleanupExample = `  upgrade cleanup --before 30d                     what would go
  upgrade cleanup --before 30d --yes
  upgrade cleanup --before 2026-01-31 --yes --export removed.jsonl`

type cleanupFlags struct {
	before, export string
	yes            bool
}

func (a *app) newCleanup() *cobra.Command {
	var flags cleanupFlags
	cmd := &cobra.Command{
		Use:        "cleanup",
		Short:      "Remove commands that finished long ago",
		SuggestFor: []string{"clean", "prune", "purge", "vacuum", "expire"},
		Long:       cleanupLong,
		Example:    cleanupExample,
		Args:       noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.before == "" {
				return &usageError{reason: "cleanup needs --before", hint: "Give a date or an age, for instance --before 30d."}
			}
			before, err := parseCutoff(flags.before)
			if err != nil {
				return err
			}
			return a.cleanUp(cmd.Context(), before, flags)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.before, "before", "", "remove what finished before this `DATE`, time or age")
	set.BoolVarP(&flags.yes, "yes", "y", false, "remove; otherwise nothing is changed")
	set.StringVar(&flags.export, "export", "", "write what is removed to this new `FILE`, one JSON object a line")
	return cmd
}

func (a *app) cleanUp(ctx context.Context, before cutoff, flags cleanupFlags) error {
	report := a.newReporter("")
	defer report.end()
	upgrader, err := a.upgrader(report.observe)
	if err != nil {
		return err
	}
	report.doing(elapsed("asking the database"))
	var (
		result coordinator.CleanupReport
		file   *newFile
	)
	err = upgrader.Connected(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		date, err := before.date(ctx, conn)
		if err != nil {
			return err
		}
		options := coordinator.CleanupOptions{DryRun: !flags.yes, Progress: func(so coordinator.CleanupReport, done float64) {
			report.doing(func(time.Duration) string { return cleanupProgress(so, done) })
		}}
		if flags.yes {
			if file, err = a.openRemovalExport(flags.export); err != nil {
				return err
			}
			options.Export = file
		}
		result, err = coordinator.Cleanup(ctx, conn, date, options)
		return cleanupError(flags.before, err)
	})
	report.progress.idle()
	if err != nil && result.RemovedCommands == 0 {
		file.forget()
	}
	if closing := file.close(); err == nil {
		err = closing
	}
	if err == nil || result.RemovedCommands > 0 || file.kept() != "" {
		a.showCleanup(result, file.kept())
	}
	return err
}

func cleanupProgress(so coordinator.CleanupReport, done float64) string {
	verb := "removed"
	if so.DryRun {
		verb = "would go"
	}
	text := fmt.Sprintf("cleaning up: %.0f%%, %s %s", done*100, counted(so.RemovedCommands, "command"), verb)
	if seconds := so.Duration.Seconds(); seconds > 0 && done > 0 && done < 1 {
		text += ", " + remaining(time.Duration((1-done)/done*seconds*float64(time.Second))) + " left"
	}
	return text
}

// cleanupError adds the next step to what the library says.
func cleanupError(before string, err error) error {
	var running *coordinator.CleanupRunningError
	switch {
	case errors.Is(err, coordinator.ErrCutoff):
		return &usageError{reason: fmt.Sprintf("--before %s lies in the future of the database's clock", before), hint: "Give a date that has passed."}
	case errors.Is(err, coordinator.ErrNotUpgraded):
		return &upgrade.Error{
			Kind: upgrade.ErrRefused, Cause: err, Reason: "the database has not been upgraded to the switch, so there is nothing to clean up yet",
			Hint: `Run "upgrade up --to switch", or further, first.`,
		}
	case errors.As(err, &running):
		return &upgrade.Error{
			Kind: upgrade.ErrBusy, Cause: err, Reason: running.Error(),
			Hint: "Wait until it is done, or if it has died until it is given up, and run the same command again.",
		}
	}
	return err
}

// keptBecause says in a table what keeps a tree.
var keptBecause = map[coordinator.KeptReason]string{
	coordinator.KeptUnfinished: "kept, not all finished",
	coordinator.KeptTask:       "kept, named by tasks",
	coordinator.KeptLocked:     "kept, in use just now",
}

func (a *app) showCleanup(report coordinator.CleanupReport, path string) {
	if a.flags.json {
		a.console.emit("result", struct {
			coordinator.CleanupReport

			File string `json:"file,omitempty"`
		}{report, path})
		return
	}
	first := "removed"
	if report.DryRun {
		first = "would go"
	}
	rest := report.Trees - report.RemovedTrees
	rows := [][]string{
		{"", "trees", "commands", "the first of them"},
		{first, count(report.RemovedTrees), count(report.RemovedCommands), ""},
	}
	for _, kept := range report.Kept {
		rest -= kept.Trees
		row := []string{keptBecause[kept.Reason], count(kept.Trees), count(kept.Commands)}
		for _, root := range kept.First {
			rows = append(rows, append(row, root.String()))
			row = []string{"", "", ""}
		}
	}
	rows = append(rows, []string{"not finished by then", count(rest), "", ""})
	a.console.resultf("%s\n", table(rows, plain))

	before := report.Before.Local().Format("2006-01-02 15:04:05 MST") //nolint:gosmopolitan // whoever reads it is here
	commands := fmt.Sprintf("%s in %s", counted(report.RemovedCommands, "command"), counted(report.RemovedTrees, "tree"))
	switch {
	case report.RemovedCommands == 0:
		a.console.resultf("nothing to do: no tree that finished before %s can go", before)
	case report.DryRun:
		a.console.resultf("dry run, nothing was changed: --yes removes %s that finished before %s", commands, before)
	default:
		a.console.resultf("%s that finished before %s removed\nwritten to %s: \"upgrade commands load\" takes them in again", commands, before, path)
	}
}
