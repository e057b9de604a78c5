package commands

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/google/uuid"
)

// version is the version of the format that Load reads.
const version = 1

// LineError names a line of an export that cannot be taken in. It repeats nothing of the line, which may hold secrets.
type LineError struct {
	// Line counts from 1.
	Line int64
	// Reason is a part of a sentence that begins with the line.
	Reason string
}

// Error returns the line and the reason.
func (e *LineError) Error() string { return fmt.Sprintf("line %d %s", e.Line, e.Reason) }

// fields are those of an exported command, and what each may be.
var fields = map[string]func(json.RawMessage) bool{
	"coco_command":            isNumber,
	"command_id":              isID,
	"command_type":            isNumber,
	"parent_command_id":       orNull(isID),
	"root_command_id":         orNull(isID),
	"action_parameters":       orNull(isText),
	"action_parameters_class": orNull(isText),
	"created_at":              orNull(isText),
	"status":                  orNull(isText),
	"finished_at":             orNull(isText),
}

// checkLine looks whether a line is a command as it was exported. The server reads the values themselves: it wrote them.
func checkLine(number int64, line []byte) error {
	wrong := func(format string, args ...any) error {
		return &LineError{Line: number, Reason: fmt.Sprintf(format, args...)}
	}
	var command map[string]json.RawMessage
	if err := json.Unmarshal(line, &command); err != nil || command == nil {
		return wrong("is not a command that was exported: it is no JSON object")
	}
	format, ok := command["coco_command"]
	if !ok {
		return wrong("is not a command that was exported: it has no field coco_command")
	}
	if written, err := strconv.Atoi(string(format)); err == nil && written != version {
		return wrong("has version %d of the format, and this program knows version %d", written, version)
	}
	for name, fits := range fields {
		value, ok := command[name]
		switch {
		case !ok:
			return wrong("is damaged: it has no field %s", name)
		case !fits(value):
			return wrong("is damaged: %s is not what it has to be", name)
		}
	}
	if len(command) > len(fields) {
		return wrong("is damaged: it has fields that no exported command has")
	}
	return nil
}

func orNull(fits func(json.RawMessage) bool) func(json.RawMessage) bool {
	return func(value json.RawMessage) bool { return bytes.Equal(value, []byte("null")) || fits(value) }
}

func isText(value json.RawMessage) bool { return bytes.HasPrefix(value, []byte(`"`)) }

func isNumber(value json.RawMessage) bool {
	_, err := strconv.ParseInt(string(value), 10, 32)
	return err == nil
}

func isID(value json.RawMessage) bool {
	var text string
	if err := json.Unmarshal(value, &text); err != nil || !isText(value) {
		return false
	}
	id, err := uuid.Parse(text)
	return err == nil && id != uuid.Nil && id.String() == text
}
