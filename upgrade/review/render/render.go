// Package render shows what a review found: as text for a terminal, as JSON for a program, as Markdown for a merge request, and as one
// HTML page that needs nothing else. Each shows the report, and nothing but the report.
package render

// Options say how a report is shown. The zero value is for a file.
type Options struct {
	// Width is how many letters a line of text has at most, 0 for no end. Names, messages and SQL are never cut for it, but wrapped.
	Width int
	// Color marks text with the colours of a terminal.
	Color bool
	// Limit is how many bytes Markdown has at most, as far as differences of procedures can be left out for it; 0 is DefaultLimit, and a
	// negative one leaves nothing out.
	Limit int
}

// DefaultLimit is what a comment on a merge request has room for.
const DefaultLimit = 60_000
