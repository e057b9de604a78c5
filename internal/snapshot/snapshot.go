// Package snapshot writes down a whole database as lines of text: every object that a dump would show, and every row. Equal
// databases give equal lines, whatever server version, order of rows or numbers of the system's they have come by.
//
// Tests compare databases with it where comparing dumps is too slow, or where pg_dump is older than the server. It shows what
// pg_dump shows and some things more: whether an index is valid, a key that is switched off, settings of the database.
// Large objects, subscriptions, and what text search and operator classes are made of it does not show.
package snapshot

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Options say what to leave out. The zero value leaves out nothing.
type Options struct {
	// ExceptTables are tables to leave out with all that belongs to them, named as in "public.things".
	ExceptTables []string
	// ExceptRows are tables and sequences whose rows and values are left out, named as in "public.things".
	ExceptRows []string
	// SchemaOnly leaves out all rows and values.
	SchemaOnly bool
	// Digest gives one line a table, with the number of its rows and a digest of them, in place of the rows.
	Digest bool
}

//go:embed sql/*.sql
var files embed.FS

// Take returns the lines of the database that conn is connected to, sorted. All of them are of one moment. conn must not be in a
// transaction, and its role must be allowed to read every table.
func Take(ctx context.Context, conn *pgx.Conn, opts Options) (lines []string, err error) {
	if conn.PgConn().TxStatus() != 'I' {
		return nil, errors.New("take a snapshot: the connection is in a transaction")
	}
	defer func() {
		if !conn.IsClosed() {
			_, rollbackErr := conn.PgConn().Exec(ctx, "ROLLBACK").ReadAll()
			err = errors.Join(err, rollbackErr)
		}
	}()
	catalog, err := catalogQueries(opts)
	if err != nil {
		return nil, err
	}
	results, err := exec(ctx, conn, catalog)
	if err != nil {
		return nil, fmt.Errorf("take a snapshot of the catalog: %w", err)
	}
	last := len(results) - 1
	for _, result := range results[:last] {
		lines = appendLines(lines, result)
	}
	if !opts.SchemaOnly {
		reads := make([]string, 0, len(results[last].Rows))
		for _, row := range results[last].Rows {
			reads = append(reads, string(row[0]))
		}
		if results, err = exec(ctx, conn, strings.Join(reads, ";\n")); err != nil {
			return nil, fmt.Errorf("take a snapshot of the rows: %w", err)
		}
		for _, result := range results {
			lines = appendLines(lines, result)
		}
	}
	slices.Sort(lines)
	return lines, nil
}

// catalogQueries are all queries to the catalog in one message, the one that writes the queries for the rows last.
func catalogQueries(opts Options) (string, error) {
	begin, err := files.ReadFile("sql/begin.sql")
	if err != nil {
		return "", err
	}
	scope, err := files.ReadFile("sql/scope.sql")
	if err != nil {
		return "", err
	}
	var all strings.Builder
	all.Write(begin)
	fmt.Fprintf(&all, "SET LOCAL snapshot.except_tables = %s;\n", array(opts.ExceptTables))
	fmt.Fprintf(&all, "SET LOCAL snapshot.except_rows = %s;\n", array(opts.ExceptRows))
	fmt.Fprintf(&all, "SET LOCAL snapshot.digest = %t;\n", opts.Digest)
	for _, name := range []string{"objects", "relations", "types", "marks", "rows"} {
		query, err := files.ReadFile("sql/" + name + ".sql")
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&all, "%s%s;\n", scope, query)
	}
	return all.String(), nil
}

// array writes names as a literal of an array.
func array(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return "'" + strings.ReplaceAll("{"+strings.Join(quoted, ",")+"}", "'", "''") + "'"
}

// exec runs statements in one round trip and returns the results of the queries among them. Nothing is prepared: it also works
// through a proxy, and leaves nothing in the session.
func exec(ctx context.Context, conn *pgx.Conn, sql string) ([]*pgconn.Result, error) {
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(results, func(r *pgconn.Result) bool { return !r.CommandTag.Select() }), nil
}

var oneLine = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)

// appendLines writes an object and what there is to say about it on a line. A definition of many lines stays that, so that a
// comparison shows the line that differs; a row is one line.
func appendLines(lines []string, result *pgconn.Result) []string {
	for _, row := range result.Rows {
		object, text := string(row[0]), string(row[1])
		if strings.HasPrefix(object, "row of ") || !strings.Contains(text, "\n") {
			lines = append(lines, oneLine.Replace(object)+": "+oneLine.Replace(text))
			continue
		}
		number := 0
		for line := range strings.Lines(text) {
			number++
			lines = append(lines, fmt.Sprintf("%s %03d: %s", oneLine.Replace(object), number, oneLine.Replace(strings.TrimSuffix(line, "\n"))))
		}
	}
	return lines
}
