package upgrade

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/sql"
)

// The checks: each row of a query in sql/checks is a reason to refuse. The first migration raises the first of them, for whoever runs it
// without this program.
var (
	// checksOfNothing tells what a database is that no migration has seen; checksOfEngine whether it is a whole engine's.
	checksOfNothing = []string{"database"}
	checksOfEngine  = []string{"engine", "columns", "procedures", "objects", "privileges"}
	// checksUnderway are those that may fail later, too: another role goes on, or somebody has made a view meanwhile.
	checksUnderway = []string{"columns", "procedures", "privileges"}
)

// reason is one row of a check.
type reason struct{ Subject, Reason, Hint string }

// refusals returns every reason for which no step up from a version can be taken. It asks the catalog only.
func refusals(ctx context.Context, q querier, version int64) ([]reason, error) {
	if version > 0 {
		return reasons(ctx, q, checksUnderway)
	}
	found, err := reasons(ctx, q, checksOfNothing)
	if err != nil || len(found) > 0 {
		return found, err
	}
	return reasons(ctx, q, checksOfEngine)
}

func reasons(ctx context.Context, q querier, checks []string) ([]reason, error) {
	var all []reason
	for _, check := range checks {
		found, err := runCheck(ctx, q, check, pgx.RowToStructByPos[reason])
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// runCheck runs a query of sql/checks.
func runCheck[T any](ctx context.Context, q querier, name string, scan pgx.RowToFunc[T]) ([]T, error) {
	query, err := sql.Checks.ReadFile("checks/" + name + ".sql")
	if err != nil {
		return nil, fmt.Errorf("open a check: %w", err)
	}
	rows, err := q.Query(ctx, string(query))
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", name, err)
	}
	found, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", name, err)
	}
	return found, nil
}

// refuse returns the first reason for which no step can be taken, before any is.
func (r *run) refuse(ctx context.Context, version int64) error {
	found, err := refusals(ctx, r.conn, version)
	if err != nil {
		return r.explain(ctx, err, nil)
	}
	if len(found) == 0 {
		return nil
	}
	refused := &Error{Kind: ErrRefused, Reason: found[0].Reason, Hint: found[0].Hint}
	if more := len(found) - 1; more > 0 {
		refused.Hint = fmt.Sprintf("%s (%d more: \"upgrade check\" lists them all)", refused.Hint, more)
	}
	return refused
}

// knownBodies returns which bodies of procedures are the engine's: by name and md5, the releases that have it.
func knownBodies() (map[string]string, error) {
	text, err := sql.Checks.ReadFile("checks/bodies.txt")
	if err != nil {
		return nil, fmt.Errorf("open the known bodies: %w", err)
	}
	known := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		if len(fields) != 4 {
			return nil, fmt.Errorf("the known bodies: %q is not name, md5, first and last release", lines.Text())
		}
		known[fields[0]+" "+fields[1]] = fields[2] + " to " + fields[3]
	}
	return known, nil
}
