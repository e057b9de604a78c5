package chaos

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/uuid"
)

// What a line of a journal says.
const (
	opened     = "opened"    // the process is a new instance
	recovered  = "recovered" // Recover has handed out the command
	tried      = "tried"     // an attempt begins
	acked      = "acked"     // the server has said that the attempt is committed
	foundAgain = "found"     // the server had not said so, the ledger does
	refused    = "refused"   // the coordinator has refused the attempt: the command is another's
	over       = "over"      // the coordinator has refused the attempt: the command, or its child, has finished
	failed     = "failed"    // the attempt ended before its commit
	unknown    = "unknown"   // the commit was sent and not answered
	troubled   = "troubled"  // something else went wrong and is done again
	holds      = "holds"     // the process waits at its place in a play
)

// line is what a worker has noted in its journal.
type line struct {
	What     string    `json:"what"`
	Process  string    `json:"process"`
	Instance uuid.UUID `json:"instance"`
	Command  uuid.UUID `json:"command"`
	Attempt  uuid.UUID `json:"attempt"`
	Step     int       `json:"step"`
	Error    string    `json:"error,omitempty"`
}

// journal is a file that outlives the process that writes it: what write has taken is not lost by a kill.
type journal struct {
	file    *os.File
	process string
}

func openJournal(path string) (*journal, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	return &journal{file: file, process: filepath.Base(path)}, nil
}

// note writes a line, in one piece. A worker that cannot keep its journal must not go on.
func (j *journal) note(l line) {
	l.Process = j.process
	text, err := json.Marshal(l)
	if err == nil {
		_, err = j.file.Write(append(text, '\n'))
	}
	if err != nil {
		panic(fmt.Sprintf("write the journal: %v", err))
	}
}

// readJournals returns the lines of all journals in a directory. The last line of a killed process may be cut off.
func readJournals(dir string) ([]line, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.journal"))
	if err != nil {
		return nil, err
	}
	var lines []line
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read a journal: %w", err)
		}
		whole := content[:bytes.LastIndexByte(content, '\n')+1]
		for text := range bytes.Lines(whole) {
			var l line
			if err := json.Unmarshal(text, &l); err != nil {
				return nil, fmt.Errorf("%s: %q: %w", path, text, err)
			}
			lines = append(lines, l)
		}
	}
	return lines, nil
}
