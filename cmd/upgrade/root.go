package main

import (
	"github.com/spf13/cobra"
)

const rootLong = `upgrade moves the commands of an oVirt engine database out of async_tasks into a table of their
own, command_entities, proves that nothing was lost, and can take it all back.

Start with "upgrade demo": it shows everything on a PostgreSQL of its own.

Exit codes: 0 done or nothing to do, 1 error, 2 wrong usage, 3 steps are pending, 4 drift or a proof
that does not hold, 5 somebody else is upgrading or a lock was not to be had in time.`

const rootExample = `  upgrade demo
  upgrade status --database postgres://engine@db.example.org/engine
  upgrade up --to contract --engine-conf /etc/ovirt-engine/engine.conf.d/10-setup-database.conf`

func (a *app) newRoot() *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use:     "upgrade",
		Short:   "Move an engine's commands into a table of their own, and back",
		Long:    rootLong,
		Example: rootExample,
		Args:    unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version {
				return a.version()
			}
			if err := cmd.Help(); err != nil {
				return err
			}
			return &usageError{reason: "no command was given"}
		},
		PersistentPreRun: func(*cobra.Command, []string) {
			a.console.configure(a.flags)
		},
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(a.helpFunc(root.HelpFunc()))
	root.CompletionOptions.DisableDefaultCmd = true

	flags := root.PersistentFlags()
	flags.StringVar(&a.flags.database, "database", "", "database to work on, as `URL` or key=value pairs (default: DATABASE_URL, else PG*)")
	flags.StringVar(&a.flags.engineConf, "engine-conf", "", "take the connection from an engine's 10-setup-database.conf `FILE`")
	flags.BoolVar(&a.flags.json, "json", false, "write events to stdout, one JSON object a line")
	flags.BoolVarP(&a.flags.quiet, "quiet", "q", false, "write only errors and warnings")
	flags.BoolVarP(&a.flags.verbose, "verbose", "v", false, "write every event to stderr")
	flags.BoolVar(&a.flags.noColor, "no-color", false, "write without colours (NO_COLOR does the same)")

	root.Flags().BoolVar(&version, "version", false, "print the version")

	root.AddCommand(a.newStatus(), a.newCheck(), a.newPlan(), a.newReview(), a.newUp(), a.newVerify(), a.newDown(), a.newCommands(), a.newCleanup())
	root.AddCommand(a.newDemo(), a.newVersion(), a.newCompletion(), a.newMan())
	root.AddCommand(topics()...)
	root.SetHelpCommand(newHelp())
	completeValues(root)
	return root
}
