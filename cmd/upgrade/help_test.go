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
		"status":  {"help", "status"}, "up": {"up", "--help"}, "verify": {"verify", "-h"}, "down": {"help", "down"},
		"demo": {"help", "demo"}, "version": {"help", "version"},
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

func TestEveryCommandHasExamples(t *testing.T) {
	a := &app{console: newConsole(nil, nil)}
	for _, cmd := range a.newRoot().Commands() {
		if cmd.Runnable() && cmd.Name() != "help" && !strings.Contains(cmd.Example, "upgrade "+cmd.Name()) {
			t.Errorf("%s has no example", cmd.Name())
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
