package main

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"
)

const exitCodesTopic = `Every command ends with one of these codes:

  0  done, or nothing to do
  1  error; also an interrupted run (Ctrl-C): the same command run again continues
  2  wrong usage: an unknown command or flag, a value that does not fit
  3  steps are pending: status found some, up stopped before retire because others are connected or
     check found that it would, or verify found that nothing has been proved yet
  4  drift: a row was changed since the proof, or the proof does not hold; status: procedures are not
     as the upgrade left them; check: there is something to decide before up; up --approved: this is
     not what was approved
  5  busy: somebody else is upgrading, a lock was not to be had within --lock-budget, older
     transactions did not end within --drain-budget, or a standby did not catch up within --lag-budget

An error is one line "upgrade: ..." on stderr, and often a line "hint: ..." with the next step.`

const connectionTopic = `The first of these that is set names the database:

  --database URL       postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full, or key=value pairs
  --engine-conf FILE   the engine's own configuration, 10-setup-database.conf (not together with --database)
  DATABASE_URL         as --database
  PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD, PGSERVICE, PGSSLMODE, ... as for psql

Passwords are also read from ~/.pgpass (PGPASSFILE), and services from ~/.pg_service.conf. A password in
--database works, with a warning: others on the machine can see it in the list of processes.

The role needs to be a member of the roles that own async_tasks and its procedures, with CREATE on the
database and on schema public; "upgrade check" says what is missing. Connect to PostgreSQL itself, not
through a connection pooler.`

// topics are help pages without a command behind them.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "exit-codes", Short: "What the exit codes mean", Long: exitCodesTopic},
		{Use: "connection", Short: "How to name the database", Long: connectionTopic},
	}
}

// newHelp is cobra's help command, with an error where that prints the usage and succeeds.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:               "help [command or topic]",
		Short:             "Show the help of a command or topic",
		Long:              "help shows the help of a command, as --help does, or a page on a topic.",
		Example:           "  upgrade help\n  upgrade help up\n  upgrade help connection",
		ValidArgsFunction: completeHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownTopic(found, rest)
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

func completeHelp(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	found, rest, err := cmd.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, child := range found.Commands() {
		if child.IsAvailableCommand() || child.IsAdditionalHelpTopicCommand() {
			names = append(names, cobra.CompletionWithDesc(child.Name(), child.Short))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// helpFunc shows a command's help, or a topic, which has no flags to explain. With --json it is an event.
func (a *app) helpFunc(show func(*cobra.Command, []string)) func(*cobra.Command, []string) {
	return func(cmd *cobra.Command, args []string) {
		root, stdout := cmd.Root(), cmd.OutOrStdout()
		var text bytes.Buffer
		root.SetOut(&text)
		if cmd.IsAdditionalHelpTopicCommand() {
			fmt.Fprintln(&text, cmd.Long)
		} else {
			show(cmd, args)
		}
		root.SetOut(stdout)
		if a.flags.json {
			a.console.emit("help", struct {
				Command string `json:"command"`
				Text    string `json:"text"`
			}{cmd.CommandPath(), text.String()})
			return
		}
		fmt.Fprint(stdout, text.String())
	}
}
