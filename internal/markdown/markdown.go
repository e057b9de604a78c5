// Package markdown reads of a Markdown file what the tests of the documentation need: fenced blocks with the directives in front
// of them, headings, links and code spans. It knows no more of Markdown than this project's documents use.
package markdown

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Document is a Markdown file. Line numbers start at 1.
type Document struct {
	Path     string
	Blocks   []Block
	Headings []Heading
	Links    []Link
	Spans    []Span

	lines []string
}

// Block is a fenced block.
type Block struct {
	// Line is where the fence opens, Info what stands behind it, such as "console".
	Line int
	Info string
	// Lines are those between the fences, without the indentation of the fence.
	Lines []string
	// Directives are the comments that stand directly in front of the block.
	Directives []Directive

	end    int // the line of the closing fence
	indent string
}

// Directive is an HTML comment that says how a block is tested: <!-- test: NAME VALUE -->. The value may go over several lines.
type Directive struct {
	Line        int
	Name, Value string
}

// Heading is a heading, with the name that a link to it uses.
type Heading struct {
	Line, Level  int
	Text, Anchor string
}

// Link is where a link leads to.
type Link struct {
	Line   int
	Target string
}

// Span is code within a paragraph or a cell of a table.
type Span struct {
	Line int
	Text string
}

// Read reads a file.
func Read(path string) (*Document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, string(text))
}

// Parse reads a text. The path is only remembered.
func Parse(path, text string) (*Document, error) {
	d := &Document{Path: path, lines: strings.Split(strings.TrimSuffix(text, "\n"), "\n")}
	prose, err := d.blocks()
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	d.headings(prose)
	d.inline(prose)
	return d, nil
}

const directivePrefix = "<!-- test:"

// blocks finds the fenced blocks and returns the lines with everything blanked that is no prose.
func (d *Document) blocks() ([]string, error) {
	prose := slices.Clone(d.lines)
	var pending []Directive
	for i := 0; i < len(d.lines); i++ {
		line := strings.TrimSpace(d.lines[i])
		switch {
		case strings.HasPrefix(line, "<!--"):
			end := i
			for !strings.HasSuffix(strings.TrimSpace(d.lines[end]), "-->") {
				if end++; end == len(d.lines) {
					return nil, fmt.Errorf("%d: a comment does not end", i+1)
				}
			}
			if strings.HasPrefix(line, directivePrefix) {
				pending = append(pending, directive(i+1, d.lines[i:end+1]))
			}
			clear(prose[i : end+1])
			i = end
		case strings.HasPrefix(line, "```"):
			block := Block{Line: i + 1, Info: strings.TrimPrefix(line, "```"), Directives: pending}
			block.indent, _, _ = strings.Cut(d.lines[i], "`")
			for block.end = i + 1; ; block.end++ {
				if block.end == len(d.lines) {
					return nil, fmt.Errorf("%d: a block does not end", i+1)
				}
				if strings.TrimSpace(d.lines[block.end]) == "```" {
					break
				}
				block.Lines = append(block.Lines, strings.TrimPrefix(d.lines[block.end], block.indent))
			}
			d.Blocks, pending = append(d.Blocks, block), nil
			clear(prose[i : block.end+1])
			i = block.end
		case line != "" && len(pending) > 0:
			return nil, fmt.Errorf("%d: no block stands behind this directive", pending[0].Line)
		}
	}
	if len(pending) > 0 {
		return nil, fmt.Errorf("%d: no block stands behind this directive", pending[0].Line)
	}
	return prose, nil
}

func directive(number int, lines []string) Directive {
	text := strings.TrimSpace(strings.Join(lines, "\n"))
	text = strings.TrimSuffix(strings.TrimPrefix(text, directivePrefix), "-->")
	text = strings.TrimSpace(text)
	end := strings.IndexAny(text, " \n")
	if end < 0 {
		return Directive{Line: number, Name: text}
	}
	return Directive{Line: number, Name: text[:end], Value: strings.TrimSpace(text[end:])}
}

func (d *Document) headings(prose []string) {
	seen := map[string]int{}
	for i, line := range prose {
		text := strings.TrimLeft(line, "#")
		level := len(line) - len(text)
		if level == 0 || !strings.HasPrefix(text, " ") {
			continue
		}
		heading := Heading{Line: i + 1, Level: level, Text: strings.TrimSpace(text)}
		heading.Anchor = anchor(heading.Text)
		if n := seen[heading.Anchor]; n > 0 {
			heading.Anchor += fmt.Sprintf("-%d", n)
		}
		seen[anchor(heading.Text)]++
		d.Headings = append(d.Headings, heading)
	}
}

// notInAnchor is what GitHub leaves out of the names of headings.
var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

func anchor(heading string) string {
	return strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

var (
	codeSpan = regexp.MustCompile("`([^`]+)`")
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// inline finds what stands within paragraphs. A span may go over the end of a line.
func (d *Document) inline(prose []string) {
	for first := 0; first < len(prose); {
		if prose[first] == "" {
			first++
			continue
		}
		last := first
		for last+1 < len(prose) && prose[last+1] != "" {
			last++
		}
		paragraph := strings.Join(prose[first:last+1], "\n")
		at := func(offset int) int { return first + 1 + strings.Count(paragraph[:offset], "\n") }
		for _, m := range codeSpan.FindAllStringSubmatchIndex(paragraph, -1) {
			text := strings.Join(strings.Fields(paragraph[m[2]:m[3]]), " ")
			d.Spans = append(d.Spans, Span{Line: at(m[0]), Text: strings.ReplaceAll(text, `\|`, "|")})
		}
		for _, m := range link.FindAllStringSubmatchIndex(paragraph, -1) {
			d.Links = append(d.Links, Link{Line: at(m[0]), Target: paragraph[m[2]:m[3]]})
		}
		first = last + 1
	}
}

// Text is the whole document.
func (d *Document) Text() string { return strings.Join(d.lines, "\n") + "\n" }

// Replace returns the document with other lines in some blocks, by their number.
func (d *Document) Replace(blocks map[int][]string) string {
	var lines []string
	done := 0
	for number, block := range d.Blocks {
		fresh, ok := blocks[number]
		if !ok {
			continue
		}
		lines = append(lines, d.lines[done:block.Line]...)
		for _, line := range fresh {
			if line != "" {
				line = block.indent + line
			}
			lines = append(lines, line)
		}
		done = block.end
	}
	return strings.Join(append(lines, d.lines[done:]...), "\n") + "\n"
}

// Tables returns the rows of all tables whose head has exactly these cells, each cell without the spaces around it.
func (d *Document) Tables(head ...string) [][]string {
	var rows [][]string
	for i, line := range d.lines {
		if !slices.Equal(cells(line), head) {
			continue
		}
		for _, line := range d.lines[min(i+2, len(d.lines)):] {
			if !strings.HasPrefix(line, "|") {
				break
			}
			rows = append(rows, cells(line))
		}
	}
	return rows
}

func cells(line string) []string {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "|") || !strings.HasSuffix(line, "|") || len(line) < 2 {
		return nil
	}
	var row []string
	for cell := range strings.SplitSeq(strings.ReplaceAll(line[1:len(line)-1], `\|`, "\x00"), "|") {
		row = append(row, strings.TrimSpace(strings.ReplaceAll(cell, "\x00", "|")))
	}
	return row
}
