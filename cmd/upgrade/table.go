package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The words that are coloured where colours are on.
const (
	wordApplied = "applied"
	wordPending = "pending"
	wordHolds   = "holds"
	wordFails   = "does not hold"
	wordHeld    = "held"
	wordAlive   = "alive"
	wordExpired = "expired"
	wordFailed  = "FAILED"
)

// table aligns rows of cells, two blanks apart. Paint is called with each padded cell.
func table(rows [][]string, paint func(string) string) string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var lines []string
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			if i < len(row)-1 {
				cell += strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2)
			}
			line.WriteString(paint(cell))
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return strings.Join(lines, "\n")
}

// plain is for tables without colours.
func plain(cell string) string { return cell }

// count writes a number as people read it: 12,345.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// counted writes a number with its noun: "1 task", "2 tasks".
func counted(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return count(n) + " " + noun
}

// size writes a number of bytes as people read it: 12 kB, 3.4 MB.
func size(bytes int64) string {
	number, unit := float64(bytes), "bytes"
	for _, larger := range []string{"kB", "MB", "GB", "TB"} {
		if number < 1000 {
			break
		}
		number, unit = number/1024, larger
	}
	if number < 10 && unit != "bytes" {
		return strconv.FormatFloat(number, 'f', 1, 64) + " " + unit
	}
	return strconv.FormatFloat(number, 'f', 0, 64) + " " + unit
}

// took writes a duration as people read it.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
