package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/ovirt/coco/commands"
)

const commandsEnginesLong = `engines lists the instances of programs that keep their commands here: each run of such a program is one. It
is alive as long as it renews its lease, by the server's clock. When that has expired, another instance may
take its commands over; when it was stopped, at once. One that was taken over never drives a command again.

It changes nothing, and the right to read async_tasks will do, if it was granted before the upgrade.`

func (a *app) newCommandsEngines() *cobra.Command {
	return &cobra.Command{
		Use:     "engines",
		Short:   "List the engine instances that drive commands",
		Long:    commandsEnginesLong,
		Example: "  upgrade commands engines\n  upgrade commands engines --json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var engines []commands.Engine
			err := a.readCommands(cmd.Context(), "listing instances", func(ctx context.Context, tx pgx.Tx) (err error) {
				engines, err = commands.Engines(ctx, tx)
				return err
			})
			if err != nil {
				return err
			}
			a.showEngines(engines, time.Now())
			return nil
		},
	}
}

func (a *app) showEngines(engines []commands.Engine, now time.Time) {
	if a.flags.json {
		a.console.emit("engines", struct {
			Engines []commands.Engine `json:"engines"`
		}{engines})
		return
	}
	if len(engines) == 0 {
		a.console.resultf("no engine instance keeps its commands here")
		return
	}
	columns := []column{
		{head: "instance"}, {head: "state"}, {head: "commands"}, {head: "held"}, {head: "last seen"},
		{head: "name", least: 6}, {head: "lease", least: 6}, {head: "started", least: 10},
	}
	rows := [][]string{}
	for _, e := range engines {
		held := ""
		if e.Held > 0 {
			held = count(e.Held)
		}
		rows = append(rows, []string{
			e.InstanceID.String(), string(e.State), count(e.Commands), held, age(now.Sub(e.SeenAt)) + " ago",
			e.Name, took(e.Lease), age(now.Sub(e.StartedAt)) + " ago",
		})
	}
	a.console.resultf("%s", fitted(columns, rows, a.console.width, a.console.paint))
}
