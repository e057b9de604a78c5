package play

import (
	"fmt"
	"slices"
)

// The columns of a task in their order.
const (
	taskID = iota
	actionType
	status
	result
	actionParameters
	actionClass
	stepID
	commandID
	startedAt
	storagePoolID
	taskType
	taskParameters
	taskClass
	vdsmTaskID
	rootCommandID
	columnCount
)

var columnNames = [columnCount]string{
	"task_id", "action_type", "status", "result", "action_parameters", "action_params_class", "step_id", "command_id",
	"started_at", "storage_pool_id", "task_type", "task_parameters", "task_params_class", "vdsm_task_id", "root_command_id",
}

// task is what the engine knows of a task. It is never changed: a change makes another one.
type task struct {
	values   [columnCount]*string // as PostgreSQL writes them; nil is NULL
	entities []string             // what it is linked to, of the client's own entities
}

func (t *task) id() string { return *t.values[taskID] }

// updated is what an update makes of the task: when it began and of what kind it is never changes.
func (t *task) updated(to *task) *task {
	next := &task{values: to.values, entities: t.entities}
	next.values[startedAt], next.values[taskType] = t.values[startedAt], t.values[taskType]
	return next
}

func (t *task) linked(entity string) *task {
	return &task{values: t.values, entities: append(slices.Clone(t.entities), entity)}
}

// inserted are the arguments of insertasync_tasks, updated those of updateasync_tasks.
func (t *task) insertArguments() []any {
	return t.arguments(actionType, result, status, vdsmTaskID, taskID, actionParameters, actionClass, taskParameters, taskClass,
		stepID, commandID, rootCommandID, startedAt, storagePoolID, taskType)
}

func (t *task) updateArguments() []any {
	return t.arguments(actionType, result, status, vdsmTaskID, taskID, actionParameters, actionClass, taskParameters, taskClass,
		stepID, commandID, rootCommandID, storagePoolID)
}

func (t *task) arguments(columns ...int) []any {
	arguments := make([]any, len(columns))
	for i, column := range columns {
		arguments[i] = t.values[column]
	}
	return arguments
}

// difference says in what the answer is not the task, without its texts.
func (t *task) difference(got *task) string {
	first, more := "", 0
	for column, want := range t.values {
		if equal(want, got.values[column]) {
			continue
		}
		if first == "" {
			first = fmt.Sprintf("%s is %s, should be %s", columnNames[column], shown(column, got.values[column]), shown(column, want))
			continue
		}
		more++
	}
	switch {
	case first == "":
		return ""
	case more > 0:
		first += fmt.Sprintf(", and %d more columns differ", more)
	}
	return fmt.Sprintf("task %s: %s", t.id(), first)
}

// equal tells NULL from an empty text.
func equal(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// shown is a value as a report may hold it: of parameters and their class the length alone.
func shown(column int, value *string) string {
	switch {
	case value == nil:
		return "NULL"
	case slices.Contains([]int{actionParameters, actionClass, taskParameters, taskClass}, column):
		return fmt.Sprintf("a text of %d bytes", len(*value))
	}
	return *value
}

// differences compares an answer with the tasks that it should hold, each once, in any order.
func differences(want []*task, got []*task) string {
	missing := map[string]*task{}
	for _, t := range want {
		missing[t.id()] = t
	}
	for _, t := range got {
		expected := missing[t.id()]
		if expected == nil {
			return fmt.Sprintf("task %s should not be in the answer, or not again", t.id())
		}
		if difference := expected.difference(t); difference != "" {
			return difference
		}
		delete(missing, t.id())
	}
	for id := range missing {
		return fmt.Sprintf("task %s is missing in the answer", id)
	}
	return ""
}
