package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ovirt/coco/internal/markdown"
)

// repository is the root of the repository, from where the tests of this package run.
var repository = filepath.Join("..", "..")

// documents reads everything that users and contributors are told to read.
func documents(t *testing.T) []*markdown.Document {
	t.Helper()
	var all []*markdown.Document
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		paths, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			all = append(all, document(t, path))
		}
	}
	return all
}

func document(t *testing.T, path string) *markdown.Document {
	t.Helper()
	doc, err := markdown.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestLinksInTheDocsLeadSomewhere(t *testing.T) {
	linked := map[string]bool{filepath.Join(repository, "README.md"): true}
	docs := documents(t)
	for _, doc := range docs {
		for _, link := range doc.Links {
			if strings.Contains(link.Target, "://") {
				continue
			}
			file, anchor, _ := strings.Cut(link.Target, "#")
			path := doc.Path
			if file != "" {
				path = filepath.Join(filepath.Dir(doc.Path), file)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s:%d: there is no %s", doc.Path, link.Line, link.Target)
				continue
			}
			linked[path] = linked[path] || path != doc.Path
			if anchor != "" && !slices.ContainsFunc(document(t, path).Headings, func(h markdown.Heading) bool { return h.Anchor == anchor }) {
				t.Errorf("%s:%d: %s has no heading %s", doc.Path, link.Line, path, anchor)
			}
		}
	}
	for _, doc := range docs {
		if !linked[doc.Path] {
			t.Errorf("%s: no other document leads there", doc.Path)
		}
	}
}

func TestEveryBlockInTheDocsIsTestedOrSaysWhyNot(t *testing.T) {
	for _, doc := range documents(t) {
		for _, block := range doc.Blocks {
			where := fmt.Sprintf("%s:%d", doc.Path, block.Line)
			if why, ok := directive(block, "skip"); ok {
				t.Logf("%s: not run: %s", where, why)
				if len(strings.Fields(why)) < 2 {
					t.Errorf("%s: it is not run, and does not say why", where)
				}
				continue
			}
			_, isFile := directive(block, "file")
			switch block.Info {
			case "console", "sh", "sql", "go": // other tests run or compare them
			case "", "text":
				if i := slices.IndexFunc(block.Lines, isCommand.MatchString); i >= 0 {
					t.Errorf("%s: line %d looks like a command, but nothing runs it: make it a block of console or sh", where, i+1)
				}
			case "json":
				for line := range strings.Lines(strings.Join(block.Lines, "\n")) {
					if !json.Valid([]byte(line)) {
						t.Errorf("%s: not JSON: %s", where, line)
					}
				}
			default:
				if !isFile {
					t.Errorf("%s: a block of %s is neither run nor written to a file; say why with: <!-- test: skip WHY -->", where, block.Info)
				}
			}
		}
	}
}

var isCommand = regexp.MustCompile(`^(\$ )?(upgrade|bin/upgrade|make|psql|pg_dump|createdb|git|go) [a-z-]`)

func directive(block markdown.Block, name string) (string, bool) {
	for _, d := range block.Directives {
		if d.Name == name {
			return d.Value, true
		}
	}
	return "", false
}

func TestCommandLinesInTheDocsAreUnderstood(t *testing.T) {
	for _, doc := range documents(t) {
		for _, span := range doc.Spans {
			where := fmt.Sprintf("%s:%d", doc.Path, span.Line)
			if line, ok := strings.CutPrefix(strings.TrimPrefix(span.Text, "bin/"), "upgrade "); ok {
				understood(t, where, line)
			}
			for _, flag := range longFlag.FindAllString(span.Text, -1) {
				if strings.HasPrefix(span.Text, "-") && !hasFlag(flag) && !slices.Contains(otherFlags, flag) {
					t.Errorf("%s: no command has a flag %s", where, flag)
				}
			}
		}
		for _, block := range doc.Blocks {
			if _, skipped := directive(block, "skip"); !skipped {
				continue
			}
			for i, line := range block.Lines {
				if m := commandLine.FindStringSubmatch(line); m != nil {
					understood(t, fmt.Sprintf("%s:%d", doc.Path, block.Line+1+i), m[1])
				}
			}
		}
	}
}

var (
	longFlag    = regexp.MustCompile(`--[a-z][a-z-]+`)
	commandLine = regexp.MustCompile(`(?:^|[ /:])upgrade ([a-z][^#|;&>]*)`)
	// otherFlags are flags of other programs that the documents name alone.
	otherFlags = []string{"--restrict-key", "--no-privileges", "--no-owner"}
)

// understood parses a command line as the program would, without running it.
func understood(t *testing.T, where, line string) {
	t.Helper()
	line = strings.NewReplacer("…", "", "...", "", `"`, "", `'`, "").Replace(line)
	a := &app{console: newConsole(os.Stdout, os.Stderr)}
	root := a.newRoot()
	root.InitDefaultHelpCmd()
	cmd, args, err := root.Find(strings.Fields(line))
	if err != nil || cmd == root && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		t.Errorf("%s: there is no command in %q: %v", where, line, err)
		return
	}
	if len(args) == 0 {
		return // it is named, not called
	}
	if cmd.Name() == "help" {
		if found, rest, err := root.Find(args); err != nil || found == root && len(args) > 0 || len(rest) > 0 {
			t.Errorf("%s: there is no help in %q", where, line)
		}
		return
	}
	if err := cmd.ParseFlags(args); err != nil {
		t.Errorf("%s: %q: %v", where, line, err)
		return
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		t.Errorf("%s: %q: %v", where, line, err)
	}
}

func hasFlag(name string) bool {
	a := &app{console: newConsole(os.Stdout, os.Stderr)}
	found := false
	walk(a.newRoot(), func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		name := strings.TrimPrefix(name, "--")
		found = found || cmd.Flags().Lookup(name) != nil || cmd.PersistentFlags().Lookup(name) != nil
	})
	return found
}

func walk(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, sub := range cmd.Commands() {
		walk(sub, visit)
	}
}
