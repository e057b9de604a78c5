package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"github.com/ovirt/coco/commands"
	"github.com/ovirt/coco/upgrade"
)

const commandsLong = `commands works on the rows of command_entities: the commands of the engine, not those of this program. The
database has to be upgraded to the switch or further.

Parameters of commands may hold passwords: they are shown with --show-parameters only. Exports, which must
hold them, are made with mode 0600.`

const commandsExample = `  upgrade commands list --unfinished
  upgrade commands tree 1dc3f14d-5c8e-4d27-a1ee-11a53a7e9f8b
  upgrade commands load coco-commands-engine-20260102T030405Z.jsonl`

// newCommands is the parent of what works on the engine's commands.
func (a *app) newCommands() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "commands",
		Short:   "Work on the engine's commands",
		Long:    commandsLong,
		Example: commandsExample,
		Args:    unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmd.Help(); err != nil {
				return err
			}
			return &usageError{reason: "no command was given", hint: `"upgrade help commands" lists them.`}
		},
	}
	cmd.AddCommand(a.newCommandsList(), a.newCommandsTree(), a.newCommandsShow(), a.newCommandsEngines(),
		a.newCommandsRemove(), a.newCommandsResume(), a.newCommandsLoad())
	return cmd
}

// oneArgument is the Args of commands that take one, which their Use names.
func oneArgument(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return &usageError{
			reason: fmt.Sprintf("%s takes one %s, but was given %s", cmd.Name(), name, counted(int64(len(args)), "argument")),
			hint:   fmt.Sprintf("%q shows how.", helpOf(cmd)),
		}
	}
}

// commandID reads the id of a command as it was typed.
func commandID(text string) (uuid.UUID, error) {
	const length = 36 // uuid.Parse knows other forms, too
	id, err := uuid.Parse(text)
	switch {
	case err != nil || len(text) != length:
		return uuid.Nil, &usageError{
			reason: quoted(text) + " is not an id",
			hint:   `An id is like 1dc3f14d-5c8e-4d27-a1ee-11a53a7e9f8b; "upgrade commands list" shows those of the commands.`,
		}
	case id == uuid.Nil:
		return uuid.Nil, &usageError{
			reason: "the zero id stands for no command",
			hint:   `"upgrade commands list" shows the ids of the commands.`,
		}
	}
	return id, nil
}

// readCommands calls do in a transaction that changes nothing, and gives its errors their hints.
func (a *app) readCommands(ctx context.Context, doing string, do func(context.Context, pgx.Tx) error) error {
	report := a.newReporter("")
	defer report.end()
	upgrader, err := a.upgrader(report.observe)
	if err != nil {
		return err
	}
	report.doing(elapsed(doing))
	err = upgrader.Read(ctx, func(ctx context.Context, tx pgx.Tx) error { return commandsError(do(ctx, tx)) })
	report.progress.idle()
	return err
}

// changeLockTimeout is how long a change waits for a command that the engine is writing.
const changeLockTimeout = 10 * time.Second

// lockNotAvailable is the SQLSTATE of a wait that was given up.
const lockNotAvailable = "55P03"

// changeCommands is readCommands for what changes something.
func (a *app) changeCommands(ctx context.Context, doing string, do func(context.Context, pgx.Tx) error) error {
	report := a.newReporter("")
	defer report.end()
	upgrader, err := a.upgrader(report.observe)
	if err != nil {
		return err
	}
	report.doing(elapsed(doing))
	options := upgrade.TransactOptions{LockTimeout: changeLockTimeout}
	err = upgrader.Transact(ctx, options, func(ctx context.Context, tx pgx.Tx) error { return commandsError(do(ctx, tx)) })
	report.progress.idle()
	return err
}

// commandsError adds the next step to what the library says.
func commandsError(err error) error {
	var blocked *commands.BlockedError
	refusal, _ := errors.AsType[*pgconn.PgError](err)
	switch {
	case refusal != nil && refusal.Code == lockNotAvailable:
		return &upgrade.Error{
			Kind: upgrade.ErrBusy, Cause: err,
			Reason: fmt.Sprintf("somebody has been writing the command, or one below it, for %v", changeLockTimeout),
			Hint:   "Nothing was changed. Run the same command again when that transaction has ended.",
		}
	case errors.Is(err, commands.ErrNotUpgraded):
		return &upgrade.Error{
			Kind: upgrade.ErrRefused, Cause: err, Reason: "the database has not been upgraded, so it has no place for commands",
			Hint: `Run "upgrade up --to switch", or further, first.`,
		}
	case errors.Is(err, commands.ErrNotFound):
		return &upgrade.Error{Cause: err, Reason: err.Error(), Hint: `"upgrade commands list" lists those that are there.`}
	case errors.As(err, &blocked):
		return &upgrade.Error{Cause: err, Reason: err.Error(), Hint: blockedHint(blocked)}
	case errors.Is(err, commands.ErrCursor):
		return &usageError{
			reason: "the value of --after is no place in a list",
			hint:   `Take what the page before has printed behind "more: --after".`,
		}
	}
	return err
}
