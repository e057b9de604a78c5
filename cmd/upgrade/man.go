package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const manLong = `man writes the manual pages: upgrade.1 and one for each command, such as upgrade-up.1. Pages that are there
already are written anew.

The pages carry no date, unless SOURCE_DATE_EPOCH gives one in seconds since 1970: the same program writes
the same pages.`

func (a *app) newMan() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write manual pages",
		Long:    manLong,
		Example: "  upgrade man /usr/local/share/man/man1\n  SOURCE_DATE_EPOCH=1767225600 upgrade man pages",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return &usageError{reason: "man takes one argument: the directory to write to", hint: `"upgrade help man" says more.`}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			date, err := sourceDate()
			if err != nil {
				return err
			}
			return a.writePages(cmd.Root(), args[0], date)
		},
	}
}

// sourceDate is the date that who builds a package wants in what is built; empty for none.
func sourceDate() (string, error) {
	epoch := os.Getenv("SOURCE_DATE_EPOCH")
	if epoch == "" {
		return "", nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return "", &usageError{reason: "SOURCE_DATE_EPOCH is not a number of seconds since 1970"}
	}
	return time.Unix(seconds, 0).UTC().Format(time.DateOnly), nil
}

func (a *app) writePages(root *cobra.Command, dir, date string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // manual pages are for everybody
		return fmt.Errorf("make the directory of the manual pages: %w", err)
	}
	commands := manualCommands(root)
	for _, cmd := range commands {
		path := filepath.Join(dir, pageName(cmd)+".1")
		if err := os.WriteFile(path, []byte(manualPage(cmd, date)), 0o644); err != nil { //nolint:gosec // as above
			return fmt.Errorf("write a manual page: %w", err)
		}
		if a.flags.json {
			a.console.emit("man_page", struct {
				File string `json:"file"`
			}{path})
		}
	}
	if !a.flags.json {
		a.console.resultf("%s written to %s", counted(int64(len(commands)), "manual page"), dir)
	}
	return nil
}

// manualCommands returns a command and all that have a page below it.
func manualCommands(cmd *cobra.Command) []*cobra.Command {
	found := []*cobra.Command{cmd}
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() {
			found = append(found, manualCommands(child)...)
		}
	}
	return found
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manualPage writes one page in the man macros. Texts keep their own layout where they have one: lists and examples are not filled.
func manualPage(cmd *cobra.Command, date string) string {
	cmd.InitDefaultHelpFlag()
	var page roff
	page.macro("TH", strings.ToUpper(pageName(cmd)), "1", date, "upgrade "+toolVersion(), "coco")
	page.section("NAME")
	page.line(pageName(cmd) + ` \- ` + escapeRoff(cmd.Short))
	page.section("SYNOPSIS")
	page.literal(cmd.UseLine())
	page.section("DESCRIPTION")
	page.text(cmd.Long)
	page.section("OPTIONS")
	page.literal(cmd.LocalFlags().FlagUsagesWrapped(manualWidth))
	if cmd.HasParent() {
		page.section("OPTIONS OF ALL COMMANDS")
		page.literal(cmd.InheritedFlags().FlagUsagesWrapped(manualWidth))
	}
	page.section("EXAMPLES")
	page.literal(cmd.Example)
	see := []string{}
	for _, other := range cmd.Commands() {
		switch {
		case other.IsAdditionalHelpTopicCommand():
			page.section(strings.ToUpper(other.Short))
			page.text(other.Long)
		case other.IsAvailableCommand():
			see = append(see, pageName(other)+"(1)")
		}
	}
	if cmd.HasParent() {
		see = append(see, pageName(cmd.Parent())+"(1)")
	}
	slices.Sort(see)
	page.section("SEE ALSO")
	page.line(escapeRoff(strings.Join(see, ", ")))
	return page.String()
}

// manualWidth is what the narrowest usual terminal leaves beside man's margins.
const manualWidth = 71

// roff is a page in the man macros while it is being written.
type roff struct{ strings.Builder }

func (r *roff) line(text string) { fmt.Fprintln(r, text) }

func (r *roff) macro(name string, arguments ...string) {
	quoted := []string{"." + name}
	for _, argument := range arguments {
		quoted = append(quoted, `"`+strings.ReplaceAll(escapeRoff(argument), `"`, `""`)+`"`)
	}
	r.line(strings.Join(quoted, " "))
}

func (r *roff) section(title string) { r.macro("SH", title) }

// text writes paragraphs, which are divided by empty lines. One with indented lines is not filled.
func (r *roff) text(text string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			r.macro("PP")
		}
		if strings.HasPrefix(paragraph, " ") || strings.Contains(paragraph, "\n ") {
			r.literal(paragraph)
			continue
		}
		for line := range strings.Lines(paragraph) {
			r.line(escapeRoff(strings.TrimSuffix(line, "\n")))
		}
	}
}

// literal writes lines as they are.
func (r *roff) literal(text string) {
	r.macro("nf")
	for line := range strings.Lines(strings.Trim(text, "\n")) {
		r.line(escapeRoff(strings.TrimSuffix(line, "\n")))
	}
	r.macro("fi")
}

// escapeRoff keeps what roff would take for its own, or set as another character than the one to type.
func escapeRoff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", `\(ga`, `^`, `\(ha`, `~`, `\(ti`).Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}
