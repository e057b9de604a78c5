package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/ovirt/coco/commands"
)

const commandsListLong = `list shows commands, a page at a time: those that have not finished first, the newest of them first, then
those that have, in the order of their ids (no index has their times). A page that is not the last one ends
with how to get the next; commands that come and go meanwhile move no other from page to page.

lease says how the engine instance stands that drives a command: alive, expired (another may take the command
over), stopped. A held command is not handed out any more, because its owners died too often; "upgrade
commands resume" lets it be handed out again. A command without an owner was written by the engine itself, or
has finished.

It changes nothing, and the right to read async_tasks will do, if it was granted before the upgrade.`

const commandsListExample = `  upgrade commands list --unfinished
  upgrade commands list --status FAILED --since 2026-01-02 --limit 20
  upgrade commands list --held --json
  upgrade commands list --owner none`

type listFlags struct {
	unfinished, held, rootOnly bool
	statuses                   []string
	types                      []int32
	owner, since, before       string
	limit                      int
	after                      string
}

func (a *app) newCommandsList() *cobra.Command {
	var flags listFlags
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List commands, the unfinished ones first",
		Long:    commandsListLong,
		Example: commandsListExample,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := flags.options(time.Now())
			if err != nil {
				return err
			}
			return a.listCommands(cmd.Context(), options)
		},
	}
	set := cmd.Flags()
	set.BoolVar(&flags.unfinished, "unfinished", false, "only commands that have not finished")
	set.StringSliceVar(&flags.statuses, "status", nil, "only commands with this `STATUS`; several with commas, or given again")
	set.Int32SliceVar(&flags.types, "type", nil, "only commands of this type, a `NUMBER`; several with commas, or given again")
	set.StringVar(&flags.owner, "owner", "", "only unfinished commands of the instance with this `ID`; none: of no instance")
	set.BoolVar(&flags.held, "held", false, "only commands that are not handed out any more")
	set.BoolVar(&flags.rootOnly, "root-only", false, "only commands without another one above them")
	set.StringVar(&flags.since, "since", "", "only commands created at this `TIME` or later: 2026-01-02, 2026-01-02T03:04:05Z, or 36h for 36 hours ago")
	set.StringVar(&flags.before, "before", "", "only commands created before this `TIME`")
	set.IntVar(&flags.limit, "limit", commands.DefaultLimit, "how many commands a page has")
	set.StringVar(&flags.after, "after", "", "begin behind this `PLACE`, which the page before has named")
	set.Lookup("type").DefValue = "" // none, which pflag would write as []
	return cmd
}

func (f listFlags) options(now time.Time) (commands.ListOptions, error) {
	options := commands.ListOptions{
		Unfinished: f.unfinished, Types: f.types, Held: f.held, Roots: f.rootOnly, Limit: f.limit, After: commands.Cursor(f.after),
	}
	if f.limit < 1 || f.limit > commands.MaxLimit {
		return options, &usageError{reason: "--limit is between 1 and " + count(commands.MaxLimit)}
	}
	for _, status := range f.statuses {
		status = strings.ToUpper(strings.TrimSpace(status))
		if err := unknownAmong("status", status, commands.Statuses()); err != nil {
			return options, err
		}
		options.Statuses = append(options.Statuses, status)
	}
	switch f.owner {
	case "":
	case "none":
		options.NoOwner = true
	default:
		id, err := uuid.Parse(f.owner)
		if err != nil {
			return options, &usageError{
				reason: "the value of --owner is neither the id of an instance nor none",
				hint:   `"upgrade commands engines" lists the instances.`,
			}
		}
		options.Owner = uuid.NullUUID{UUID: id, Valid: true}
	}
	if err := options.After.Check(); err != nil {
		return options, commandsError(err)
	}
	var err error
	if options.Since, err = typedTime("since", f.since, now); err != nil {
		return options, err
	}
	options.Before, err = typedTime("before", f.before, now)
	return options, err
}

// typedTime reads a time, or how long ago that was. An empty text is no time.
func typedTime(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02 15:04:05 UTC", time.DateTime} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, &usageError{
		reason: fmt.Sprintf("the value of --%s is not a time", flag),
		hint:   "Write it as 2026-01-02, 2026-01-02T03:04:05Z, or 36h for 36 hours ago. Without a zone it is UTC.",
	}
}

func (a *app) listCommands(ctx context.Context, options commands.ListOptions) error {
	var page commands.Page
	err := a.readCommands(ctx, "listing commands", func(ctx context.Context, tx pgx.Tx) (err error) {
		page, err = commands.List(ctx, tx, options)
		return err
	})
	if err != nil {
		return err
	}
	if a.flags.json {
		a.console.emit("commands", page)
		return nil
	}
	a.showPage(page, time.Now())
	return nil
}

func (a *app) showPage(page commands.Page, now time.Time) {
	if len(page.Commands) == 0 {
		a.console.resultf("no commands")
		return
	}
	rows := [][]string{}
	for _, command := range page.Commands {
		rows = append(rows, append([]string{command.ID.String()}, append(commandCells(&command, now), orEmpty(command.Class))...))
	}
	columns := append([]column{{head: "command"}}, commandColumns...)
	columns = append(columns, column{head: "class", least: 12})
	a.console.resultf("%s", fitted(columns, rows, a.console.width, a.console.paint))
	if page.Next != "" {
		a.console.resultf("\nmore: --after %s", page.Next)
	}
}

// commandColumns are those that commandCells fills. All statuses but FAILED_RESTARTED stay whole, and leases stay so or go.
var commandColumns = []column{
	{head: "status", least: 11}, {head: "type"}, {head: "age"}, {head: "lease", least: 10}, {head: "owner", least: 8},
}

func commandCells(command *commands.Command, now time.Time) []string {
	cells := []string{command.Status, fmt.Sprint(command.Type), ageOf(command, now), "", ""}
	if owner := command.Owner; owner != nil {
		cells[3], cells[4] = string(owner.State), owner.Name
		if command.Held() {
			cells[3] = wordHeld
		}
		if owner.Name == "" {
			cells[4] = "forgotten"
		}
	}
	return cells
}

func ageOf(command *commands.Command, now time.Time) string {
	if t := command.CreatedAt; t.Valid && t.InfinityModifier == 0 {
		return age(now.Sub(t.Time))
	}
	return ""
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
