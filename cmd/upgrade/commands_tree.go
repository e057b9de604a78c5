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

const commandsTreeLong = `tree shows the whole tree that a command belongs to, from its root on, with the tasks that name its commands.
The command that was asked for is marked with an arrow. Of a tree whose root has finished it says what keeps
the cleanup from removing it: a command that has not finished, or a task.

It changes nothing, and the right to read async_tasks will do, if it was granted before the upgrade.`

func (a *app) newCommandsTree() *cobra.Command {
	return &cobra.Command{
		Use:     "tree ID",
		Short:   "Show the whole tree of a command",
		Long:    commandsTreeLong,
		Example: "  upgrade commands tree 1dc3f14d-5c8e-4d27-a1ee-11a53a7e9f8b\n  upgrade commands tree 1dc3f14d-5c8e-4d27-a1ee-11a53a7e9f8b --json",
		Args:    oneArgument("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := commandID(args[0])
			if err != nil {
				return err
			}
			var tree *commands.Tree
			err = a.readCommands(cmd.Context(), "reading the tree", func(ctx context.Context, tx pgx.Tx) (err error) {
				tree, err = commands.FindTree(ctx, tx, id)
				return err
			})
			if err != nil {
				return err
			}
			a.showTree(tree, id, time.Now())
			return nil
		},
	}
}

func (a *app) showTree(tree *commands.Tree, id uuid.UUID, now time.Time) {
	if a.flags.json {
		a.console.emit("tree", struct {
			AskedFor uuid.UUID `json:"asked_for"`
			*commands.Tree
		}{id, tree})
		return
	}
	drawing := drawing{asked: id, now: now}
	drawing.draw(tree.Root, "", "", "")
	columns := append(append([]column{}, commandColumns...), column{head: "command"})
	a.console.resultf("%s\n\n%s", fitted(columns, drawing.rows, a.console.width, a.console.paint), treeSummary(tree))
}

// drawing are the rows of a tree: a command's cells, and the branches with its id behind them, where wide ones do no harm.
type drawing struct {
	asked uuid.UUID
	now   time.Time
	rows  [][]string
}

// draw adds a node and all below it. first stands before the node's id, rest before what is below it.
func (d *drawing) draw(node *commands.Node, first, rest, mark string) {
	if node.ID == d.asked {
		mark = " ←"
	}
	d.rows = append(d.rows, append(commandCells(&node.Command, d.now), first+node.ID.String()+mark))
	stem := "   "
	if len(node.Children) > 0 {
		stem = "│  "
	}
	for _, task := range node.Tasks {
		d.rows = append(d.rows, []string{"", "", "", "", "", rest + stem + "task " + task.String()})
	}
	for i, child := range node.Children {
		if i == len(node.Children)-1 {
			d.draw(child, rest+"└─ ", rest+"   ", "")
			continue
		}
		d.draw(child, rest+"├─ ", rest+"│  ", "")
	}
}

// treeSummary counts, and says what keeps a finished tree.
func treeSummary(tree *commands.Tree) string {
	text := fmt.Sprintf("%s, %s unfinished, %s", counted(int64(tree.Commands), "command"), count(int64(tree.Unfinished)),
		counted(int64(len(tree.Tasks)), "task"))
	if !tree.Root.Finished() {
		return text
	}
	if unfinished := firstUnfinished(tree.Root); unfinished != nil {
		text += fmt.Sprintf("\nnot cleaned up: command %s has not finished", unfinished.ID)
	}
	if len(tree.Tasks) > 0 {
		text += fmt.Sprintf("\nnot cleaned up: task %s names command %s", tree.Tasks[0].ID, tree.Tasks[0].CommandID)
	}
	return text
}

func firstUnfinished(node *commands.Node) *commands.Node {
	if !node.Finished() {
		return node
	}
	for _, child := range node.Children {
		if found := firstUnfinished(child); found != nil {
			return found
		}
	}
	return nil
}
