package main

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/ovirt/coco/commands"
)

const commandsResumeLong = `resume lets a held command, and all of its tree, be handed out again. A command is held when the instances
that drove it died again and again before it made progress. Look first why: "upgrade commands show" tells who
drove it last, and that one's log what happened.`

func (a *app) newCommandsResume() *cobra.Command {
	return &cobra.Command{
		Use:     "resume ID",
		Short:   "Let a held command be handed out again",
		Long:    commandsResumeLong,
		Example: "  upgrade commands list --held\n  upgrade commands resume 1dc3f14d-5c8e-4d27-a1ee-11a53a7e9f8b",
		Args:    oneArgument("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := commandID(args[0])
			if err != nil {
				return err
			}
			var resumed bool
			err = a.changeCommands(cmd.Context(), "resuming", func(ctx context.Context, tx pgx.Tx) (err error) {
				resumed, err = commands.Resume(ctx, tx, id)
				return err
			})
			if err != nil {
				return err
			}
			a.showResumed(id, resumed)
			return nil
		},
	}
}

func (a *app) showResumed(id uuid.UUID, resumed bool) {
	switch {
	case a.flags.json:
		a.console.emit("result", struct {
			CommandID uuid.UUID `json:"command_id"`
			Resumed   bool      `json:"resumed"`
		}{id, resumed})
	case resumed:
		a.console.resultf("the tree of command %s can be handed out again", id)
	default:
		a.console.resultf("nothing to do: no command in the tree of %s is held", id)
	}
}
