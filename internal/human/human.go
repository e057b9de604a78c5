// Package human writes numbers, times and texts as people read them: 12,345 tasks, 3.4 MB, 1m05s.
package human

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Count writes a number: 12,345.
func Count(n int64) string {
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

// Counted writes a number with its noun: "1 task", "2 tasks".
func Counted(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Count(n) + " " + noun
}

// Size writes a number of bytes: 12 kB, 3.4 MB.
func Size(bytes int64) string {
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

// Took writes a duration: 12ms, 3.4s, 5m06s, 7h08m.
func Took(d time.Duration) string {
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

// Timestamp writes a time, in UTC, to the second.
func Timestamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// Shorten cuts a text to a number of letters; its last one says so.
func Shorten(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:max(width-1, 0)]) + "…"
}

// Visible writes characters that a terminal would act on, or show as nothing, as Go does: \x1b.
func Visible(text string) string {
	if strings.IndexFunc(text, hidden) < 0 && utf8.ValidString(text) {
		return text
	}
	var shown strings.Builder
	for _, r := range text {
		if r == utf8.RuneError || hidden(r) {
			quoted := strconv.QuoteRuneToASCII(r)
			shown.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		shown.WriteRune(r)
	}
	return shown.String()
}

func hidden(r rune) bool { return !strconv.IsPrint(r) }

// VisibleLines is Visible, but for the ends of lines and tabs.
func VisibleLines(text string) string {
	var shown strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			shown.WriteByte('\n')
		}
		for j, part := range strings.Split(line, "\t") {
			if j > 0 {
				shown.WriteByte('\t')
			}
			shown.WriteString(Visible(part))
		}
	}
	return shown.String()
}

// VisibleJSON is JSON with the same meaning that shows what a terminal would act on, or show as nothing, as JSON does: \u202e.
func VisibleJSON(text []byte) []byte {
	shown := make([]byte, 0, len(text))
	for _, r := range string(text) {
		switch {
		case r == '\n' || !hidden(r):
			shown = utf8.AppendRune(shown, r)
		default:
			for _, half := range utf16.AppendRune(nil, r) {
				shown = fmt.Appendf(shown, `\u%04x`, half)
			}
		}
	}
	return shown
}

// Wrapped breaks a text between words into lines of at most so many letters; all but the first are indented. A longer word stays whole.
func Wrapped(text string, width int, indent string) []string {
	var lines []string
	line, letters, blank := "", 0, true // blank: no word stands in the line yet
	for i, word := range strings.Split(text, " ") {
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
			line, letters, blank = word, length, word == ""
		case width > 0 && !blank && letters+1+length > width:
			lines = append(lines, line)
			line, letters, blank = indent+word, utf8.RuneCountInString(indent)+length, false
		default:
			line, letters, blank = line+" "+word, letters+1+length, blank && word == ""
		}
	}
	return append(lines, line)
}

// Table aligns rows of cells, two blanks apart. Paint is called with each padded cell.
func Table(rows [][]string, paint func(string) string) string {
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
