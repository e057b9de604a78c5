package commands

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/ovirt/coco/gen"
)

// Tree is a command with everything above and below it.
type Tree struct {
	Root *Node `json:"root"`
	// Commands is how many there are, Unfinished how many of them have not finished.
	Commands   int `json:"commands"`
	Unfinished int `json:"unfinished"`
	// Tasks are those that name commands of the tree.
	Tasks []Task `json:"tasks"`
}

// Node is a command in a tree.
type Node struct {
	Command

	// Tasks are those that name the command.
	Tasks    []uuid.UUID `json:"tasks"`
	Children []*Node     `json:"children"`
}

// FindTree returns the whole tree of a command, from its root on. Commands that have one parent are ordered by their age.
func FindTree(ctx context.Context, db gen.DBTX, id uuid.UUID) (*Tree, error) {
	list, err := overview(ctx, gen.New(db), id, true)
	if err != nil {
		return nil, err
	}
	tasks, err := tasksOf(ctx, gen.New(db), list[0].ID)
	if err != nil {
		return nil, err
	}
	tree := &Tree{Root: grow(list, tasks), Commands: len(list), Tasks: tasks}
	for _, command := range list {
		if !command.Finished() {
			tree.Unfinished++
		}
	}
	return tree, nil
}

// overview returns a command, or its root, with all below it; the topmost first.
func overview(ctx context.Context, queries *gen.Queries, id uuid.UUID, whole bool) ([]Command, error) {
	rows, err := queries.TreeOverview(ctx, gen.TreeOverviewParams{CommandID: id, Whole: whole})
	if err != nil {
		return nil, explain(fmt.Errorf("read the tree: %w", err))
	}
	if len(rows) == 0 {
		return nil, &NotFoundError{CommandID: id}
	}
	return commandsOf(rows), nil
}

// tasksOf returns the tasks that name a command or one below it.
func tasksOf(ctx context.Context, queries *gen.Queries, id uuid.UUID) ([]Task, error) {
	rows, err := queries.RemovalBlockers(ctx, id)
	if err != nil {
		return nil, explain(fmt.Errorf("look for tasks: %w", err))
	}
	tasks := []Task{}
	for _, row := range rows {
		if row.Reason == "task" {
			tasks = append(tasks, Task{ID: row.TaskID.UUID, CommandID: row.CommandID})
		}
	}
	return tasks, nil
}

// grow makes a tree of commands, the first of which is its root. Links that damaged rows make in a circle are followed once.
func grow(list []Command, tasks []Task) *Node {
	nodes := make(map[uuid.UUID]*Node, len(list))
	for _, command := range list {
		nodes[command.ID] = &Node{Command: command, Tasks: []uuid.UUID{}, Children: []*Node{}}
	}
	for _, task := range tasks {
		if node := nodes[task.CommandID]; node != nil {
			node.Tasks = append(node.Tasks, task.ID)
		}
	}
	top := nodes[list[0].ID]
	below := map[uuid.UUID][]*Node{}
	for _, command := range list[1:] {
		above, _ := command.above()
		below[above] = append(below[above], nodes[command.ID])
	}
	placed := map[uuid.UUID]bool{top.ID: true}
	place := func(from *Node) {
		for open := []*Node{from}; len(open) > 0; open = open[1:] {
			for _, child := range below[open[0].ID] {
				if placed[child.ID] {
					continue
				}
				placed[child.ID] = true
				open[0].Children = append(open[0].Children, child)
				open = append(open, child)
			}
		}
	}
	place(top)
	for _, command := range list { // a part that hangs on the tree by its root alone, and in a circle otherwise
		if node := nodes[command.ID]; !placed[command.ID] {
			placed[command.ID] = true
			top.Children = append(top.Children, node)
			place(node)
		}
	}
	return top
}
