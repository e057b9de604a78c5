package coordinator

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
)

// explain turns what the server said into the error that a caller can act on. What is left is a *pgconn.PgError without anything
// that could hold values of rows. Errors that the server has not made pass as they are.
func explain(err error) error {
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	if _, connecting := errors.AsType[*pgconn.ConnectError](err); !ok || connecting {
		return err
	}
	detail := details(refusal.Detail)
	id := detail.id("command")
	switch refusal.Code {
	case "CO001": // a procedure found the upgrade in another phase
		return &NotUpgradedError{Reason: refusal.Message, Phase: cmp.Or(detail["phase"], "switch")}
	case "CO010":
		return &LostOwnershipError{CommandID: id, Owner: detail.id("owner")}
	case "CO011":
		return &TransitionError{CommandID: id, From: Status(detail["status"]), To: Status(detail["to"])}
	case "CO012":
		if task := detail.id("task"); task != uuid.Nil {
			return &TaskNotFoundError{TaskID: task}
		}
		return &NotFoundError{CommandID: id}
	case "CO013":
		return &LiveDescendantsError{CommandID: id, Descendants: detail.ids("descendants"), Tasks: detail.ids("tasks")}
	case "CO014":
		_, stored := detail["stored"]
		return &ParentError{CommandID: id, Parent: detail.id("parent"), Missing: !stored, Stored: detail.id("stored")}
	case "CO015":
		return &CycleError{CommandID: id}
	case "CO016":
		return &InstanceEndedError{InstanceID: detail.id("instance"), Because: strings.ReplaceAll(detail["because"], "_", " ")}
	case "CO017":
		before, _ := time.Parse(time.RFC3339, detail["before"]) // the zero time where there is none
		return &CutoffError{Before: before}
	case "CO019":
		return &OtherCommandError{TaskID: detail.id("task"), CommandID: id}
	case "CO018":
		_, runner, _ := strings.Cut(refusal.Detail, "runner=") // the last one: it may have blanks
		expires, _ := time.Parse(time.RFC3339, detail["expires"])
		return &CleanupRunningError{Runner: runner, Expires: expires}
	case "3F000", "42883", "42P01", "42704": // no such schema, function, table, type
		return &NotUpgradedError{Reason: "the database does not have coco's procedures for commands", Phase: "switch"}
	}
	return cleaned(refusal)
}

// detail is what the procedures put into DETAIL: "command=… owner=…".
type detail map[string]string

func details(text string) detail {
	result := detail{}
	for field := range strings.FieldsSeq(text) {
		if key, value, ok := strings.Cut(field, "="); ok {
			result[key] = value
		}
	}
	return result
}

// id is uuid.Nil for "none", and where there is none.
func (d detail) id(key string) uuid.UUID {
	id, err := uuid.Parse(d[key])
	if err != nil {
		return uuid.Nil
	}
	return id
}

func (d detail) ids(key string) []uuid.UUID {
	var result []uuid.UUID
	for text := range strings.SplitSeq(d[key], ",") {
		if id, err := uuid.Parse(text); err == nil {
			result = append(result, id)
		}
	}
	return result
}

// cleaned copies what cannot hold values: DETAIL may show a row, WHERE an argument, the message of bad data quotes it, and that of an
// error raised in somebody's trigger may say anything.
func cleaned(e *pgconn.PgError) *pgconn.PgError {
	clean := &pgconn.PgError{
		Severity: e.Severity, SeverityUnlocalized: e.SeverityUnlocalized, Code: e.Code, Message: e.Message,
		SchemaName: e.SchemaName, TableName: e.TableName, ColumnName: e.ColumnName, DataTypeName: e.DataTypeName,
		ConstraintName: e.ConstraintName, File: e.File, Line: e.Line, Routine: e.Routine,
	}
	const raised = "exec_stmt_raise" // RAISE in a function
	if e.Routine == raised || !speaksOfNoValues(e.Code) {
		clean.Message = "the server refused it, and its log says why"
	}
	return clean
}

// speaksOfNoValues says whether the server's own messages with this SQLSTATE name constraints, roles and the like at most.
func speaksOfNoValues(code string) bool {
	const permissionDenied = "42501"
	if len(code) != len(permissionDenied) {
		return false
	}
	switch code[:2] {
	case "08", "23", "25", "28", "40", "53", "54", "55", "57", "58":
		return true
	}
	return code == permissionDenied
}
