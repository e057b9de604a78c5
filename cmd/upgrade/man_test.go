package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestEveryCommandAndFlagHasItsPlaceInTheManual(t *testing.T) {
	t.Chdir(t.TempDir())
	want(t, exitDone, "man", "a/pages").says(t, "written to a/pages")
	index := readPage(t, "a/pages/upgrade.1")
	for _, cmd := range allCommands(t) {
		page := readPage(t, filepath.Join("a/pages", pageName(cmd)+".1"))
		if !strings.Contains(page, cmd.Short) || !strings.Contains(page, strings.TrimSpace(cmd.Example)) {
			t.Errorf("the page of %s is not whole:\n%s", cmd.CommandPath(), page)
		}
		for _, name := range append(flagNames(cmd), flagNames(cmd.Root())...) {
			if !regexp.MustCompile(`(?m)^ +(-\w, )?--`+name+`\b`).MatchString(page) && name != "version" {
				t.Errorf("--%s is not in the page of %s", name, cmd.CommandPath())
			}
		}
		if parent := readPage(t, filepath.Join("a/pages", pageName(cmd.Parent())+".1")); !strings.Contains(parent, pageName(cmd)+"(1)") {
			t.Errorf("%s is not named in its parent's page", cmd.CommandPath())
		}
	}
	for _, text := range []string{"HOW TO NAME THE DATABASE", "DATABASE_URL", "WHAT THE EXIT CODES MEAN", "--database URL", "--version"} {
		if !strings.Contains(index, text) {
			t.Errorf("%q is not in upgrade.1", text)
		}
	}
}

// readPage reads a page as it is shown.
func readPage(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(`\-`, `-`, `\(aq`, `'`, `\(ga`, "`", `\(ha`, `^`, `\(ti`, `~`, `\&`, ``, `\e`, `\`).Replace(string(text))
}

func TestManualPagesAreWellFormed(t *testing.T) {
	program, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff to read them")
	}
	dir := t.TempDir()
	want(t, exitDone, "man", dir)
	pages, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil || len(pages) < 9 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, page := range pages {
		complaints, err := exec.CommandContext(t.Context(), program, "-man", "-ww", "-z", "-Tutf8", "-Kutf8", page).CombinedOutput()
		if err != nil || len(complaints) > 0 {
			t.Errorf("%s: %v\n%s", filepath.Base(page), err, complaints)
		}
	}
}

func TestManualPagesCanBeReproduced(t *testing.T) {
	page := func(epoch string) string {
		t.Setenv("SOURCE_DATE_EPOCH", epoch)
		dir := t.TempDir()
		want(t, exitDone, "man", dir)
		return readPage(t, filepath.Join(dir, "upgrade-up.1"))
	}
	first := page("")
	if second := page(""); second != first || !strings.HasPrefix(first, `.TH "UPGRADE-UP" "1" "" "upgrade `) {
		t.Errorf("two pages:\n%.300s\n%.300s", first, second)
	}
	if dated := page("1767225600"); !strings.HasPrefix(dated, `.TH "UPGRADE-UP" "1" "2026-01-01" "`) {
		t.Errorf("%.100s", dated)
	}
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	want(t, exitUsage, "man", t.TempDir()).says(t, "SOURCE_DATE_EPOCH is not a number")
}

func TestManualPagesThatCannotBeWrittenAreAnError(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("taken", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, exitFailure, "man", "taken").says(t, "upgrade: make the directory of the manual pages")
	want(t, exitUsage, "man").isOneError(t, "man takes one argument", `"upgrade help man"`)
}

func TestTextsStayWhatTheyAreInTheManual(t *testing.T) {
	for text, want := range map[string]string{
		`--to`: `\-\-to`, `.conf`: `\&.conf`, `a\b`: `a\eb`, "'x' `y`": `\(aqx\(aq \(gay\(ga`, "~/^": `\(ti/\(ha`,
	} {
		if got := escapeRoff(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
