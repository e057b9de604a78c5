package play

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// procedure is one that the engine calls. Its number finds it in the sets below.
type procedure int

const (
	save procedure = iota
	insert
	update
	remove
	removeByVdsm
	link
	find
	findByEntity
	findByVdsm
	findAll
	procedureCount
)

// procedures are the names under which a workload calls what it calls.
type procedures [procedureCount]string

var (
	engineProcedures = procedures{
		"insertorupdateasynctasks", "insertasync_tasks", "updateasync_tasks", "deleteasync_tasks", "deleteasynctasksbyvdsmtaskid",
		"insertasynctaskentities", "getasync_tasksbytask_id", "getasynctasksbyentityid", "getasynctasksbyvdsmtaskid",
		"getallfromasync_tasks",
	}
	controlProcedures = procedures{
		"control_save", "control_insert", "control_update", "control_delete", "control_delete_by_vdsm",
		"control_link", "control_find", "control_find_by_entity", "control_find_by_vdsm",
		"control_find_all",
	}
	arguments = [procedureCount]int{15, 15, 13, 1, 1, 3, 1, 1, 1, 0}
)

// prepare prepares one statement for each procedure. They are never prepared again: what the server has planned, and what it has said
// about the result, has to outlive what is done to the procedures.
func (p procedures) prepare(ctx context.Context, conn *pgx.Conn) error {
	for i, name := range p {
		placeholders := make([]string, arguments[i])
		for n := range placeholders {
			placeholders[n] = fmt.Sprintf("$%d", n+1)
		}
		if _, err := conn.Prepare(ctx, name, fmt.Sprintf("SELECT * FROM %s(%s)", name, strings.Join(placeholders, ", "))); err != nil {
			return fmt.Errorf("prepare a call of %s: %w", name, err)
		}
	}
	return nil
}

// answer is what a call returned, as text.
type answer struct {
	columns []string
	rows    [][]*string
}

// ask makes a call. Values travel as text both ways, as with the engine's driver.
func ask(ctx context.Context, conn *pgx.Conn, name string, arguments []any) (answer, error) {
	rows, err := conn.Query(ctx, name, append([]any{pgx.QueryResultFormats{pgx.TextFormatCode}}, arguments...)...)
	if err != nil {
		return answer{}, err
	}
	var a answer
	for _, field := range rows.FieldDescriptions() {
		a.columns = append(a.columns, field.Name)
	}
	for rows.Next() {
		row := make([]*string, len(a.columns))
		for i, value := range rows.RawValues() {
			if value != nil {
				row[i] = new(string(value))
			}
		}
		a.rows = append(a.rows, row)
	}
	return a, rows.Err()
}

// tasks reads columns by their names, as the engine does.
func (a answer) tasks() (tasks []*task, wrong string) {
	var at [columnCount]int
	for column, name := range columnNames {
		at[column] = -1
		for i, found := range a.columns {
			if found == name {
				at[column] = i
			}
		}
		if at[column] < 0 {
			return nil, "there is no column " + name
		}
	}
	for _, row := range a.rows {
		t := &task{}
		for column, i := range at {
			t.values[column] = row[i]
		}
		if t.values[taskID] == nil {
			return nil, "a task without an id"
		}
		tasks = append(tasks, t)
	}
	return tasks, ""
}
