package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ovirt/coco/internal/human"
)

const (
	clearLine = "\r\x1b[K"
	// lineWidth is what the narrowest usual terminal has: a longer line could not be rewritten.
	lineWidth = 79
)

// console writes to both streams so that progress and results do not run into each other.
type console struct {
	stdout, stderr io.Writer
	live           bool // stderr is a terminal: progress is one line, written over and over
	color          bool
	quiet          bool
	width          int // of the terminal that stdout is; 0 elsewhere, where lines have no end

	mu    sync.Mutex
	drawn bool // a progress line stands there, without its end
}

func newConsole(stdout, stderr io.Writer) *console {
	return &console{stdout: stdout, stderr: stderr, live: isTerminal(stderr) && os.Getenv("TERM") != "dumb"}
}

func (c *console) configure(flags globalFlags) {
	c.quiet = flags.quiet
	c.color = isTerminal(c.stdout) && !flags.noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	c.live = c.live && !flags.verbose
	c.width = terminalWidth(c.stdout)
}

// isTerminal says whether a person may be there. /dev/null is a character device too.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// terminalWidth is how many letters a line may have. As everywhere, COLUMNS counts more than what the terminal says.
func terminalWidth(stream any) int {
	if !isTerminal(stream) {
		return 0
	}
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns > 0 {
		return columns
	}
	file, _ := stream.(*os.File) // as every terminal
	if columns := columnsOf(file); columns > 0 {
		return columns
	}
	return lineWidth + 1
}

// resultf writes lines to stdout.
func (c *console) resultf(format string, args ...any) {
	if !c.quiet {
		c.write(c.stdout, fmt.Sprintf(format, args...)+"\n")
	}
}

// notef writes a line to stderr.
func (c *console) notef(format string, args ...any) {
	if !c.quiet {
		c.write(c.stderr, fmt.Sprintf(format, args...)+"\n")
	}
}

// warn writes a warning to stderr, also when quiet.
func (c *console) warn(message, hint string) {
	c.write(c.stderr, "warning: "+message+"\n"+hintLine(hint))
}

// complain writes an error to stderr; excerpt is empty, or lines.
func (c *console) complain(reason, excerpt, hint string) {
	c.write(c.stderr, "upgrade: "+reason+"\n"+excerpt+hintLine(hint))
}

func hintLine(hint string) string {
	if hint == "" {
		return ""
	}
	return "hint: " + hint + "\n"
}

// ask writes a question to stderr and leaves the cursor behind it.
func (c *console) ask(question string) { c.write(c.stderr, question+" ") }

// emit writes an event to stdout as one line of JSON: the event's own fields behind "event" and "time".
func (c *console) emit(event string, fields any) {
	own, err := json.Marshal(fields)
	if err != nil || !bytes.HasPrefix(own, []byte("{")) {
		own = []byte("{}") // only a type that JSON cannot express gets here
	}
	name, _ := json.Marshal(event) //nolint:errchkjson // a string
	line := fmt.Sprintf(`{"event":%s,"time":%q`, name, time.Now().UTC().Format(time.RFC3339Nano))
	if len(own) > len("{}") {
		line += ","
	}
	c.write(c.stdout, line+string(human.VisibleJSON(own[1:]))+"\n")
}

// draw shows progress: over the last one on a terminal, as a line elsewhere.
func (c *console) draw(text string) {
	if c.quiet {
		return
	}
	if !c.live {
		c.write(c.stderr, text+"\n")
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprint(c.stderr, clearLine+shorten(text, lineWidth))
	c.drawn = true
}

// erase takes the progress line away.
func (c *console) erase() { c.write(c.stderr, "") }

func (c *console) write(stream io.Writer, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drawn {
		fmt.Fprint(c.stderr, clearLine)
		c.drawn = false
	}
	if text != "" {
		fmt.Fprint(stream, text)
	}
}

// paint colours words that say how something stands.
func (c *console) paint(cell string) string {
	if !c.color {
		return cell
	}
	var code string
	switch strings.TrimSpace(cell) {
	case wordApplied, wordHolds, wordGo, wordAlive:
		code = "32" // green
	case wordPending, wordDecision, wordWarning, wordStop, wordHeld, wordExpired:
		code = "33" // yellow
	case wordFails, wordRefusal, wordRefused, wordFailed:
		code = "31" // red
	default:
		return cell
	}
	return "\x1b[" + code + "m" + cell + "\x1b[0m"
}

func shorten(text string, width int) string { return human.Shorten(text, width) }
