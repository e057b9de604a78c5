package main

import "github.com/spf13/cobra"

const commandsLong = `commands works on the rows of command_entities: the commands of the engine, not those of this program.`

// newCommands is the parent of what works on the engine's commands.
func (a *app) newCommands() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "commands",
		Short:   "Work on the engine's commands",
		Long:    commandsLong,
		Example: "  upgrade commands load coco-commands-engine-20260102T030405Z.jsonl",
		Args:    unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmd.Help(); err != nil {
				return err
			}
			return &usageError{reason: "no command was given", hint: `"upgrade help commands" lists them.`}
		},
	}
	cmd.AddCommand(a.newCommandsLoad())
	return cmd
}
