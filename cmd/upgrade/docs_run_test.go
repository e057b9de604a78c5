package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ovirt/coco/internal/markdown"
	"github.com/ovirt/coco/internal/testdb"
)

// How a block in the docs is tested is said by comments in front of it, which no reader sees:
//
//	<!-- test: setup COMMANDS -->  run first, as bash
//	<!-- test: exit 0 3 -->        the exit codes of the block's commands, in order; 0 for those behind
//	<!-- test: file PATH -->       the block is not run but written to this file
//	<!-- test: skip WHY -->        the block is not run, and why
//	<!-- test: code FILE NAME -->  the block is the body of this example, or all of this function
//
// A block of console holds commands behind "$ ", continued behind "> ", and what they print; "…" alone stands for any lines. A block
// of sh is run whole, one of sql by psql as the superuser. All blocks of a document share one bash, one server and one home.

// TestCommandsInTheDocsDoWhatIsShown runs them all. With -update it writes what they print into the documents.
func TestCommandsInTheDocsDoWhatIsShown(t *testing.T) {
	t.Parallel()
	program := buildProgram(t)
	for _, doc := range documents(t) {
		all := units(t, doc)
		if len(all) == 0 {
			continue
		}
		t.Run(filepath.Base(doc.Path), func(t *testing.T) {
			t.Parallel()
			if slices.ContainsFunc(all, (*unit).dumps) {
				testdb.NeedPgDump(t, testdb.Server(t))
			}
			runDocument(t, doc, program)
		})
	}
}

// unit is what bash runs at once: a command, a script, or what goes before.
type unit struct {
	block  int // its number in the document
	line   int
	kind   string // console, sh, sql, setup or file
	source []string
	want   []string // what it is shown to print
	exit   int
	path   string // of a file

	got  []string
	code int
}

// dumps reports whether pg_dump is run.
func (u *unit) dumps() bool {
	source := strings.Join(u.source, "\n")
	return strings.Contains(source, "pg_dump") || strings.Contains(source, "make demo")
}

// units are all commands of a document, in order.
func units(t *testing.T, doc *markdown.Document) []*unit {
	t.Helper()
	var all []*unit
	for number, block := range doc.Blocks {
		var exits []string
		path, skip := "", false
		for _, d := range block.Directives {
			switch d.Name {
			case "setup":
				all = append(all, &unit{block: number, line: d.Line, kind: "setup", source: strings.Split(d.Value, "\n")})
			case "exit":
				exits = strings.Fields(d.Value)
			case "file":
				path = d.Value
			case "skip":
				skip = true
			case "code":
			default:
				t.Fatalf("%s:%d: there is no directive %s", doc.Path, d.Line, d.Name)
			}
		}
		var own []*unit
		switch {
		case skip:
		case path != "":
			own = []*unit{{kind: "file", source: block.Lines, path: path, line: block.Line}}
		case block.Info == "console":
			own = commandsOf(t, doc, block)
		case block.Info == "sh", block.Info == "sql":
			own = []*unit{{kind: block.Info, source: block.Lines, line: block.Line}}
		}
		for i, code := range exits {
			value, err := strconv.Atoi(code)
			if err != nil || i >= len(own) {
				t.Fatalf("%s:%d: these are not the exit codes of the commands in the block: %v", doc.Path, block.Line, exits)
			}
			own[i].exit = value
		}
		for _, u := range own {
			u.block = number
		}
		all = append(all, own...)
	}
	return all
}

// commandsOf takes a block of console apart.
func commandsOf(t *testing.T, doc *markdown.Document, block markdown.Block) []*unit {
	t.Helper()
	var own []*unit
	for i, line := range block.Lines {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			own = append(own, &unit{kind: "console", line: block.Line + 1 + i, source: []string{command}})
			continue
		}
		if len(own) == 0 {
			t.Fatalf("%s:%d: a block of console begins with \"$ \"", doc.Path, block.Line)
		}
		last := own[len(own)-1]
		if more, ok := strings.CutPrefix(line, "> "); ok && len(last.want) == 0 {
			last.source = append(last.source, more)
			continue
		}
		last.want = append(last.want, line)
	}
	return own
}

func runDocument(t *testing.T, doc *markdown.Document, program string) {
	t.Helper()
	all := units(t, doc)
	box := newSandbox(t, program)
	box.run(t, doc, all)
	differs := false
	for _, u := range all {
		where := fmt.Sprintf("%s:%d", doc.Path, u.line)
		if u.code != u.exit {
			t.Errorf("%s: exit code %d, want %d:\n$ %s\n%s", where, u.code, u.exit, strings.Join(u.source, "\n> "), strings.Join(u.got, "\n"))
			continue
		}
		if len(u.want) == 0 {
			continue
		}
		shortened := slices.Contains(u.want, "…")
		if alike(u.want, u.got) {
			if shortened { // somebody chose what to show
				u.got = u.want
			}
			continue
		}
		differs = true
		if !*update || shortened {
			t.Errorf("%s: it prints something else than what is shown (-update writes it there):\n$ %s\n--- shown\n%s\n--- printed\n%s",
				where, strings.Join(u.source, "\n> "), strings.Join(u.want, "\n"), strings.Join(u.got, "\n"))
		}
	}
	if *update && differs && !t.Failed() {
		rewrite(t, doc, all)
	}
}

// rewrite puts into a document what its commands have printed in this run, all of it: what is shown comes from one run.
func rewrite(t *testing.T, doc *markdown.Document, all []*unit) {
	t.Helper()
	fresh := map[int][]string{}
	for _, u := range all {
		if u.kind != "console" {
			continue
		}
		lines := fresh[u.block]
		for i, line := range u.source {
			lines = append(lines, cmp.Or(map[bool]string{true: "$ "}[i == 0], "> ")+line)
		}
		if len(u.want) > 0 {
			lines = append(lines, u.got...)
		}
		fresh[u.block] = lines
	}
	if err := os.WriteFile(doc.Path, []byte(doc.Replace(fresh)), 0o644); err != nil {
		t.Fatal(err)
	}
}
