package upgrade

import (
	"context"
	"fmt"
	"strings"

	"github.com/ovirt/coco/upgrade/driver"
)

// DirtyMark is what a run of the stock migrate program left when it broke off: it marks the version it is going to before it begins.
type DirtyMark struct {
	// Marked is the version in the version table, -1 for none.
	Marked int64 `json:"marked"`
	// Proven is the version that the database itself proves to be at, 0 for none.
	Proven int64 `json:"proven"`
}

// place is what the version table and the database say about the version, at one time.
type place struct {
	table  int64 // NilVersion for none
	dirty  bool
	proven *int64 // nil where the database does not say: the migrations write it from the second one on
	begun  bool   // schema coco is there
}

// readPlace reads both. In doubt it looks again: somebody else may be upgrading.
func readPlace(ctx context.Context, q querier) (place, error) {
	now, err := readPlaceOnce(ctx, q)
	for range 5 {
		if err != nil || !now.doubtful() {
			return now, err
		}
		before := now
		if now, err = readPlaceOnce(ctx, q); now.equal(before) {
			return now, err
		}
	}
	return now, err
}

func readPlaceOnce(ctx context.Context, q querier) (place, error) {
	now := place{table: driver.NilVersion}
	var there, readable bool
	err := q.QueryRow(ctx, `SELECT to_regclass('public.schema_migrations') IS NOT NULL, to_regnamespace('coco') IS NOT NULL, EXISTS (
			SELECT 1 FROM pg_catalog.pg_attribute a
			JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
			JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = 'coco' AND c.relname = 'state' AND a.attname = 'version' AND NOT a.attisdropped
				AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))`).Scan(&there, &now.begun, &readable)
	if err != nil {
		return now, fmt.Errorf("look for the version: %w", err)
	}
	tables := []string{`(SELECT 1) AS one`}
	columns := []string{`NULL::bigint, NULL::boolean`, `NULL::bigint`}
	if there {
		tables = append(tables, `LEFT JOIN public.schema_migrations m ON true`)
		columns[0] = `m.version, m.dirty`
	}
	if readable {
		tables = append(tables, `LEFT JOIN coco.state s ON true`)
		columns[1] = `s.version`
	}
	var version *int64
	var dirty *bool
	query := `SELECT ` + strings.Join(columns, `, `) + ` FROM ` + strings.Join(tables, ` `) + ` LIMIT 1`
	if err := q.QueryRow(ctx, query).Scan(&version, &dirty, &now.proven); err != nil {
		return now, fmt.Errorf("read the version: %w", err)
	}
	if version != nil && dirty != nil {
		now.table, now.dirty = *version, *dirty
	}
	return now, nil
}

func (p place) equal(other place) bool {
	return p.table == other.table && p.dirty == other.dirty && p.begun == other.begun &&
		(p.proven == nil) == (other.proven == nil) && (p.proven == nil || *p.proven == *other.proven)
}

// doubtful says whether the version table alone does not tell the version.
func (p place) doubtful() bool {
	return p.dirty || p.problem() != nil
}

// resolve returns the version that the database is at in spite of a dirty mark. The program that left it was going from the version
// beside the marked one to the marked one, and each of its migrations is one transaction. False: it is not proven.
func (p place) resolve() (int64, bool) {
	switch {
	case p.proven != nil:
		marked := max(p.table, 0)
		return *p.proven, *p.proven >= marked-1 && *p.proven <= marked+1
	case p.begun:
		return 0, false
	case p.table == 2: // its transaction creates schema coco
		return 1, true
	case p.table <= 1: // the first migration changes nothing in an engine's database, and may be repeated in any
		return 0, true
	}
	return 0, false
}

// problem says why no step may be taken, nil if one may.
func (p place) problem() error {
	if p.dirty {
		if _, ok := p.resolve(); ok {
			return nil
		}
		return p.unproven()
	}
	if !p.begun && p.table > 1 {
		return &Error{
			Kind:   ErrMismatch,
			Reason: fmt.Sprintf("the version table says version %d, but the database has no schema coco", p.table),
			Hint: "If this database was restored without it, restore it whole. If it is as the engine left it, " +
				"take the version table away: psql -c 'DROP TABLE public.schema_migrations'.",
		}
	}
	if p.proven == nil || *p.proven == p.table {
		return nil
	}
	says := fmt.Sprintf("the version table says version %d", p.table)
	statement := fmt.Sprintf("UPDATE public.schema_migrations SET version = %d", *p.proven)
	if p.table == driver.NilVersion {
		says = "the version table is missing or empty"
		statement = fmt.Sprintf("CREATE TABLE IF NOT EXISTS public.schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL); "+
			"INSERT INTO public.schema_migrations VALUES (%d, false)", *p.proven)
	}
	return &Error{
		Kind:   ErrMismatch,
		Reason: fmt.Sprintf("%s, but the database itself is at version %d", says, *p.proven),
		Hint: fmt.Sprintf("If this is the database you want, let the version table follow it: psql -c '%s'. "+
			"If it is not, restore both from the same backup.", statement),
	}
}

// unproven is the error for a dirty mark that the database does not explain.
func (p place) unproven() error {
	err := dirtyError(p.table)
	if p.proven != nil {
		err.Reason += fmt.Sprintf(", but the database itself is at version %d, which that program does not come to from there", *p.proven)
		err.Hint = fmt.Sprintf("If this is the database you want, set its version with that program: \"migrate force %d\". "+
			"If it is not, restore it with its version table from the same backup.", *p.proven)
	}
	return err
}

// clean replaces a dirty mark by the version that the database proves to be at. The run lock is held: the program that left the mark
// is gone, and so is its session on the server.
func (r *run) clean(ctx context.Context, now state) error {
	if now.dirty == nil {
		return nil
	}
	version := now.version
	if version == 0 {
		version = driver.NilVersion
	}
	if err := r.migrate.Force(int(version)); err != nil {
		return r.explain(ctx, fmt.Errorf("replace the dirty mark: %w", err), nil)
	}
	r.observe(DirtyResolved{DirtyMark: *now.dirty})
	return nil
}
