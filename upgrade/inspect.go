package upgrade

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade/driver"
)

// JournalRow says who applied a migration, and when. Migrations applied by the stock migrate program have none.
type JournalRow struct {
	ID          int64         `json:"id"`
	Version     int64         `json:"version"`
	Direction   Direction     `json:"direction"`
	Name        string        `json:"name"`
	SHA256      string        `json:"sha256"`
	Lineage     string        `json:"lineage"`
	StartedAt   time.Time     `json:"started_at"`
	Duration    time.Duration `json:"duration_ns"`
	ToolVersion string        `json:"tool_version"`
	AppliedBy   string        `json:"applied_by"`
	Client      string        `json:"client"`
	AppliedAt   time.Time     `json:"applied_at"`
}

// Receipt is a proof: at ProvedAt every row was compared and equal.
type Receipt struct {
	Version  int64     `json:"version"`
	ProvedAt time.Time `json:"proved_at"`
	Tasks    int64     `json:"tasks"`
	Commands int64     `json:"commands"`
	Archived int64     `json:"archived"`
}

// querier is a connection or a transaction.
type querier interface {
	driver.Querier
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// state is what the database says about its migrations.
type state struct {
	version int64 // 0 for none
	table   int64 // what the version table says, dirty or not; 0 for none
	dirty   *DirtyMark
	journal []JournalRow
	problem error // why no step may be taken
	repairs
}

// inspect reads version and journal and compares them with the chain.
func inspect(ctx context.Context, q querier, chain *Chain) (state, error) {
	place, err := readPlace(ctx, q)
	if err != nil {
		return state{}, err
	}
	now := state{version: max(place.table, 0), table: max(place.table, 0), problem: place.problem()}
	if proven, ok := place.resolve(); ok && place.dirty {
		now.version, now.dirty = proven, &DirtyMark{Marked: place.table, Proven: proven}
	}
	if now.journal, err = readJournal(ctx, q); err != nil {
		return state{}, err
	}
	if now.problem == nil {
		now.problem = compare(chain, now.version, now.journal)
	}
	now.repairs, err = readRepairs(ctx, q)
	return now, err
}

// compare looks for applied migrations that are not those of the chain.
func compare(chain *Chain, version int64, journal []JournalRow) error {
	if version > chain.Last() {
		return &Error{
			Kind:   ErrNewerSchema,
			Reason: fmt.Sprintf("the database is at version %d, this program knows versions up to %d", version, chain.Last()),
			Hint:   "Use the newer program.",
		}
	}
	if _, ok := chain.at(version); !ok && version > 0 {
		return &Error{
			Kind:   ErrOutOfOrder,
			Reason: fmt.Sprintf("the database is at version %d, which this program does not have", version),
			Hint:   "Use the program that applied it.",
		}
	}
	var edited, disordered []string
	for _, row := range applied(journal, version) {
		step, ok := chain.at(row.Version)
		switch {
		case !ok:
			disordered = append(disordered, fmt.Sprintf("%06d_%s is missing", row.Version, row.Name))
		case row.SHA256 != step.SHA256:
			edited = append(edited, step.String())
		case row.Lineage != step.Lineage:
			disordered = append(disordered, fmt.Sprintf("%s had other migrations before it", step))
		}
	}
	if len(edited) > 0 {
		return &Error{
			Kind:   ErrEdited,
			Reason: "migrations that were applied have been edited since: " + strings.Join(edited, ", "),
			Hint:   "Use the program that applied them; the journal in coco.journal names its version.",
		}
	}
	if len(disordered) > 0 {
		return &Error{
			Kind:   ErrOutOfOrder,
			Reason: "migrations were applied in another order, or others were: " + disordered[0],
			Hint:   "Use the program that applied them; the journal in coco.journal names its version.",
		}
	}
	return nil
}

// applied returns the newest row of each version up to the given one that was applied and not taken back, by version.
func applied(journal []JournalRow, version int64) []JournalRow {
	newest := map[int64]JournalRow{}
	for _, row := range journal {
		if row.Direction == DirectionDown {
			delete(newest, row.Version)
		} else if row.Version <= version {
			newest[row.Version] = row
		}
	}
	rows := make([]JournalRow, 0, len(newest))
	for _, row := range newest {
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b JournalRow) int { return int(a.Version - b.Version) })
	return rows
}

func readJournal(ctx context.Context, q querier) ([]JournalRow, error) {
	there, err := readable(ctx, q, "journal")
	if err != nil || !there {
		return nil, err
	}
	rows, err := q.Query(ctx, `SELECT id, version, direction, coalesce(name, ''), coalesce(sha256, ''), coalesce(lineage, ''),
			coalesce(started_at, applied_at), coalesce((extract(epoch FROM duration) * 1000000)::bigint, 0),
			coalesce(tool_version, ''), coalesce(applied_by::text, ''), coalesce(client, ''), applied_at
		FROM coco.journal ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	journal, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (j JournalRow, err error) {
		var microseconds int64
		err = row.Scan(&j.ID, &j.Version, &j.Direction, &j.Name, &j.SHA256, &j.Lineage,
			&j.StartedAt, &microseconds, &j.ToolVersion, &j.AppliedBy, &j.Client, &j.AppliedAt)
		j.Duration = time.Duration(microseconds) * time.Microsecond
		return j, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	return journal, nil
}

// readReceipt returns the newest proof, nil if there is none.
func readReceipt(ctx context.Context, q querier) (*Receipt, error) {
	there, err := readable(ctx, q, "receipt")
	if err != nil || !there {
		return nil, err
	}
	rows, err := q.Query(ctx, `SELECT version, proved_at, tasks, commands, archived FROM coco.receipt
		ORDER BY proved_at DESC, version DESC LIMIT 1`)
	if err != nil {
		return nil, fmt.Errorf("read the receipt: %w", err)
	}
	receipts, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Receipt])
	if err != nil {
		return nil, fmt.Errorf("read the receipt: %w", err)
	}
	if len(receipts) == 0 {
		return nil, nil
	}
	return &receipts[0], nil
}

// readable says whether a table of schema coco is there and may be read. It asks the catalog: an attempt that is refused would
// end the transaction.
func readable(ctx context.Context, q querier, table string) (bool, error) {
	return exists(ctx, q, `SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c
			JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'coco' AND c.relname = $1
			AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))`, table)
}

// hasFunction says whether schema coco has a function of that name.
func hasFunction(ctx context.Context, q querier, name string) (bool, error) {
	return exists(ctx, q, `SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_proc p
			JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
		WHERE n.nspname = 'coco' AND p.proname = $1)`, name)
}

func exists(ctx context.Context, q querier, query string, args ...any) (bool, error) {
	var there bool
	if err := q.QueryRow(ctx, query, args...).Scan(&there); err != nil {
		return false, fmt.Errorf("look into the catalog: %w", err)
	}
	return there, nil
}
