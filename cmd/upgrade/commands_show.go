package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/spf13/cobra"

	"github.com/ovirt/coco/commands"
)

const commandsShowLong = `show shows all of a command: its place in its tree, who drives it and how that one stands, the tasks that name
it, and how long its parameters are. The parameters themselves, which may hold passwords, are shown with
--show-parameters only; to a terminal, with control characters written as \x1b.

It changes nothing, and the right to read async_tasks will do, if it was granted before the upgrade.`

func (a *app) newCommandsShow() *cobra.Command {
	var parameters bool
	cmd := &cobra.Command{
		Use:     "show ID",
		Short:   "Show all of a command",
		Long:    commandsShowLong,
		Example: "  upgrade commands show 1dc3f14d-5c8e-4d27-a1ee-11a53a7e9f8b\n  upgrade commands show 1dc3f14d-5c8e-4d27-a1ee-11a53a7e9f8b --show-parameters",
		Args:    oneArgument("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := commandID(args[0])
			if err != nil {
				return err
			}
			return a.showCommand(cmd.Context(), id, parameters)
		},
	}
	cmd.Flags().BoolVar(&parameters, "show-parameters", false, "show the parameters, which may hold passwords")
	return cmd
}

func (a *app) showCommand(ctx context.Context, id uuid.UUID, withParameters bool) error {
	var (
		details    *commands.Details
		parameters *string
	)
	err := a.readCommands(ctx, "reading the command", func(ctx context.Context, tx pgx.Tx) (err error) {
		if details, err = commands.Show(ctx, tx, id); err != nil || !withParameters {
			return err
		}
		parameters, err = commands.Parameters(ctx, tx, id)
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case a.flags.json && withParameters:
		a.console.emit("command", struct {
			*commands.Details

			Parameters *string `json:"action_parameters"`
		}{details, parameters})
	case a.flags.json:
		a.console.emit("command", details)
	default:
		a.console.resultf("%s", table(detailRows(details, withParameters, time.Now()), a.console.paint))
		if parameters != nil {
			if isTerminal(a.console.stdout) {
				*parameters = visibleLines(*parameters)
			}
			a.console.resultf("\n%s", *parameters)
		}
	}
	return nil
}

func detailRows(d *commands.Details, withParameters bool, now time.Time) [][]string {
	rows := [][]string{
		{"command", d.ID.String()},
		{"status", visible(d.Status)},
		{"type", fmt.Sprint(d.Type)},
		{"class", visible(orElse(orEmpty(d.Class), "none"))},
		{"parameters", parametersText(d.ParametersBytes, withParameters)},
		{"created", timeText(d.CreatedAt, "unknown", now)},
		{"finished", timeText(d.FinishedAt, "no", now)},
		{"parent", idText(d.ParentID)},
		{"root", idText(d.RootID)},
		{"children", fmt.Sprintf("%s; %s below it in all", count(int64(d.Children)), count(int64(d.Below)))},
	}
	rows = append(rows, namingRows(d.Tasks)...)
	return append(rows, ownerRows(&d.Command, d.Engine, now)...)
}

func parametersText(bytes *int32, shown bool) string {
	switch {
	case bytes == nil:
		return "none"
	case shown:
		return size(int64(*bytes)) + ", below"
	}
	return size(int64(*bytes)) + ", not shown: --show-parameters"
}

// timeText writes a time, and otherwise where there is none.
func timeText(t pgtype.Timestamptz, otherwise string, now time.Time) string {
	switch {
	case !t.Valid:
		return otherwise
	case t.InfinityModifier != pgtype.Finite:
		return t.InfinityModifier.String()
	}
	return fmt.Sprintf("%s, %s ago", timestamp(t.Time), age(now.Sub(t.Time)))
}

func idText(id uuid.NullUUID) string {
	if !id.Valid {
		return "none"
	}
	return id.UUID.String()
}

// namingRows names the tasks, and says where there are too many for that.
func namingRows(tasks []uuid.UUID) [][]string {
	if len(tasks) == 0 {
		return [][]string{{"tasks", "none"}}
	}
	rows := [][]string{}
	for i, task := range tasks {
		head := map[bool]string{true: "tasks"}[i == 0]
		if i == maxNamed {
			return append(rows, []string{"", fmt.Sprintf("and %s more (--json lists them)", count(int64(len(tasks)-i)))})
		}
		rows = append(rows, []string{head, task.String()})
	}
	return rows
}

// ownerRows say who drives a command.
func ownerRows(command *commands.Command, engine *commands.Engine, now time.Time) [][]string {
	owner := command.Owner
	switch {
	case owner == nil && command.Finished():
		return [][]string{{"owner", "nobody: it has finished"}}
	case owner == nil:
		return [][]string{{"owner", "no instance: the engine itself has written it"}}
	}
	rows := [][]string{{"owner", orElse(visible(owner.Name), "an instance that has been forgotten")}, {"instance", owner.InstanceID.String()}}
	if engine != nil {
		rows = append(rows, []string{"lease", leaseText(engine, now)})
	}
	rows = append(rows, []string{"taken", fmt.Sprintf("%s, %s ago", timestamp(owner.TakenAt), age(now.Sub(owner.TakenAt)))},
		[]string{"recoveries", count(int64(owner.Recoveries))})
	if owner.HeldAt != nil {
		rows = append(rows, []string{wordHeld, fmt.Sprintf(`%s, %s ago; "upgrade commands resume" lets it be handed out again`,
			timestamp(*owner.HeldAt), age(now.Sub(*owner.HeldAt)))})
	}
	return rows
}

func leaseText(engine *commands.Engine, now time.Time) string {
	return fmt.Sprintf("%s: it is for %s, and was renewed %s ago", engine.State, took(engine.Lease), age(now.Sub(engine.SeenAt)))
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
