package approval

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/review/catalog"
)

var (
	//go:embed rest.sql
	restSQL string
	//go:embed moved.sql
	movedSQL string
	//go:embed kept.sql
	keptSQL string
	//go:embed parked.sql
	parkedSQL string
	//go:embed installed.sql
	installedSQL string
)

// Live is a database as a hash sees it.
type Live struct {
	lines map[Part][]string
}

// Read reads a database. The transaction should see one moment: REPEATABLE READ. Tables are locked as by readers.
func Read(ctx context.Context, tx pgx.Tx) (*Live, error) {
	c, err := catalog.Read(ctx, tx)
	if err != nil {
		return nil, err
	}
	return Complete(ctx, tx, c)
}

// Complete is Read where the catalog was read already, in the same transaction. An error leaves the transaction as it was.
func Complete(ctx context.Context, tx pgx.Tx, c *catalog.Catalog) (*Live, error) {
	inner, err := catalog.Begin(ctx, tx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = inner.Rollback(context.WithoutCancel(ctx)) }()
	mine, err := readOwn(ctx, inner, c)
	if err != nil {
		return nil, unreadable(err)
	}
	live := &Live{lines: map[Part][]string{}}
	live.catalog(mine, c)
	rest, err := collect(ctx, inner, restSQL, pgx.RowToStructByPos[extra])
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	of := map[string]Part{"procedures": Procedures, "tables": Tables, "rights": Rights}
	for _, r := range rest {
		live.add(of[r.Part], r.Object, r.Text)
	}
	return live, nil
}

// extra is a row of rest.sql.
type extra struct{ Part, Object, Text string }

// readOwn reads what coco has written down of what it did here: nothing where it has not begun.
func readOwn(ctx context.Context, tx pgx.Tx, c *catalog.Catalog) (*own, error) {
	mine := &own{parked: map[string]string{}, installed: map[string]installed{}, originals: map[string]*catalog.Routine{}}
	columns, err := collect(ctx, tx, movedSQL, pgx.RowToStructByPos[column])
	if err != nil {
		return nil, err
	}
	mine.columns = columns
	if !hasTable(c, ownSchema, "parked") {
		return mine, nil
	}
	if len(columns) == 0 {
		if mine.columns, err = collect(ctx, tx, keptSQL, pgx.RowToStructByPos[column]); err != nil {
			return nil, err
		}
	}
	parked, err := collect(ctx, tx, parkedSQL, pgx.RowToStructByPos[struct{ Parked, Name string }])
	if err != nil {
		return nil, err
	}
	for _, p := range parked {
		mine.parked[p.Parked] = p.Name
	}
	procedures, err := collect(ctx, tx, installedSQL, pgx.RowToStructByPos[installed])
	if err != nil {
		return nil, err
	}
	for _, i := range procedures {
		mine.installed[unquoted(i.Signature)] = i
	}
	return mine, nil
}

// collect runs a query and returns its rows.
func collect[T any](ctx context.Context, tx pgx.Tx, query string, scan pgx.RowToFunc[T]) ([]T, error) {
	rows, err := tx.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// unreadable says what to do where coco's own tables may not be read.
func unreadable(err error) error {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == "42501" { // insufficient privilege
		return &upgrade.Error{
			Kind: upgrade.ErrRefused, Cause: err, Reason: "what coco keeps in its own schema may not be read: " + refused.Message,
			Hint: "Connect as the owner of the engine's tables, or as a member of it.",
		}
	}
	return fmt.Errorf("read what coco has written down: %w", err)
}

// add adds a line about an object.
func (l *Live) add(part Part, about ...any) { l.lines[part] = append(l.lines[part], line(about...)) }

// line writes values so that no two lists of them give the same text.
func line(values ...any) string {
	text, _ := json.Marshal(values) //nolint:errchkjson // texts, numbers and structs of them
	return string(text)
}

func unquoted(text string) string { return strings.ReplaceAll(text, `"`, "") }
