package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ovirt/coco/upgrade"
)

const downLong = `down takes the upgrade back, all of it or to the end of a phase. It is run offline,
with the engine stopped. It says first how much there is to do, and asks on a terminal; elsewhere it needs
--yes. An interrupted run loses nothing: the same command run again continues.

Commands that no task carries have no place in the old schema: down names them and refuses, until they are
exported and given up. Exports hold parameters; files are made with mode 0600 and never overwritten. Of the
others it keeps what async_tasks has columns for: not their status, times and place above their parent.

When a task would not read back what was stored for it, down refuses (4): going on would make the damage
lasting. --accept-drift takes the values as they are.

The way back to the start drops the journal. It is written to coco-journal-DATABASE-TIME.jsonl in the current
directory, unless --export-journal names another file.`

const downExample = `  upgrade down --to prove                    back to the end of a phase
  upgrade down --yes                         the whole way, without asking
  upgrade down --export-commands lost.jsonl --discard-commands`

type downFlags struct {
	upFlags

	yes            bool
	exportCommands string
	discard        bool
	acceptDrift    bool
	exportJournal  string
}

func (a *app) newDown() *cobra.Command {
	var flags downFlags
	cmd := &cobra.Command{
		Use:        "down",
		Short:      "Take the upgrade back",
		SuggestFor: []string{"rollback", "undo", "revert", "downgrade", "back"},
		Long:       downLong,
		Example:    downExample,
		Args:       noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			phase, err := flags.check(cmd)
			if err != nil {
				return err
			}
			if flags.discard && flags.exportCommands == "" {
				return &usageError{reason: "--discard-commands goes together with --export-commands FILE"}
			}
			return a.down(cmd.Context(), phase, flags)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.to, "to", "", "stop at the end of this `PHASE`")
	set.BoolVarP(&flags.yes, "yes", "y", false, "do not ask")
	set.StringVar(&flags.exportCommands, "export-commands", "", "write commands without a task to this new `FILE`, one JSON object a line")
	set.BoolVar(&flags.acceptDrift, "accept-drift", false, "take values that were changed by hand back as they are now")
	set.BoolVar(&flags.discard, "discard-commands", false, "give those commands up once they are exported")
	set.StringVar(&flags.exportJournal, "export-journal", "", "write the journal to this new `FILE`, one JSON object a line")
	set.BoolVar(&flags.force, "force", false, "go back although migrations were edited since they were applied")
	flags.addLocks(cmd)
	return cmd
}

func (a *app) down(ctx context.Context, to upgrade.Phase, flags downFlags) error {
	report := a.newReporter("")
	defer report.end()
	unheld := &unheldCommands{}
	upgrader, err := a.upgrader(func(event upgrade.Event) {
		if _, ok := event.(upgrade.CommandsExported); ok && flags.exportCommands == "" {
			return // they were only listed
		}
		report.observe(event)
	})
	if err != nil {
		return err
	}
	report.doing(elapsed("asking the database"))
	plan, err := upgrader.PlanDown(ctx, to)
	edited := errors.Is(err, upgrade.ErrEdited) || errors.Is(err, upgrade.ErrOutOfOrder)
	switch {
	case edited && flags.force:
		a.console.warn(describe(err).Reason, "")
	case err != nil:
		return err
	case len(plan.Steps) == 0:
		a.showDown(upgrader.Chain(), upgrade.DownResult{From: plan.From, To: plan.From}, 0)
		return nil
	}
	clients, err := upgrader.Clients(ctx)
	if err != nil {
		return err
	}
	report.progress.idle()
	a.showDownPlan(plan, clients)
	if err := a.confirm(ctx, flags.yes, "Take database "+a.databaseName+" back?"); err != nil {
		return err
	}
	exports, err := a.openExports(to, flags)
	if err != nil {
		return err
	}
	unheld.file = exports.commands

	started := time.Now()
	result, err := upgrader.Down(ctx, upgrade.DownOptions{
		To: to, Export: unheld, DiscardCommands: flags.discard, AcceptDrift: flags.acceptDrift, Journal: exports.writeJournal,
		LockTimeout: flags.lockTimeout, LockBudget: flags.lockBudget, Force: flags.force,
	})
	report.progress.idle()
	if closing := exports.close(a.console); err == nil {
		err = closing
	}
	if errors.Is(err, upgrade.ErrUnheld) {
		a.showUnheld(unheld)
	}
	if err != nil && len(result.Applied) == 0 {
		return err
	}
	a.showDown(upgrader.Chain(), result, time.Since(started))
	return err
}

// showDownPlan says what is about to be taken back.
func (a *app) showDownPlan(plan upgrade.Plan, clients []upgrade.Session) {
	if a.flags.json {
		a.console.emit("plan", plan)
	} else if len(plan.Steps) > 0 {
		a.console.notef("%s of %s to take back: about %s, roughly %s", counted(int64(plan.Migrations()), "step"), a.databaseName,
			counted(plan.Tasks, "task"), remaining(max(plan.Estimate, time.Second)))
	}
	if len(clients) > 0 {
		a.console.warn("others are connected, and an engine that is running would notice: "+named(clients)[len(": "):], "")
	}
}

func (a *app) showDown(chain *upgrade.Chain, result upgrade.DownResult, duration time.Duration) {
	if a.flags.json {
		a.console.emit("result", result)
		return
	}
	switch {
	case len(result.Applied) == 0 && result.To == 0:
		a.console.resultf("nothing to do: the upgrade of this database has not begun")
	case len(result.Applied) == 0:
		a.console.resultf("nothing to do: the database is at version %s", place(result.To, phaseOf(chain, result.To)))
	case result.To == 0:
		a.console.resultf("\n%s taken back in %s: nothing of coco is left in the database",
			counted(int64(len(result.Applied)), "step"), took(duration))
	default:
		a.console.resultf("\n%s taken back in %s: the database is at version %s",
			counted(int64(len(result.Applied)), "step"), took(duration), place(result.To, phaseOf(chain, result.To)))
	}
}

// showUnheld names the commands that keep down from going on.
func (a *app) showUnheld(unheld *unheldCommands) {
	if a.flags.json {
		for _, command := range unheld.first {
			a.console.emit("unheld_command", command)
		}
		return
	}
	rows := [][]string{{"command without a task", "type", "status"}}
	for _, command := range unheld.first {
		rows = append(rows, []string{command.ID, strconv.Itoa(command.Type), command.Status})
	}
	if more := unheld.count - len(unheld.first); more > 0 {
		rows = append(rows, []string{"and " + count(int64(more)) + " more"})
	}
	a.console.notef("%s\n", table(rows, plain))
}
