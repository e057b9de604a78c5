package commands

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/gen"
)

// batchBytes is about how much is sent to the server at once.
const batchBytes = 4 << 20

// Result says what became of the commands of an export.
type Result struct {
	// Loaded is how many commands were stored, Replaced how many were stored in the place of others with their ids. There is how
	// many were there already, exactly as they are in the export.
	Loaded   int64 `json:"loaded"`
	Replaced int64 `json:"replaced"`
	There    int64 `json:"already_there"`
	// Kept are commands that are there otherwise than in the export, and were left as they are.
	Kept []uuid.UUID `json:"kept"`
}

// MissingError says that commands name parents or roots that are neither in the database nor in the export.
type MissingError struct{ Missing []Missing }

// Missing is a command that a line of the export names and nobody has.
type Missing struct {
	Line      int64     `json:"line"`
	CommandID uuid.UUID `json:"command_id"`
}

// namedMissing is how many of the missing commands are named.
const namedMissing = 5

// Error names the first few.
func (e *MissingError) Error() string {
	var names []string
	for _, missing := range e.Missing[:min(len(e.Missing), namedMissing)] {
		names = append(names, fmt.Sprintf("%s (line %d)", missing.CommandID, missing.Line))
	}
	if more := len(e.Missing) - namedMissing; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return "parents or roots of commands are neither in the database nor in the export: " + strings.Join(names, ", ")
}

// Load stores the commands of an export exactly as they were exported, times and status included, in the caller's transaction, which
// has to be rolled back when it fails. A command that is there otherwise is left alone unless overwrite. Parents and children may
// come in any order. Where a command comes twice, the later line counts.
//
// A task goes on reading the values that were stored for it, whatever its command becomes.
func Load(ctx context.Context, tx gen.DBTX, export io.Reader, overwrite bool) (Result, error) {
	queries := gen.New(tx)
	if err := stage(ctx, queries, export); err != nil {
		return Result{}, err
	}
	lines, err := queries.LoadCommands(ctx, overwrite)
	if err != nil {
		return Result{}, explain(fmt.Errorf("store the commands: %w", err))
	}
	result := Result{Kept: []uuid.UUID{}}
	missing := &MissingError{}
	for _, line := range lines {
		switch line.Outcome {
		case "loaded":
			result.Loaded++
		case "replaced":
			result.Replaced++
		case "there":
			result.There++
		case "kept":
			result.Kept = append(result.Kept, line.CommandID)
		case "missing":
			missing.Missing = append(missing.Missing, Missing{Line: line.Line, CommandID: line.CommandID})
		}
	}
	if len(missing.Missing) > 0 {
		return Result{}, missing
	}
	return result, nil
}

// stage sends the lines to the server, a batch a call.
func stage(ctx context.Context, queries *gen.Queries, export io.Reader) error {
	reader := bufio.NewReaderSize(export, 1<<16)
	first, size := int64(1), 0
	batch := []string{}
	send := func() error {
		err := queries.StageCommands(ctx, gen.StageCommandsParams{FirstLine: first, Lines: batch})
		if err != nil {
			return explain(unreadable(err, first, batch))
		}
		first, size, batch = first+int64(len(batch)), 0, batch[:0]
		return nil
	}
	for {
		line, err := reader.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the export: %w", err)
		}
		if line == "" {
			return send() // also of an empty export: the server says whether commands can be taken in at all
		}
		if wrong := checkLine(first+int64(len(batch)), []byte(line)); wrong != nil {
			return wrong
		}
		batch, size = append(batch, line), size+len(line)
		if size >= batchBytes {
			if err := send(); err != nil {
				return err
			}
		}
	}
}

// unreadable finds the line that the server could not read.
func unreadable(err error, first int64, batch []string) error {
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	var number int64
	if _, scanned := fmt.Sscanf(refusal.Message, "line %d:", &number); scanned == nil && refusal.Code == "CO006" {
		return &LineError{Line: number, Reason: "is damaged: a value is not what its column can hold"}
	}
	if refusal.Code != "22021" { // character not in repertoire
		return err
	}
	for i, line := range batch {
		if !utf8.ValidString(line) || strings.ContainsRune(line, 0) {
			return &LineError{Line: first + int64(i), Reason: "is damaged: it is not UTF-8 text"}
		}
	}
	return err
}
