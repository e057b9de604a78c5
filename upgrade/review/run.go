package review

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/sql"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/rehearse"
	"github.com/ovirt/coco/upgrade/review/approval"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/judge"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// DefaultTasks is how many tasks are generated on the copy at most when Options.Tasks leaves it open: enough for each step to do something,
// few enough for a review of seconds.
const DefaultTasks = 500

// Options say what is reviewed, and where it is run.
type Options struct {
	// Config is how to connect to the database that is to be upgraded; package connect makes one. Required.
	Config *pgx.ConnConfig
	// Scratch is how to connect, as a superuser, to a server for the copy; one that is not to be used is rehearse.ErrScratch. Nil: one is
	// started for it, which needs PostgreSQL's server programs. Where no copy is to be had, what needs one is skipped, and that is a
	// finding to decide about.
	Scratch *pgx.ConnConfig
	// To is the phase to stop after, as for Up.
	To upgrade.Phase
	// Directory, when set, is reviewed instead of what Up would do. To and Tasks mean nothing then.
	Directory *Directory
	// Tasks is how many tasks are generated on the copy; 0 for as many as the database has, DefaultTasks at most.
	Tasks int
	// ToolVersion is written into the report.
	ToolVersion string
	// Doing, when set, is told in a few words what is being done.
	Doing func(string)
}

// Run reviews what Up would do now. The database is only read. An error means that there is no report; what could not be looked at is
// no error, but said in the report.
func Run(ctx context.Context, options Options) (Report, error) {
	r := &run{Options: options, started: time.Now()}
	if r.Doing == nil {
		r.Doing = func(string) {}
	}
	if r.Directory != nil {
		return r.directory(ctx)
	}
	return r.run(ctx)
}

// run is one call of Run.
type run struct {
	Options

	started time.Time
	live    live
	facts   judge.Facts
	notes   []string
	alone   bool // without a second opinion on the procedures
}

func (r *run) run(ctx context.Context) (Report, error) {
	r.Doing("looking at the database")
	upgrader, err := upgrade.New(upgrade.Options{Config: r.Config, ToolVersion: r.ToolVersion})
	if err != nil {
		return Report{}, err
	}
	plan, err := upgrader.PlanUp(ctx, r.To)
	if err != nil {
		return Report{}, unreadable(err, r.Config.User)
	}
	looked, err := upgrader.Check(ctx, upgrade.CheckOptions{To: r.To})
	if err != nil {
		return Report{}, unreadable(err, r.Config.User)
	}
	if r.live, err = readLive(ctx, r.Config); err != nil {
		return Report{}, err
	}
	r.facts = judge.Facts{Plan: &plan, Check: &looked, Data: r.live.data(plan, looked), NoData: r.live.uncounted}
	for _, step := range plan.Steps {
		r.facts.Texts = append(r.facts.Texts, step.SQL)
	}
	if err := r.rehearse(ctx, plan); err != nil {
		return Report{}, err
	}
	r.readProcedures()
	if err := r.readMigrations(plan); err != nil {
		return Report{}, err
	}
	r.Doing("judging")
	result, err := judge.Judge(r.facts)
	if err != nil {
		return Report{}, fmt.Errorf("judge what was found: %w", err)
	}
	report := r.report(plan, looked, result)
	report.Approval, report.NoApproval, err = r.approval(plan, upgrader.Chain())
	return report, err
}

// approval is the hash that the upgrade can be approved by, or why there is none. The database was read before it was copied: whoever
// changes it in between gets findings of what is there now and a hash of what was there, which up does not take.
func (r *run) approval(plan upgrade.Plan, chain *upgrade.Chain) (hash, why string, err error) {
	switch {
	case r.facts.PlanFails != "":
		return "", "the plan fails on the copy", nil
	case len(plan.Steps) == 0:
		return "", "there is nothing to do", nil
	case r.facts.Rehearsal == nil:
		return "", "the plan was not run on a copy", nil
	case r.live.hashed == nil:
		return "", strings.TrimSuffix(r.live.unhashed, "."), nil
	}
	found, err := approval.Of(r.live.hashed, chain, r.To)
	if err != nil {
		return "", "", fmt.Errorf("compute the hash to approve: %w", err)
	}
	return found.String(), "", nil
}

// rehearse runs the plan on a copy, and looks at that before and after. That no copy is to be had is a fact and no error.
func (r *run) rehearse(ctx context.Context, plan upgrade.Plan) error {
	r.facts.Before = judge.Side{Catalog: r.live.catalog}
	if len(plan.Steps) == 0 {
		r.facts.NoCopy = "there is nothing to do"
		return nil
	}
	return r.onCopy(ctx, func(before, after look) (rehearse.Result, error) {
		return rehearse.Run(ctx, rehearse.Options{
			Config: r.Config, Scratch: r.Scratch, To: r.To, ToolVersion: r.ToolVersion, Doing: r.Doing,
			Tasks:  cmp.Or(r.Tasks, int(min(max(plan.Tasks, 1), DefaultTasks))),
			Before: before, After: after,
		})
	})
}

// look is called with a connection to the copy.
type look func(context.Context, *pgx.Conn) error

