package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// task is one row of async_tasks. A nil text or an empty id is NULL.
type task struct {
	label       string
	actionType  int
	actionName  string // written as a comment beside the number
	status      int
	result      int
	taskType    int
	id          string
	vdsm        string
	action      *string
	actionClass *string
	own         *string // task_parameters
	ownClass    *string
	step        string
	command     string
	root        string
	pool        string
	started     string
	links       []string // ids of storage domains or images

	actionSQL string // an SQL expression that takes the place of action
}

// start is when the first task of the sample began; later ones follow 211 ms apart.
var start = time.Date(2014, 6, 3, 8, 15, 42, 0, time.UTC)

func startedAt(n int) string {
	return start.Add(time.Duration(n) * 211 * time.Millisecond).Format("2006-01-02 15:04:05.000Z")
}

// quote writes s as an SQL literal that does not depend on any setting but standard_conforming_strings.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

func quoteOrNull(s string) string {
	if s == "" {
		return "NULL"
	}
	return quote(s)
}

func quoteText(s *string) string {
	if s == nil {
		return "NULL"
	}
	return quote(*s)
}

func (t task) actionText() string {
	if t.actionSQL != "" {
		return t.actionSQL
	}
	return quoteText(t.action)
}

// upsert is the call that the engine makes for a new or a changed task, with its links.
func (t task) upsert() string {
	var b strings.Builder
	fmt.Fprintf(&b, "-- %s\n", t.label)
	args := []string{
		fmt.Sprintf("%d /*%s*/", t.actionType, t.actionName), strconv.Itoa(t.result), strconv.Itoa(t.status),
		quoteOrNull(t.vdsm), quote(t.id),
		t.actionText(), quoteText(t.actionClass), quoteText(t.own), quoteText(t.ownClass),
		quoteOrNull(t.step), quoteOrNull(t.command), quoteOrNull(t.root), quoteOrNull(t.started),
		quoteOrNull(t.pool), strconv.Itoa(t.taskType),
	}
	fmt.Fprintf(&b, "SELECT InsertOrUpdateAsyncTasks(%s);\n", strings.Join(args, ", "))
	for _, entity := range t.links {
		fmt.Fprintf(&b, "SELECT InsertAsyncTaskEntities(%s, %s, 'Storage');\n", quote(t.id), quote(entity))
	}
	return b.String()
}

// insert writes the row past the procedures, for states that they would not make.
func (t task) insert() string {
	values := []string{
		quote(t.id), strconv.Itoa(t.actionType), strconv.Itoa(t.status), strconv.Itoa(t.result),
		t.actionText(), quoteText(t.actionClass), quoteOrNull(t.step), quoteOrNull(t.command),
		quoteOrNull(t.started), quoteOrNull(t.pool), strconv.Itoa(t.taskType),
		quoteText(t.own), quoteText(t.ownClass), quoteOrNull(t.vdsm), quoteOrNull(t.root),
	}
	return fmt.Sprintf("-- %s\nINSERT INTO async_tasks (%s)\nVALUES (%s);\n", t.label, columns, strings.Join(values, ", "))
}

const columns = "task_id, action_type, status, result, action_parameters, action_params_class, step_id, command_id, " +
	"started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id"
