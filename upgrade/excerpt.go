package upgrade

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/upgrade/driver"
)

// Excerpt says where in the migrations an error came from. It shows lines of migration files only, never what was sent to the server
// with values in it.
type Excerpt struct {
	// File and Line are where the failing statement stands, Column the character in that line, from 1, or 0 if it is not known. The
	// file is empty for an error in what the program sends between the migrations.
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	// First is the number of the first of Lines, which are those around Line.
	First int      `json:"first_line,omitempty"`
	Lines []string `json:"lines,omitempty"`
	// Function and FunctionLine are where in a function of the database it happened; empty outside of one.
	Function     string `json:"function,omitempty"`
	FunctionLine int    `json:"function_line,omitempty"`
}

// linesAround is how many lines are shown before and behind the one that failed.
const linesAround = 2

// excerptOf finds out where an error of a migration, or of a function, came from; nil if that is not known.
func excerptOf(step *Step, body *driver.BodyError, pgErr *pgconn.PgError) *Excerpt {
	frames := framesOf(pgErr.Where)
	excerpt := &Excerpt{}
	for _, frame := range frames {
		if frame.function != inlineBlock {
			excerpt.Function, excerpt.FunctionLine = frame.function, frame.line
			break
		}
	}
	if step != nil && body != nil {
		excerpt.locate(body, int(pgErr.Position), frames)
	}
	if excerpt.Line == 0 && excerpt.Function == "" {
		return nil
	}
	if excerpt.Line > 0 {
		excerpt.File = step.file()
		excerpt.show(body.Body)
	}
	return excerpt
}

// locate sets line and column: those of the position that the server names, in characters from 1; or else the line of the statement
// that failed, or in the DO block that it is.
func (e *Excerpt) locate(body *driver.BodyError, position int, frames []frame) {
	characters := []rune(body.Body)
	if position >= 1 && position <= len(characters) {
		before := string(characters[:position-1])
		e.Line = 1 + strings.Count(before, "\n")
		e.Column = 1 + len([]rune(before[strings.LastIndex(before, "\n")+1:]))
		return
	}
	all := statements(body.Body)
	if body.Statement >= len(all) {
		return
	}
	failed := all[body.Statement]
	e.Line = lineAt(body.Body, failed.start)
	for _, frame := range frames {
		if frame.function == inlineBlock {
			e.Line = lineAt(body.Body, failed.start+bodyOf(body.Body[failed.start:failed.end])) + frame.line - 1
		}
	}
}

func lineAt(text string, offset int) int { return 1 + strings.Count(text[:offset], "\n") }

// show takes the lines around the one that failed.
func (e *Excerpt) show(text string) {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	e.Line = min(e.Line, len(lines))
	e.First = max(1, e.Line-linesAround)
	for _, line := range lines[e.First-1 : min(len(lines), e.Line+linesAround)] {
		e.Lines = append(e.Lines, strings.TrimRight(line, "\r"))
	}
}

// frame is a PL/pgSQL function that was being executed, and the line in it.
type frame struct {
	function string
	line     int
}

// inlineBlock is how the server calls a DO block.
const inlineBlock = "inline_code_block"

var frameLine = regexp.MustCompile(`^PL/pgSQL function ([A-Za-z_][A-Za-z0-9_.]*(?:\([A-Za-z0-9_., \[\]]*\))?) line (\d+) at [A-Za-z /.]+$`)

// framesOf reads the functions from the context of an error, innermost first. Between them the context may quote statements, with
// values in them and line breaks in those, so only lines that no value can be part of are read: the first one, and those at the end up
// to the first that ends a quotation.
func framesOf(context string) []frame {
	lines := strings.Split(context, "\n")
	end := len(lines)
	for end > 0 && frameLine.MatchString(lines[end-1]) {
		end--
	}
	if end > 0 {
		lines = append(lines[:1], lines[end:]...)
	}
	var frames []frame
	for _, line := range lines {
		if words := frameLine.FindStringSubmatch(line); words != nil {
			number, err := strconv.Atoi(words[2])
			if err == nil {
				frames = append(frames, frame{words[1], number})
			}
		}
	}
	return frames
}
