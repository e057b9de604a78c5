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
	// checksOfNothing are those for a database that no migration has seen. Where the first finds something, the others say nothing.
	checksOfNothing = []string{"database", "engine", "columns", "procedures", "names", "objects", "privileges"}
	// checksUnderway are those that may fail later, too: another role goes on, or somebody has made a view meanwhile.
	checksUnderway = []string{"columns", "procedures", "privileges"}
	// checksBeforeSwitch are those while the procedures of command_entities are still to be created.
	checksBeforeSwitch = append([]string{"names"}, checksUnderway...)
)

// reason is one row of a check.
type reason struct{ Subject, Reason, Hint string }

// refusals returns every reason for which no step up from a version can be taken; -1 is one that may not be read. It asks the
// catalog only.
func (r *run) refusals(ctx context.Context, version int64) ([]reason, error) {
	checks := checksUnderway
	switch {
	case version == 0:
		checks = checksOfNothing
	case version > 0 && version < r.chain.End(Switch):
		checks = checksBeforeSwitch
	}
	results, err := runChecks(ctx, r.conn, checks...)
	if err != nil {
		return nil, err
	}
	if version == 0 && len(results[0]) > 0 {
		results = results[:1]
	}
	var found []reason
	for _, rows := range results {
		for _, row := range rows {
			found = append(found, reason{Subject: row[0], Reason: row[1], Hint: row[2]})
		}
	}
	return found, nil
}

// runChecks runs queries of sql/checks in one round trip, and returns the rows of each.
func runChecks(ctx context.Context, conn *pgx.Conn, names ...string) ([][][]string, error) {
	var script strings.Builder
	for _, name := range names {
		query, err := sql.Checks.ReadFile("checks/" + name + ".sql")
		if err != nil {
			return nil, fmt.Errorf("open a check: %w", err)
		}
		script.Write(query)
	}
	answers, err := conn.PgConn().Exec(ctx, script.String()).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("check the database: %w", err)
	}
	results := make([][][]string, len(names))
	for i, answer := range answers {
		for _, values := range answer.Rows {
			row := make([]string, 0, len(values))
			for _, value := range values {
				row = append(row, string(value))
			}
			results[i] = append(results[i], row)
		}
	}
	return results, nil
}

// refuse returns the first reason for which no step can be taken, before any is.
func (r *run) refuse(ctx context.Context, version int64) error {
	found, err := r.refusals(ctx, version)
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

// knownBodies returns which bodies of procedures are the engine's, as "name md5".
func knownBodies() (map[string]bool, error) {
	text, err := sql.Checks.ReadFile("checks/bodies.txt")
	if err != nil {
		return nil, fmt.Errorf("open the known bodies: %w", err)
	}
	known := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		if len(fields) != 4 {
			return nil, fmt.Errorf("the known bodies: %q is not name, md5, first and last release", lines.Text())
		}
		known[fields[0]+" "+fields[1]] = true
	}
	return known, nil
}
