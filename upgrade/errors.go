package upgrade

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/golang-migrate/migrate/v4"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/upgrade/driver"
)

// What a caller may act on. Test with errors.Is; errors.As with *Error gives the reason, the next step and who is in the way.
var (
	// ErrRefused: the database is not one that can be upgraded, or something that is needed is missing.
	ErrRefused = errors.New("refused")
	// ErrUnheld: going down would lose commands that the old schema cannot hold.
	ErrUnheld = errors.New("commands the old schema cannot hold")
	// ErrDrift: a row was changed, or a proof does not hold.
	ErrDrift = errors.New("drift")
	// ErrUnapproved: what would be run, or the database that it would be run on, is not what was agreed to.
	ErrUnapproved = errors.New("not approved")
	// ErrBusy: somebody else is upgrading, or a lock was not to be had within the budget.
	ErrBusy = errors.New("busy")
	// ErrConnected: others are connected, which the retire phase does not go with.
	ErrConnected = errors.New("others are connected")
	// ErrDirty: a run of the stock migrate program broke off and left its mark, and the database does not prove what it did.
	ErrDirty = errors.New("dirty")
	// ErrMismatch: the version table says another version than the database itself.
	ErrMismatch = errors.New("version mismatch")
	// ErrNewerSchema: the database is at a version that this program does not know.
	ErrNewerSchema = errors.New("newer schema")
	// ErrEdited: a migration that was applied is not the one that this program carries.
	ErrEdited = errors.New("edited migration")
	// ErrOutOfOrder: the migrations before an applied one were others than those that this program carries.
	ErrOutOfOrder = errors.New("migrations out of order")
	// ErrNotUpgraded: there is nothing to verify yet.
	ErrNotUpgraded = errors.New("not upgraded")
	// ErrUnreachable: the database cannot be reached, or the connection was lost.
	ErrUnreachable = errors.New("database unreachable")
	// ErrInterrupted: the caller's context ended. What was committed stays; the same call goes on from there.
	ErrInterrupted = errors.New("interrupted")
)

// Error says what went wrong, why and what to do next. Its texts never contain SQL or values of rows.
type Error struct {
	// Kind is one of the Err variables, nil for anything else.
	Kind error
	// Step is the step that failed, nil outside of one.
	Step *Step
	// Reason is one line. Hint is the next step, if there is one to name.
	Reason, Hint string
	// Excerpt is where in the migrations an error that nobody foresaw came from, nil for any other.
	Excerpt *Excerpt
	// Sessions are those in the way, for ErrBusy and ErrConnected.
	Sessions []Session
	// Cause is the error underneath: a *pgconn.PgError has lost everything that could hold values of rows.
	Cause error
}

// Error returns reason, step and hint on one line.
func (e *Error) Error() string {
	text := e.Reason
	if e.Step != nil {
		text = fmt.Sprintf("%s (%s): %s", e.Step, e.Step.Direction, text)
	}
	if len(e.Sessions) > 0 {
		names := make([]string, 0, len(e.Sessions))
		for _, session := range e.Sessions {
			names = append(names, session.String())
		}
		text += ": " + strings.Join(names, "; ")
	}
	if e.Hint != "" {
		text += ". " + e.Hint
	}
	return text
}

// Is reports whether the target is the error's kind.
func (e *Error) Is(target error) bool { return e.Kind != nil && target == e.Kind }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

const connectionLost = "the connection to the database was lost"

const again = "Run the same command again: it goes on from where this one stopped."

// explain turns any error of a run into an *Error. lost says that the connection is gone.
func explain(ctx context.Context, err error, step *Step, lost bool) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	result := &Error{Step: step}
	var (
		held  *driver.HeldError
		moved *driver.MovedError
		dirty *driver.DirtyError
		stock migrate.ErrDirty
		pgErr *pgconn.PgError
	)
	switch {
	case ctx.Err() != nil:
		result.Kind, result.Cause = ErrInterrupted, ctx.Err()
		result.Reason, result.Hint = "stopped", again
	case errors.As(err, &held):
		result.Kind, result.Cause, result.Sessions = ErrBusy, held, held.Holders
		result.Reason = held.Error()
		result.Hint = "Wait until it is done and run the same command again."
	case errors.As(err, &moved):
		result.Kind, result.Cause = ErrBusy, moved
		result.Reason, result.Hint = moved.Error(), again
	case errors.As(err, &dirty):
		return dirtyError(dirty.Version)
	case errors.As(err, &stock):
		return dirtyError(int64(stock.Version))
	case errors.As(err, &pgErr):
		result.fromServer(pgErr, err)
	case lost:
		result.Kind, result.Cause = ErrUnreachable, err
		result.Reason, result.Hint = connectionLost, again
	default:
		result.Cause = err
		result.Reason = oneLine(err.Error())
	}
	return result
}