// onCopy runs something on a copy, and looks at that before and after.
func (r *run) onCopy(ctx context.Context, run func(before, after look) (rehearse.Result, error)) error {
	var before, after judge.Side
	var failed error // to look at the copy
	looking := func(side *judge.Side) look {
		return func(ctx context.Context, conn *pgx.Conn) error {
			r.Doing("checking the procedures of the copy")
			*side, failed = r.lookAt(ctx, conn)
			return failed
		}
	}
	result, err := run(looking(&before), looking(&after))
	r.notes = append(r.notes, result.Notes...)
	switch {
	case ctx.Err() != nil || failed != nil || errors.Is(err, rehearse.ErrScratch):
		return err
	case err == nil || errors.Is(err, rehearse.ErrUndeclared): // that one is a finding
	case before.Catalog == nil:
		r.facts.NoCopy = reason(err)
		return nil
	default:
		file, ok := errors.AsType[*rehearse.FileError](err)
		r.facts.Before, r.facts.PlanFails, r.facts.RowsMissing = before, reason(err), ok && file.AsksForRows()
		r.notes = append(r.notes, "the plan fails on the copy: "+r.facts.PlanFails)
		return nil
	}
	r.facts.Rehearsal, r.facts.Before, r.facts.After = &result, before, after
	r.facts.Changes = change.Compare(before.Catalog, after.Catalog)
	return nil
}

// readProcedures reads the text of the procedures, before and after.
func (r *run) readProcedures() {
	r.Doing("reading the procedures")
	r.facts.Before.Read()
	if r.facts.After.Catalog != nil {
		r.facts.After.Read()
	}
}

// readMigrations looks through the texts of the migrations that were run.
func (r *run) readMigrations(plan upgrade.Plan) error {
	if r.facts.After.Catalog == nil {
		return nil
	}
	files, err := fs.Sub(sql.Schema, "schema")
	if err != nil {
		return err
	}
	found, err := rule.Migrations(files, rule.MigrationOptions{
		From: uint64(max(plan.From, 0)), To: uint64(max(plan.To, 0)), Schema: rule.NewSchema(r.facts.Before.Catalog),
		Own: []string{"coco", "public.command_entities"},
	})
	if err != nil {
		return err
	}
	r.facts.After.Rules = append(r.facts.After.Rules, found...)
	return nil
}

// reason is why there is no copy, and what to do about it.
func reason(err error) string {
	library, ok := errors.AsType[*upgrade.Error](err)
	if !ok {
		return err.Error()
	}
	return library.Error() // with its hint
}

func (r *run) report(plan upgrade.Plan, looked upgrade.CheckResult, result judge.Result) Report {
	report := Report{
		Format: Format, Taken: r.started.UTC().Truncate(time.Second), ToolVersion: r.ToolVersion,
		Database: Database{
			Name: r.Config.Database, Address: net.JoinHostPort(r.Config.Host, strconv.Itoa(int(r.Config.Port))),
			Server: r.live.catalog.Server, Version: plan.From,
			Routines: len(r.live.catalog.Routines), Tables: tablesOf(r.live.catalog),
		},
		Plan: Plan{
			From: plan.From, To: plan.To, Direction: plan.Direction, Source: "the migrations of this program",
			Hash: hashOf(r.facts.Texts),
		},
		Findings: result.Findings, Earlier: result.Earlier, Checks: result.Checks, Changes: r.facts.Changes,
		Verdict: verdict(result.Findings), Rules: rulesOf(result.Findings, result.Earlier), Notes: r.notes,
	}
	if looked.Engine != nil {
		report.Database.Engine = looked.Engine.Release
	}
	report.Plans = explains(r.facts.Changes, r.facts.Before.Plans, r.facts.After.Plans)
	if r.facts.Data != nil {
		report.Data = *r.facts.Data
	}
	if rehearsal := r.facts.Rehearsal; rehearsal != nil {
		report.Uses = usesOf(r.facts.Before, r.facts.After, r.facts.Changes)
		report.Plan.Scratch, report.Plan.Tasks, report.Plan.Steps = rehearsal.Scratch, rehearsal.Tasks, rehearsal.Steps
	}
	report.Took = time.Since(r.started)
	return report
}

// tablesOf counts tables: views are none.
func tablesOf(c *catalog.Catalog) (tables int) {
	for _, t := range c.Tables {
		if t.Kind == catalog.KindTable {
			tables++
		}
	}
	return tables
}

// hashOf is over all that is run.
func hashOf(texts []string) string {
	const length = 12 // digits: enough to tell two plans apart
	sum := sha256.New()
	for _, text := range texts {
		fmt.Fprintf(sum, "%d:%s", len(text), text)
	}
	return hex.EncodeToString(sum.Sum(nil))[:length]
}

// verdict counts what no comment silences.
func verdict(findings []finding.Finding) (v Verdict) {
	for _, f := range findings {
		if f.Silenced != "" {
			continue
		}
		switch f.Severity {
		case finding.MustFix:
			v.MustFix++
		case finding.Decide:
			v.Decide++
		case finding.Note:
			v.Notes++
		}
		if v.Gravest == "" || v.Gravest.Includes(f.Severity) {
			v.Gravest = f.Severity
		}
	}
	return v
}

// rulesOf are the rules that findings name, in the order of all rules.
func rulesOf(lists ...[]finding.Finding) []rule.Rule {
	named := map[string]bool{}
	for _, list := range lists {
		for _, f := range list {
			named[f.Rule] = true
		}
	}
	var rules []rule.Rule
	for _, r := range rule.All() {
		if named[r.ID] {
			rules = append(rules, r)
		}
	}
	return rules
}
