package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// complete returns a command line on which a command does its work.
func complete(cmd *cobra.Command, more ...string) []string {
	return append(append(words(cmd), needed[cmd.CommandPath()]...), more...)
}

func TestEveryCommandAnswersInTheFormItWasAskedFor(t *testing.T) {
	for _, cmd := range allCommands(t) {
		if cmd.Name() == "demo" {
			continue // it takes seconds, and has tests of its own
		}
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			run := func(more ...string) outcome {
				engine(t) // a new one: the last form may have changed it
				return command(t, complete(cmd, more...)...)
			}
			plain := run()
			if plain.code == exitUsage {
				t.Fatalf("it is not complete: %v\n%s", complete(cmd), plain.stderr)
			}
			t.Run("json", func(t *testing.T) {
				got := run("--json")
				got.wantCode(t, plain.code)
				if len(events(t, got)) == 0 {
					t.Error("no event")
				}
			})
			t.Run("quiet", func(t *testing.T) {
				got := run("--quiet")
				got.wantCode(t, plain.code)
				if got.stdout != "" {
					t.Errorf("stdout:\n%s", got.stdout)
				}
				got.onlyComplaints(t)
			})
			t.Run("verbose", func(t *testing.T) {
				got := run("--verbose")
				got.wantCode(t, plain.code)
				if (got.stdout == "") != (plain.stdout == "") {
					t.Errorf("stdout:\n%s", got.stdout)
				}
			})
			if text := plain.stdout + plain.stderr; strings.Contains(text, "\x1b") {
				t.Errorf("it writes to no terminal as if it were one: %q", text)
			}
		})
	}
}

// onlyComplaints checks that stderr has nothing but errors, warnings and their hints.
func (o outcome) onlyComplaints(t *testing.T) {
	t.Helper()
	for line := range strings.Lines(o.stderr) {
		if !strings.HasPrefix(line, "upgrade: ") && !strings.HasPrefix(line, "warning: ") && !strings.HasPrefix(line, "hint: ") {
			t.Errorf("neither an error nor a warning: %s", line)
		}
	}
}

func TestEveryCommandReportsWrongUsageInTheFormItWasAskedFor(t *testing.T) {
	for _, cmd := range allCommands(t) {
		args := append(words(cmd), "--no-such-flag")
		want(t, exitUsage, args...).isOneError(t, "there is no flag --no-such-flag", `"upgrade help `+strings.Join(words(cmd), " ")+`"`)
		for _, more := range []string{"--json", "--json=true"} {
			got := want(t, exitUsage, append(args, more)...)
			if all := events(t, got); len(all) != 1 || all[0]["event"] != "error" || all[0]["kind"] != "usage" || all[0]["exit_code"] != 2.0 {
				t.Errorf("%v: %v", args, all)
			}
		}
		if got := want(t, exitUsage, append(args, "--quiet")...); got.stdout != "" {
			t.Errorf("%v: %s", args, got.stdout)
		}
	}
	for _, args := range [][]string{{"statu", "--json"}, {"--json"}, {"help", "nothing", "--json"}} {
		all := events(t, want(t, exitUsage, args...))
		if last := all[len(all)-1]; last["event"] != "error" {
			t.Errorf("%v: %v", args, all)
		}
	}
}

func TestHelpAndVersionAreEventsWithJSON(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"help", "up"}, {"up", "--help"}, {"help", "connection"}, {"--version"}, {"version"}} {
		all := events(t, want(t, exitDone, append(args, "--json")...))
		if len(all) != 1 || all[0]["event"] != "help" && all[0]["event"] != "version" {
			t.Errorf("%v: %v", args, all)
		}
	}
}

func TestColoursAreForTerminalsThatWantThem(t *testing.T) {
	if _, err := exec.LookPath("script"); err != nil {
		t.Skip("no program script, which makes a terminal")
	}
	engine(t)
	want(t, exitDone, "up", "--to", "prove")
	if text := onTerminal(t, nil, "verify"); !strings.Contains(text, "\x1b[32m"+wordHolds) {
		t.Errorf("no colours on a terminal: %q", text)
	}
	for _, plain := range []struct {
		env  string
		args []string
	}{{env: "NO_COLOR=1"}, {env: "TERM=dumb"}, {args: []string{"--no-color"}}} {
		for _, cmd := range allCommands(t) {
			if name := cmd.Name(); name == "demo" || name == "review" || plain.env == "NO_COLOR=1" && name != "verify" && name != "plan" {
				continue // they take seconds, and show what the others show
			}
			args := complete(cmd, plain.args...)
			text := onTerminal(t, []string{plain.env}, args...)
			if colour.MatchString(text) || plain.env == "TERM=dumb" && strings.Contains(text, "\x1b") {
				t.Errorf("%s %v: %q", plain.env, args, text)
			}
		}
	}
}

// colour is what sets colours. Progress rewrites its line in other ways.
var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// onTerminal runs the program with a terminal for its output and returns what it shows.
func onTerminal(t *testing.T, env []string, args ...string) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	line := "'" + program + "' " + strings.Join(args, " ")
	cmd := exec.CommandContext(t.Context(), "script", "--quiet", "--return", "--command", line, os.DevNull)
	cmd.Env = append(append(os.Environ(), "TERM=xterm", runVariable+"=1"), env...)
	var shown bytes.Buffer
	cmd.Stdout, cmd.Stderr = &shown, &shown
	var failed *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &failed) {
		t.Fatal(fmt.Errorf("%s: %w", line, err))
	}
	return shown.String()
}