func (e *Error) fromServer(pgErr *pgconn.PgError, err error) {
	clean := cleaned(pgErr)
	e.Kind, e.Cause = kindOf(clean.Code), clean
	e.Reason, e.Hint = clean.Message, clean.Hint
	if clean.Code == dependentObjects && clean.Detail != "" {
		e.Reason += ": " + clean.Detail
	}
	if !ours(clean.Code) {
		e.Reason += " (SQLSTATE " + clean.Code + ")"
	}
	e.Hint = cmp.Or(hintOverServers(clean.Code), e.Hint, hintFor(clean.Code, e.Kind))
	if e.Kind != nil || ours(clean.Code) {
		return
	}
	var body *driver.BodyError
	_ = errors.As(err, &body) // nil for what the program sends between the migrations
	if e.Excerpt = excerptOf(e.Step, body, pgErr); e.Excerpt != nil && e.Excerpt.Line > 0 {
		e.Reason += fmt.Sprintf(" in line %d", e.Excerpt.Line)
	}
	if e.Hint == "" && e.Step != nil {
		e.Hint = "Nothing of this step has stayed. Remove the cause and run the same command again."
	}
}

func kindOf(code string) error {
	switch code {
	case "CO001", insufficientPrivilege, "25006": // read-only
		return ErrRefused
	case "CO003":
		return ErrUnheld
	case "CO004":
		return ErrDrift
	case "CO005", "55P03", "40P01", "40001": // lock not available, dead-lock, serialization failure
		return ErrBusy
	case "57P01", "57P02", "57P03": // the server goes down or comes up
		return ErrUnreachable
	}
	if strings.HasPrefix(code, "08") {
		return ErrUnreachable
	}
	return nil
}

// ours says whether coco's own SQL raised an error: only then its texts are known to hold no values.
func ours(code string) bool { return strings.HasPrefix(code, "CO") }

// quotedValue is how messages about bad data end, in any language: invalid input syntax for type uuid: "…".
var quotedValue = regexp.MustCompile(`(?s):?\s*["'«»‹›„“”‘’「『].*`)

// cleaned copies what cannot hold values of rows or SQL.
func cleaned(e *pgconn.PgError) *pgconn.PgError {
	clean := &pgconn.PgError{
		Severity: e.Severity, SeverityUnlocalized: e.SeverityUnlocalized, Code: e.Code, Message: oneLine(e.Message), Hint: oneLine(e.Hint),
		SchemaName: e.SchemaName, TableName: e.TableName, ColumnName: e.ColumnName, DataTypeName: e.DataTypeName,
		ConstraintName: e.ConstraintName, File: e.File, Line: e.Line, Routine: e.Routine,
	}
	switch {
	case ours(e.Code):
		clean.Detail = oneLine(e.Detail)
	case e.Code == dependentObjects: // which objects they are, each in a line
		clean.Detail = oneLine(strings.ReplaceAll(e.Detail, "\n", ";\n"))
	case strings.HasPrefix(e.Code, "22"), // data exception
		e.Code == "42601" && e.InternalQuery != "": // syntax error in a statement that was put together, perhaps with values
		clean.Message = quotedValue.ReplaceAllString(clean.Message, "")
	}
	return clean
}

// oneLine joins the lines of a text and leaves out those that say again what stands before them.
func oneLine(text string) string {
	var line strings.Builder
	for part := range strings.Lines(text) {
		part = strings.Join(strings.Fields(part), " ")
		if strings.Contains(line.String(), part) {
			continue
		}
		if line.Len() > 0 {
			line.WriteByte(' ')
		}
		line.WriteString(part)
	}
	return line.String()
}

func dirtyError(version int64) *Error {
	return &Error{
		Kind: ErrDirty, Cause: &driver.DirtyError{Version: version},
		Reason: fmt.Sprintf("version %d is marked dirty: a run of the migrate program broke off there", version),
		Hint: fmt.Sprintf("Find out which version the tables really have (%d or one beside it) and set it with that program: "+
			"\"migrate force VERSION\". Then run the same command again.", version),
	}
}

func isEdited(err error) bool { return errors.Is(err, ErrEdited) || errors.Is(err, ErrOutOfOrder) }
