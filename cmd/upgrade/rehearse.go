package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
	"github.com/ovirt/coco/upgrade/rehearse"
)

// rehearsalFlags are those of plan that belong to --rehearse.
type rehearsalFlags struct {
	rehearse bool
	tasks    int
	scratch  string
}

func (f *rehearsalFlags) add(cmd *cobra.Command) {
	set := cmd.Flags()
	set.BoolVar(&f.rehearse, "rehearse", false, "run the steps on a throw-away copy of the schema, with generated rows")
	set.IntVar(&f.tasks, "rehearse-tasks", 0,
		fmt.Sprintf("how many tasks to generate for that (default: as many as there are, at most %s)", count(rehearse.DefaultTasks)))
	set.StringVar(&f.scratch, "scratch", "", "make the copy on the server of this `URL`, as a superuser (default: start a server)")
}

func (f *rehearsalFlags) check(cmd *cobra.Command, sql bool) error {
	changed := cmd.Flags().Changed
	switch {
	case !f.rehearse && (changed("rehearse-tasks") || changed("scratch")):
		return &usageError{reason: "--rehearse-tasks and --scratch go together with --rehearse"}
	case f.rehearse && sql:
		return &usageError{reason: "--sql and --rehearse exclude one another"}
	case changed("rehearse-tasks") && (f.tasks < 1 || f.tasks > rehearse.MaxTasks):
		return &usageError{reason: "--rehearse-tasks is at least 1 and at most " + count(rehearse.MaxTasks)}
	}
	return nil
}

// rehearse runs the plan on a copy and shows what was seen.
func (a *app) rehearse(ctx context.Context, to upgrade.Phase, down bool, flags rehearsalFlags) error {
	config, err := a.config()
	if err != nil {
		return err
	}
	report := a.newReporter("")
	defer report.end()
	options := rehearse.Options{
		Config: config, To: to, Down: down, Tasks: flags.tasks, ToolVersion: toolVersion(),
		Doing: func(what string) { report.doing(elapsed(what)) },
		Observe: func(event upgrade.Event) {
			if e, ok := event.(upgrade.ActionStarted); ok {
				report.doing(elapsed(fmt.Sprintf("rehearsing step %d of %d, %s %s", e.Number, e.Total, e.Kind.Words(), e.Name)))
			}
		},
	}
	if flags.scratch != "" {
		if options.Scratch, err = a.scratch(flags.scratch); err != nil {
			return err
		}
	}
	result, err := rehearse.Run(ctx, options)
	report.progress.idle()
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w; the copy is gone and nothing is left behind", upgrade.ErrInterrupted)
	}
	if err != nil && !errors.Is(err, rehearse.ErrUndeclared) {
		return err
	}
	switch {
	case a.flags.json:
		a.console.emit("rehearsal", result)
	case len(result.Steps) == 0:
		a.console.resultf("nothing to rehearse: there is nothing to do")
	default:
		a.console.resultf("%s\n\n%s", table(rehearsalRows(result), plain), rehearsalTotal(result))
	}
	return err
}

// scratch reads how to connect to the server for the copy.
func (a *app) scratch(text string) (*pgx.ConnConfig, error) {
	if connect.HasPassword(text) {
		a.console.warn("the password on the command line can be seen by others on this machine", "Put it into ~/.pgpass or PGPASSWORD.")
	}
	config, err := connect.Config(connect.Options{Database: text})
	if errors.Is(err, connect.ErrInvalid) {
		return nil, &usageError{reason: err.Error(), hint: `"upgrade help connection" lists the ways to name a database.`}
	}
	return config, err
}

// rehearsalRows has a line for each step, and one more for each further table that it locks.
func rehearsalRows(result rehearse.Result) [][]string {
	rows := [][]string{{"step", "phase", "action", "lock seen on existing tables", "held at most", "   time"}}
	for _, s := range result.Steps {
		action := upgrade.Action{Kind: s.Kind, Version: s.Version, Name: s.Name}
		row := []string{fmt.Sprintf("%4d", s.Number), string(s.Phase), planAction(action), "none", "-", fmt.Sprintf("%7s", took(s.Time))}
		for _, lock := range s.Locks {
			row[3], row[4] = lock.String(), took(lock.Held)
			if !lock.Declared {
				row[3] += " (not declared)"
			}
			rows = append(rows, row)
			row = []string{"", "", "", "", "", ""}
		}
		if len(s.Locks) == 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

func rehearsalTotal(result rehearse.Result) string {
	lines := []string{
		fmt.Sprintf("total   %s in %s, on generated rows: %s, in a copy of the schema on PostgreSQL %s",
			counted(int64(len(result.Steps)), "step"), took(result.Took), counted(int64(result.Tasks), "task"), result.Scratch),
		"        held at most: from the beginning of the statement that takes a lock to the end of its transaction",
		"        the copy is gone; the database was only read",
	}
	for _, note := range result.Notes {
		lines = append(lines, human.Wrapped("note    "+note, 118, "        ")...)
	}
	return strings.Join(lines, "\n")
}
