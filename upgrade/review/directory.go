package review

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/rehearse"
	"github.com/ovirt/coco/upgrade/review/directory"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/judge"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// Directory is a plan that is not coco's: migrations as golang-migrate runs them, and procedures that are installed behind them.
type Directory struct {
	// Migrations are NUMBER_title.up.sql and NUMBER_title.down.sql. Required.
	Migrations fs.FS
	// Procedures, when set, are .sql files, which are run in the order of their paths.
	Procedures fs.FS
	// To is the version to stop after, 0 for the last one.
	To int64
	// Name is what the report calls it.
	Name string
}

// directory reviews a directory: the migrations that the database does not have yet, by its table public.schema_migrations; all of them
// where it has none. What is wrong with the directory is an error of package directory; a migration that broke off is upgrade.ErrDirty.
func (r *run) directory(ctx context.Context) (Report, error) {
	files, err := directory.Read(r.Directory.Migrations, r.Directory.Procedures)
	if err != nil {
		return Report{}, err
	}
	r.Doing("looking at the database")
	plan := upgrade.Plan{Direction: upgrade.DirectionUp}
	err = r.live.read(ctx, r.Config, func(tx pgx.Tx) (err error) {
		plan.From, err = migrated(ctx, tx)
		return err
	})
	if err != nil {
		return Report{}, unreadable(err, r.Config.User)
	}
	pending, last, err := files.Pending(plan.From, r.Directory.To)
	if err != nil {
		return Report{}, err
	}
	plan.To = last
	r.facts = judge.Facts{Directory: true, Before: judge.Side{Catalog: r.live.catalog}}
	for _, file := range pending {
		r.facts.Texts = append(r.facts.Texts, file.SQL)
	}
	if err := r.runFiles(ctx, pending); err != nil {
		return Report{}, err
	}
	if err := r.readFiles(plan, pending); err != nil {
		return Report{}, err
	}
	r.readProcedures()
	r.Doing("judging")
	result, err := judge.Judge(r.facts)
	if err != nil {
		return Report{}, fmt.Errorf("judge what was found: %w", err)
	}
	report := r.report(plan, upgrade.CheckResult{}, result)
	report.Plan.Source = r.Directory.Name
	report.NoApproval = "a directory of migrations is not run by upgrade up"
	return report, nil
}

// migrated is the version that golang-migrate has left the database at, 0 for none.
func migrated(ctx context.Context, tx pgx.Tx) (version int64, err error) {
	var there, dirty bool
	if err := tx.QueryRow(ctx, `SELECT to_regclass('public.schema_migrations') IS NOT NULL`).Scan(&there); err != nil || !there {
		return 0, err
	}
	err = tx.QueryRow(ctx, `SELECT coalesce(max(version), 0), coalesce(bool_or(dirty), false) FROM public.schema_migrations`).Scan(&version, &dirty)
	if err == nil && dirty {
		err = &upgrade.Error{
			Kind: upgrade.ErrDirty, Reason: fmt.Sprintf("public.schema_migrations is dirty: migration %d broke off, and how far it came is not known", version),
			Hint: "Put the database right, then tell golang-migrate: migrate force VERSION.",
		}
	}
	return version, err
}

func (r *run) runFiles(ctx context.Context, pending []rehearse.File) error {
	if len(pending) == 0 {
		r.facts.NoCopy = "there is nothing to do"
		return nil
	}
	r.notes = append(r.notes,
		"the plan is a directory's: what only coco's own has does not apply to it, which is phases, the proof that no row is lost, what up would "+
			"refuse, and the hash to approve",
		"the tables of the copy have no rows: how long a step takes with yours, and whether they fit it, is not known",
		"the files are run as a superuser of the copy: whether the role may do what they do is not known")
	return r.onCopy(ctx, func(before, after look) (rehearse.Result, error) {
		return rehearse.Files(ctx, rehearse.FilesOptions{
			Config: r.Config, Scratch: r.Scratch, Files: pending, Doing: r.Doing, Before: before, After: after,
		})
	})
}

// readFiles looks through the texts of what is run.
func (r *run) readFiles(plan upgrade.Plan, pending []rehearse.File) error {
	found, err := rule.Migrations(r.Directory.Migrations, rule.MigrationOptions{
		From: uint64(plan.From), Schema: rule.NewSchema(r.live.catalog), //nolint:gosec // versions are not negative
	})
	if err != nil {
		return err
	}
	r.facts.Files = slices.DeleteFunc(found, func(f finding.Finding) bool {
		return !slices.ContainsFunc(pending, func(file rehearse.File) bool { return file.Path == f.Object.Name })
	})
	return nil
}
