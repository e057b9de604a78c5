package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/ovirt/coco/commands"
)

const commandsRemoveLong = `remove removes a command and all below it. Without --yes it changes nothing and says what would go, and what
is in the way. It refuses while an engine instance that is alive drives any of these commands, or a task names
one. Commands that have not finished go with --unfinished only. An engine that keeps no lease here, such as
one that writes its commands itself, is not seen: stop it first, or know that it is not at work on them.

What is removed is written to coco-commands-DATABASE-TIME.jsonl in the current directory first, or to the file
that --export names; "upgrade commands load" takes it in again. The file holds parameters: it is made with
mode 0600, never written over another one, and on the disk before the removal is committed.`

const commandsRemoveExample = `  upgrade commands remove 1dc3f14d-5c8e-4d27-a1ee-11a53a7e9f8b
  upgrade commands remove 1dc3f14d-5c8e-4d27-a1ee-11a53a7e9f8b --yes
  upgrade commands remove 1dc3f14d-5c8e-4d27-a1ee-11a53a7e9f8b --yes --unfinished --export removed.jsonl`

type removeFlags struct {
	yes, unfinished bool
	export          string
}

func (a *app) newCommandsRemove() *cobra.Command {
	var flags removeFlags
	cmd := &cobra.Command{
		Use:     "remove ID",
		Short:   "Remove a command and all below it",
		Long:    commandsRemoveLong,
		Example: commandsRemoveExample,
		Args:    oneArgument("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := commandID(args[0])
			if err != nil {
				return err
			}
			if flags.yes {
				return a.removeCommand(cmd.Context(), id, flags)
			}
			return a.planRemoval(cmd.Context(), id, flags)
		},
	}
	set := cmd.Flags()
	set.BoolVarP(&flags.yes, "yes", "y", false, "remove; otherwise nothing is changed")
	set.BoolVar(&flags.unfinished, "unfinished", false, "remove commands that have not finished, too")
	set.StringVar(&flags.export, "export", "", "write what is removed to this new `FILE`, one JSON object a line")
	return cmd
}

// planRemoval says what would go.
func (a *app) planRemoval(ctx context.Context, id uuid.UUID, flags removeFlags) error {
	var removal *commands.Removal
	err := a.readCommands(ctx, "looking what would go", func(ctx context.Context, tx pgx.Tx) (err error) {
		removal, err = commands.PlanRemoval(ctx, tx, id, flags.unfinished)
		return err
	})
	if err != nil {
		return err
	}
	a.showRemoval(removal, time.Now())
	if removal.Blocked != nil {
		return commandsError(removal.Blocked)
	}
	return nil
}

func (a *app) showRemoval(removal *commands.Removal, now time.Time) {
	if a.flags.json {
		a.console.emit("removal", struct {
			*commands.Removal

			DryRun     bool            `json:"dry_run"`
			Owned      []uuid.UUID     `json:"owned"`
			Unfinished []uuid.UUID     `json:"unfinished"`
			Tasks      []commands.Task `json:"tasks"`
		}{removal, true, blockedOf(removal).Owned, blockedOf(removal).Unfinished, blockedOf(removal).Tasks})
		return
	}
	rows := [][]string{}
	for _, command := range removal.Commands[:min(len(removal.Commands), maxNamed)] {
		rows = append(rows, append([]string{command.ID.String()}, commandCells(&command, now)...))
	}
	text := fitted(append([]column{{head: "command"}}, commandColumns...), rows, a.console.width, a.console.paint)
	if more := len(removal.Commands) - maxNamed; more > 0 {
		text += fmt.Sprintf("\nand %s more (--json lists them)", count(int64(more)))
	}
	a.console.resultf("%s\n", text)
	if removal.Blocked == nil {
		a.console.resultf("dry run, nothing was changed: --yes removes %s", counted(int64(len(removal.Commands)), "command"))
		return
	}
	for _, line := range blockedLines(removal.Blocked) {
		a.console.resultf("in the way: %s", line)
	}
}

func blockedOf(removal *commands.Removal) commands.BlockedError {
	blocked := commands.BlockedError{}
	if removal.Blocked != nil {
		blocked = *removal.Blocked
	}
	// JSON has a list in any case.
	blocked.Owned = append([]uuid.UUID{}, blocked.Owned...)
	blocked.Unfinished = append([]uuid.UUID{}, blocked.Unfinished...)
	blocked.Tasks = append([]commands.Task{}, blocked.Tasks...)
	return blocked
}

// blockedLines names what is in the way, one thing a line, but not more than a few of a kind.
func blockedLines(blocked *commands.BlockedError) []string {
	var lines []string
	list := func(n int, line func(int) string) {
		for i := range n {
			if i == maxNamed {
				lines = append(lines, count(int64(n-i))+" more of that")
				return
			}
			lines = append(lines, line(i))
		}
	}
	list(len(blocked.Owned), func(i int) string { return fmt.Sprintf("a live instance drives command %s", blocked.Owned[i]) })
	list(len(blocked.Tasks), func(i int) string {
		return fmt.Sprintf("task %s names command %s", blocked.Tasks[i].ID, blocked.Tasks[i].CommandID)
	})
	list(len(blocked.Unfinished), func(i int) string { return fmt.Sprintf("command %s has not finished", blocked.Unfinished[i]) })
	return lines
}

// blockedHint is what to do first.
func blockedHint(blocked *commands.BlockedError) string {
	switch {
	case len(blocked.Owned) > 0:
		return `Stop that instance first; "upgrade commands engines" lists them.`
	case len(blocked.Tasks) > 0:
		return "Let the task come to its end, or delete it, first."
	}
	return "--unfinished removes them, too. See first that no engine is at work on them: one that keeps no lease here is not seen."
}

func (a *app) removeCommand(ctx context.Context, id uuid.UUID, flags removeFlags) error {
	var (
		file    *newFile
		removed int
	)
	err := a.changeCommands(ctx, "removing", func(ctx context.Context, tx pgx.Tx) (err error) {
		if file, err = a.openRemovalExport(flags.export); err != nil {
			return err
		}
		removed, err = commands.Remove(ctx, tx, id, commands.RemoveOptions{Unfinished: flags.unfinished, Export: file})
		return err
	})
	if err != nil {
		file.forget()
	}
	if closing := file.close(); err == nil {
		err = closing
	}
	path := file.kept()
	if err != nil {
		if path != "" {
			a.console.warn("whether the commands are gone is not known; they are written to "+path,
				`"upgrade commands load" takes them in again if they are.`)
		}
		return err
	}
	if a.flags.json {
		a.console.emit("result", struct {
			Removed int    `json:"removed"`
			File    string `json:"file"`
		}{removed, path})
		return nil
	}
	a.console.resultf("%s removed and written to %s\n\"upgrade commands load\" takes them in again", counted(int64(removed), "command"), path)
	return nil
}

// openRemovalExport makes the file before anything is changed: what cannot be written must not be removed.
func (a *app) openRemovalExport(path string) (*newFile, error) {
	create := createNew
	if path == "" {
		path, create = exportName("coco-commands", a.databaseName, time.Now()), createNumbered
	}
	file, err := create(path)
	if err != nil {
		return nil, fmt.Errorf("export the commands: %w", err)
	}
	return file, nil
}
