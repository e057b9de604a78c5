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

What was written since the upgrade is kept as far as async_tasks has columns for it. It has none for a
command's status and times, for its place above its parent, or for a command that no task names. Every command
that a later upgrade would not make again exactly as it is now is written to coco-commands-DATABASE-TIME.jsonl
in the current directory, unless --export-commands names another file; "upgrade commands load" takes them in
again. Commands that no task names at all are given up only with --discard-commands. Exports hold parameters;
files are made with mode 0600 and never overwritten.

When a task would not read back what was stored for it, down refuses (4): going on would make the damage
lasting. --accept-drift takes the values as they are.

The way back to the start drops the journal. It is written to coco-journal-DATABASE-TIME.jsonl in the current
directory, unless --export-journal names another file.`

const downExample = `  upgrade down --to prove                    back to the end of a phase
  upgrade down --yes                         the whole way, without asking
  upgrade down --discard-commands            also when there are commands that no task names`

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
			return a.down(cmd.Context(), phase, flags)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.to, "to", "", "stop at the end of this `PHASE`")
	set.BoolVarP(&flags.yes, "yes", "y", false, "do not ask")
	set.StringVar(&flags.exportCommands, "export-commands", "", "write commands to this new `FILE`, one JSON object a line")
	set.BoolVar(&flags.acceptDrift, "accept-drift", false, "take values that were changed by hand back as they are now")
	set.BoolVar(&flags.discard, "discard-commands", false, "give up commands without a task, once they are exported")
	set.StringVar(&flags.exportJournal, "export-journal", "", "write the journal to this new `FILE`, one JSON object a line")
	set.BoolVar(&flags.force, "force", false, "go back although migrations were edited since they were applied")
	flags.addLocks(cmd)
	return cmd
}

func (a *app) down(ctx context.Context, to upgrade.Phase, flags downFlags) error {
	report := a.newReporter("")
	defer report.end()
	upgrader, err := a.upgrader(report.observe)
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
	case len(plan.Steps) == 0 && plan.Dirty == nil:
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
	files, err := a.openExports(to, flags)
	if err != nil {
		return err
	}

	started := time.Now()
	options := upgrade.DownOptions{
		To: to, DiscardCommands: flags.discard, AcceptDrift: flags.acceptDrift, Journal: files.writeJournal,
		LockTimeout: flags.lockTimeout, LockBudget: flags.lockBudget, Force: flags.force,
		ReconnectBudget: flags.reconnectBudget(),
	}
	if files.commands != nil {
		options.Export = files.commands
	}
	result, err := upgrader.Down(ctx, options)
	report.progress.idle()
	if err != nil && len(result.Applied) == 0 && flags.exportCommands == "" {
		files.commands.forget() // nothing has changed: the next run writes it anew
	}
	if closing := files.close(); err == nil {
		err = closing
	}
	if errors.Is(err, upgrade.ErrUnheld) {
		if err := a.showUnheld(ctx, upgrader); err != nil {
			return err
		}
	}
	a.showExports(files, result)
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

// maxNamed is how many commands are named.
const maxNamed = 20

// showUnheld names the commands that keep down from going on.
func (a *app) showUnheld(ctx context.Context, upgrader *upgrade.Upgrader) error {
	lost, err := upgrader.LostCommands(ctx, maxNamed)
	if err != nil {
		return err
	}
	rows := [][]string{{"command without a task", "type", "status"}}
	for _, command := range lost {
		if command.Named {
			continue
		}
		if a.flags.json {
			a.console.emit("unheld_command", command)
		}
		rows = append(rows, []string{command.ID, strconv.Itoa(int(command.Type)), command.Status})
	}
	if !a.flags.json && len(rows) > 1 {
		a.console.notef("%s\n", table(rows, plain))
	}
	return nil
}

// showExports says where the exports are, and how what is in them comes back.
func (a *app) showExports(files *exports, result upgrade.DownResult) {
	if path := files.commands.kept(); path != "" {
		if a.flags.json {
			a.console.emit("commands_file", struct {
				File     string `json:"file"`
				Commands int64  `json:"commands"`
			}{path, result.Exported})
		}
		a.console.notef("%s written to %s: async_tasks cannot hold all of them\n"+
			"hint: after the next \"upgrade up\", \"upgrade commands load %s\" takes them in again",
			counted(result.Exported, "command"), path, path)
	}
	if path := files.journal.kept(); path != "" {
		if a.flags.json {
			a.console.emit("journal_file", struct {
				File    string `json:"file"`
				Entries int    `json:"entries"`
			}{path, len(result.Journal)})
		}
		a.console.notef("journal written to %s", path)
	}
}
