package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestHelpIsAsItWasReviewed(t *testing.T) {
	for name, args := range map[string][]string{
		"upgrade": {"--help"},
		"status":  {"help", "status"}, "check": {"help", "check"}, "plan": {"plan", "--help"}, "up": {"up", "--help"}, "verify": {"verify", "-h"}, "down": {"help", "down"},
		"demo": {"help", "demo"}, "version": {"help", "version"}, "man": {"help", "man"}, "completion": {"help", "completion"},
		"cleanup": {"help", "cleanup"}, "commands": {"help", "commands"}, "commands-load": {"help", "commands", "load"},
		"commands-list": {"help", "commands", "list"}, "commands-tree": {"help", "commands", "tree"}, "commands-show": {"help", "commands", "show"},
		"commands-engines": {"help", "commands", "engines"}, "commands-remove": {"help", "commands", "remove"}, "commands-resume": {"help", "commands", "resume"},
		"exit-codes": {"help", "exit-codes"}, "connection": {"help", "connection"},
	} {
		t.Run(name, func(t *testing.T) {
			got := want(t, exitDone, args...)
			if got.stderr != "" {
				t.Errorf("stderr: %s", got.stderr)
			}
			golden(t, name+".golden", got.stdout)
		})
	}
}

func TestEveryCommandIsExplainedWithExamples(t *testing.T) {
	for _, cmd := range allCommands(t) {
		name := cmd.CommandPath()
		if len(cmd.Long) < len(cmd.Short) {
			t.Errorf("%s is not explained", name)
		}
		own := false
		for line := range strings.Lines(cmd.Example) {
			own = own || strings.HasPrefix(strings.TrimSpace(line), name)
		}
		if !own {
			t.Errorf("no example of %s begins with it:\n%s", name, cmd.Example)
		}
		for line := range strings.SplitSeq(cmd.Long, "\n") {
			if len([]rune(line)) > 110 {
				t.Errorf("%s: a line of %d letters: %s", name, len([]rune(line)), line)
			}
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; -update rewrites it. Got:\n%s", path, got)
	}
}
