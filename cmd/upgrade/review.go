package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/rehearse"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/render"
)

const reviewLong = `review says what "upgrade up" would change in this database, what would stop working, what is at stake, and
whether there is something to fix or to decide first. It copies the schema to a scratch server, runs the plan
there on generated rows, and compares procedures, tables, rights, owners, comments and settings before and
after. The database itself is only read, and none of its values is shown.

The scratch server is started for it, which needs PostgreSQL's server programs, or is the one of --scratch.
Where neither is to be had, the review says what it could not look at, and whether to go on without that is
to be decided.

--format html gives one page that needs nothing else, markdown a text for a merge request, json everything for
a program. The rules that findings name are explained in docs/rules. At the end stands a hash: "up --approved"
takes it, and runs nothing but what was reviewed.

--migrations DIR reviews files of golang-migrate (NUMBER_title.up.sql) instead of this program's own: those
that the database does not have by public.schema_migrations, or all. --procedures DIR adds files of
procedures that are run behind them. --to is then the number of the last migration.

Exit code 0: nothing to decide. 3: something is to be decided. 4: something must be fixed.
--fail-on must-fix takes decisions for granted, --fail-on note wants to hear of notes too, as 3.`

const reviewExample = `  upgrade review
  upgrade review --format html --output review.html
  upgrade review --to contract --fail-on must-fix --format markdown > review.md
  upgrade review --migrations db/migrations --procedures db/procedures
  upgrade review --scratch postgres://postgres@test.example.org/postgres`

// reviewFlags are those of review.
type reviewFlags struct {
	to, scratch, format, output, failOn string
	migrations, procedures              string
	tasks                               int
}

var (
	reviewFormats = []string{"text", "json", "markdown", "html"}
	failOnNames   = []string{"must-fix", "decide", "note", "never"}
)

func (a *app) newReview() *cobra.Command {
	var flags reviewFlags
	cmd := &cobra.Command{
		Use:     "review",
		Short:   "Say what up would change, and what would stop working",
		Long:    reviewLong,
		Example: reviewExample,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.check(cmd, a.flags.json); err != nil {
				return err
			}
			directory, err := flags.directory()
			if err != nil {
				return err
			}
			var phase upgrade.Phase
			if directory == nil {
				if phase, err = phaseNamed(flags.to); err != nil {
					return err
				}
			}
			return a.review(cmd.Context(), phase, directory, flags)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.to, "to", "", "review up to the end of this `PHASE`, or to this version of --migrations (default: the last one)")
	set.StringVar(&flags.migrations, "migrations", "", "review the migrations in this `DIR` instead of this program's own")
	set.StringVar(&flags.procedures, "procedures", "", "with --migrations: run the .sql files in this `DIR` behind them")
	set.StringVar(&flags.format, "format", "text", "write text, json, markdown or html")
	set.StringVar(&flags.output, "output", "", "write to this `FILE`, which is replaced as a whole (default: -, the standard output)")
	set.StringVar(&flags.failOn, "fail-on", "decide", "what ends with another exit code than 0: must-fix, decide, note or never")
	set.StringVar(&flags.scratch, "scratch", "", "make the copy on the server of this `URL`, as a superuser (default: start a server)")
	set.IntVar(&flags.tasks, "rehearse-tasks", 0,
		fmt.Sprintf("how many tasks to generate for the copy (default: as many as there are, at most %s)", count(review.DefaultTasks)))
	for name, values := range map[string][]string{"format": reviewFormats, "fail-on": failOnNames} {
		offer := cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder)
		_ = cmd.RegisterFlagCompletionFunc(name, offer) // it fails for an unknown flag only
	}
	return cmd
}

func (f *reviewFlags) check(cmd *cobra.Command, json bool) error {
	changed := cmd.Flags().Changed
	switch {
	case json && changed("format") && f.format != "json":
		return &usageError{reason: "--json and --format " + f.format + " exclude one another"}
	case json:
		f.format = "json"
	case !slices.Contains(reviewFormats, f.format):
		return &usageError{reason: fmt.Sprintf("no format is called %q", f.format), hint: "It is one of " + strings.Join(reviewFormats, ", ") + "."}
	}
	if f.output == "-" {
		f.output = ""
	}
	switch {
	case !slices.Contains(failOnNames, f.failOn):
		return &usageError{reason: fmt.Sprintf("--fail-on cannot be %q", f.failOn), hint: "It is one of " + strings.Join(failOnNames, ", ") + "."}
	case f.migrations == "" && changed("migrations"), f.procedures == "" && changed("procedures"):
		return &usageError{reason: "--migrations and --procedures name directories"}
	case f.procedures != "" && f.migrations == "":
		return &usageError{reason: "--procedures goes together with --migrations", hint: "Procedures are run behind migrations."}
	case f.migrations != "" && changed("rehearse-tasks"):
		return &usageError{reason: "--migrations and --rehearse-tasks exclude one another", hint: "Rows are generated for this program's own migrations only."}
	case changed("rehearse-tasks") && (f.tasks < 1 || f.tasks > rehearse.MaxTasks):
		return &usageError{reason: "--rehearse-tasks is at least 1 and at most " + count(rehearse.MaxTasks)}
	}
	return nil
}

