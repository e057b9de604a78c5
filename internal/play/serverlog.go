package play

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// LogSettings are the server's settings that Waits needs: every wait for a lock of over 5 ms is logged, with whose it is.
func LogSettings() map[string]string {
	return map[string]string{
		"log_lock_waits":   "on",
		"deadlock_timeout": "5ms",
		"log_line_prefix":  "%m [%p] %q(%a) ",
		"log_timezone":     "UTC",
		"lc_messages":      "C",
	}
}

// LockWaits are the waits of one application for locks, as the server's log tells them.
type LockWaits struct {
	// Longest is the longest of them, and LongestFor what it was for; 0 if none took as long as deadlock_timeout.
	Longest    time.Duration `json:"longest_ns"`
	LongestFor string        `json:"longest_for,omitempty"`
	// Logged is how many took longer than deadlock_timeout, Over20ms how many of these over 20 ms.
	Logged   int `json:"logged"`
	Over20ms int `json:"over_20ms"`
	// Deadlocks are those in the whole database, whoever was their victim.
	Deadlocks int `json:"deadlocks"`
}

var (
	logLine = regexp.MustCompile(`^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) UTC \[(\d+)\] (?:\((.*?)\) )?(LOG|ERROR|CONTEXT):  (.*)$`)
	waited  = regexp.MustCompile(`^process (\d+) (still waiting for|acquired) (.*) after (\d+\.\d+) ms(?: at character \d+)?$`)
)

// Waits reads the log of a server with LogSettings, from one moment to another.
func Waits(log, application string, from, to time.Time) (LockWaits, error) {
	file, err := os.Open(log)
	if err != nil {
		return LockWaits{}, fmt.Errorf("read the server's log: %w", err)
	}
	defer file.Close()

	type wait struct {
		took time.Duration
		what string
	}
	waiting := map[string]wait{} // by process: what has not been got yet
	var all LockWaits
	longest := "" // the process whose line with the context may still follow
	count := func(process string, w wait) {
		all.Logged++
		if w.took > 20*time.Millisecond {
			all.Over20ms++
		}
		if w.took > all.Longest {
			all.Longest, all.LongestFor = w.took, w.what
			longest = process
		}
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20) // a statement is logged whole
	for lines.Scan() {
		line := logLine.FindStringSubmatch(lines.Text())
		if line == nil {
			continue
		}
		at, err := time.Parse("2006-01-02 15:04:05.000", line[1])
		if err != nil {
			return LockWaits{}, fmt.Errorf("read the server's log: %w", err)
		}
		if at.Before(from.Truncate(time.Millisecond)) || at.After(to) {
			continue
		}
		process, message := line[2], line[5]
		if line[4] == "ERROR" && message == "deadlock detected" {
			all.Deadlocks++
		}
		if line[3] != application {
			continue
		}
		if line[4] == "CONTEXT" && process == longest {
			all.LongestFor += ", " + message
			longest = ""
		}
		if w, given := waiting[process]; given && line[4] == "ERROR" { // it gave up
			count(process, w)
			delete(waiting, process)
		}
		found := waited.FindStringSubmatch(message)
		if found == nil {
			continue
		}
		ms, err := strconv.ParseFloat(found[4], 64)
		if err != nil {
			return LockWaits{}, fmt.Errorf("read the server's log: %w", err)
		}
		w := wait{time.Duration(ms * float64(time.Millisecond)), found[3]}
		if strings.HasPrefix(found[2], "still") {
			waiting[process] = w
			continue
		}
		count(process, w)
		delete(waiting, process)
	}
	if err := lines.Err(); err != nil {
		return LockWaits{}, fmt.Errorf("read the server's log: %w", err)
	}
	for process, w := range waiting { // cut off, or still waiting: that long at least
		count(process, w)
	}
	return all, nil
}
