package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestWhatIsTypedIsCompleted(t *testing.T) {
	const files, nothing, directories, inOrder = ":0", ":4", ":16", ":36"
	for _, c := range []struct {
		typed     []string
		directive string
		offers    []string
	}{
		{[]string{""}, nothing, []string{"completion", "demo", "down", "help", "man", "status", "up", "verify", "version"}},
		{[]string{"ver"}, nothing, []string{"verify", "version"}},
		{[]string{"up", "--to", ""}, inOrder, []string{"expand", "backfill", "prove", "switch", "contract", "retire"}},
		{[]string{"down", "--to="}, inOrder, []string{"expand", "backfill", "prove", "switch", "contract", "retire"}},
		{[]string{"review", "--to", ""}, inOrder, []string{"expand", "backfill", "prove", "switch", "contract", "retire"}},
		{[]string{"review", "--format", ""}, inOrder, reviewFormats},
		{[]string{"review", "--fail-on", ""}, inOrder, failOnNames},
		{[]string{"review", "--output", ""}, files, nil},
		{[]string{"review", "--scratch", ""}, nothing, nil},
		{[]string{"up", "--lock-"}, nothing, []string{"--lock-budget", "--lock-timeout"}},
		{[]string{"up", "--lock-budget", ""}, nothing, nil},
		{[]string{"up", "--lag-"}, nothing, []string{"--lag-budget"}},
		{[]string{"up", "--jobs", ""}, nothing, nil},
		{[]string{"up", ""}, nothing, nil},
		{[]string{"status", "--engine-conf", ""}, files, nil},
		{[]string{"status", "--database", ""}, nothing, nil},
		{[]string{"down", "--export-commands", ""}, files, nil},
		{[]string{"down", "--export-journal", ""}, files, nil},
		{[]string{"completion", ""}, nothing, []string{"bash", "fish", "powershell", "zsh"}},
		{[]string{"man", ""}, directories, nil},
		{[]string{"help", "con"}, nothing, []string{"connection"}},
		{[]string{"help", "ex"}, nothing, []string{"exit-codes"}},
		{[]string{"help", "do"}, nothing, []string{"down"}},
	} {
		t.Run(strings.Join(c.typed, " "), func(t *testing.T) {
			got := want(t, exitDone, append([]string{"__complete"}, c.typed...)...)
			lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
			if last := lines[len(lines)-1]; last != c.directive {
				t.Errorf("the shell is told %s, want %s", last, c.directive)
			}
			var offers []string
			for _, line := range lines[:len(lines)-1] {
				name, _, _ := strings.Cut(line, "\t")
				offers = append(offers, name)
			}
			if c.directive != inOrder {
				slices.Sort(offers)
			}
			for _, offer := range c.offers {
				if !slices.Contains(offers, offer) {
					t.Errorf("%s is not among %v", offer, offers)
				}
			}
			if len(c.typed) > 1 && c.typed[0] != "help" && !slices.Equal(offers, c.offers) {
				t.Errorf("it offers %v, want %v", offers, c.offers)
			}
		})
	}
}

func TestCompletionScriptsAreWholeScripts(t *testing.T) {
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			got := want(t, exitDone, "completion", shell)
			if got.stderr != "" || !strings.Contains(got.stdout, "__complete") {
				t.Errorf("%d bytes of script, stderr: %s", len(got.stdout), got.stderr)
			}
			if _, err := exec.LookPath(shell); err != nil || shell == "powershell" {
				return // its own shell is not here to read it
			}
			check := exec.CommandContext(t.Context(), shell, "-n")
			check.Stdin = strings.NewReader(got.stdout)
			if complaint, err := check.CombinedOutput(); err != nil {
				t.Errorf("%s -n: %v\n%s", shell, err, complaint)
			}
		})
	}
	want(t, exitUsage, "completion").isOneError(t, "no shell was given", "bash, zsh, fish, powershell")
	want(t, exitUsage, "completion", "tcsh").isOneError(t, `there is no shell "tcsh"`, "zsh")
	want(t, exitUsage, "completion", "csh").isOneError(t, `there is no shell "csh"`, "Did you mean")
	want(t, exitUsage, "completion", "bash", "zsh").isOneError(t, "only one shell", "bash")
}