// directory is what --migrations and --procedures name, nil without them.
func (f *reviewFlags) directory() (*review.Directory, error) {
	if f.migrations == "" {
		return nil, nil //nolint:nilnil // there is none, and nothing is wrong
	}
	d := &review.Directory{Migrations: os.DirFS(f.migrations), Name: "the migrations in " + f.migrations}
	if f.procedures != "" {
		d.Procedures = os.DirFS(f.procedures)
		d.Name += " and the procedures in " + f.procedures
	}
	if f.to == "" {
		return d, nil
	}
	var err error
	if d.To, err = strconv.ParseInt(f.to, 10, 64); err != nil || d.To < 1 {
		return nil, &usageError{reason: fmt.Sprintf("--to cannot be %q", f.to), hint: "With --migrations it is the number of a migration."}
	}
	return d, nil
}

// review writes what there is to say about the upgrade of this database.
func (a *app) review(ctx context.Context, to upgrade.Phase, directory *review.Directory, flags reviewFlags) error {
	var file *replacedFile
	if flags.output != "" {
		var err error
		if file, err = newReplacedFile(flags.output); err != nil {
			return err
		}
	}
	config, err := a.config()
	if err != nil {
		return err
	}
	report := a.newReporter("")
	defer report.end()
	options := review.Options{
		Config: config, To: to, Directory: directory, Tasks: flags.tasks, ToolVersion: toolVersion(),
		Doing: func(what string) { report.doing(elapsed(what)) },
	}
	if flags.scratch != "" {
		if options.Scratch, err = a.scratch(flags.scratch); err != nil {
			return err
		}
	}
	result, err := review.Run(ctx, options)
	report.progress.idle()
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w; the copy is gone and nothing is left behind", upgrade.ErrInterrupted)
	}
	if err != nil {
		return err
	}
	if err := a.writeReview(result, flags, file); err != nil {
		return err
	}
	if code := reviewExit(result.Verdict, flags.failOn); code != exitDone {
		return &exitError{code: code}
	}
	return nil
}

func (a *app) writeReview(result review.Report, flags reviewFlags, file *replacedFile) error {
	var text bytes.Buffer
	options := render.Options{}
	write := map[string]func(io.Writer, review.Report, render.Options) error{
		"text": render.Text, "json": render.JSON, "markdown": render.Markdown, "html": render.HTML,
	}[flags.format]
	if flags.format == "text" && file == nil {
		options.Width, options.Color = a.console.width, a.console.color
	}
	if err := write(&text, result, options); err != nil {
		return fmt.Errorf("write the review: %w", err)
	}
	switch {
	case file == nil && a.flags.json:
		a.console.emit("review", result.Whole())
		return nil
	case file == nil:
		a.console.resultf("%s", strings.TrimSuffix(text.String(), "\n"))
		return nil
	}
	if err := file.write(text.Bytes()); err != nil {
		return err
	}
	a.console.resultf("%s: %s", reviewVerdict(result), flags.output)
	return nil
}

// reviewVerdict counts what stands in the way, and what nobody has looked at.
func reviewVerdict(r review.Report) string {
	var parts []string
	if r.Verdict.MustFix > 0 {
		parts = append(parts, fmt.Sprintf("%d must be fixed", r.Verdict.MustFix))
	}
	if r.Verdict.Decide > 0 {
		parts = append(parts, fmt.Sprintf("%d to decide", r.Verdict.Decide))
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing to fix and nothing to decide")
	}
	skipped := 0
	for _, c := range r.Checks {
		if c.State == review.Skipped {
			skipped++
		}
	}
	if skipped > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s not made", skipped, counted(int64(len(r.Checks)), "check")))
	}
	return strings.Join(parts, ", ")
}

// reviewExit is the exit code of a verdict: from --fail-on upwards it is another one than 0.
func reviewExit(v review.Verdict, failOn string) int {
	from := map[string]finding.Severity{"must-fix": finding.MustFix, "decide": finding.Decide, "note": finding.Note}[failOn]
	switch {
	case failOn == "never" || v.Gravest == "" || !from.Includes(v.Gravest):
		return exitDone
	case v.Gravest == finding.MustFix:
		return exitDrift
	}
	return exitPending
}
