package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

// objects lists what somebody may find in a database, each with what kind of thing it is. Functions have a name only: an engine has no
// overloads, and neither has coco. What belongs to a table, such as its indexes' TOAST tables and its row types, is left out.
const objects = `
	SELECT kind || ' ' || name FROM (
		SELECT CASE relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' ELSE 'type' END AS kind,
			relnamespace AS namespace, relnamespace::regnamespace || '.' || relname AS name
		FROM pg_class
		UNION ALL SELECT 'function', pronamespace, pronamespace::regnamespace || '.' || proname FROM pg_proc
		UNION ALL SELECT 'trigger', relnamespace, relnamespace::regnamespace || '.' || relname || '.' || tgname
			FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal
		UNION ALL SELECT 'constraint', connamespace, connamespace::regnamespace || '.' || conname
			FROM pg_constraint WHERE contype = 'f'
		UNION ALL SELECT 'type', typnamespace, typnamespace::regnamespace || '.' || typname FROM pg_type WHERE typtype IN ('d', 'e')
		UNION ALL SELECT 'schema', oid, nspname::text FROM pg_namespace
	) AS o JOIN pg_namespace n ON n.oid = o.namespace
	WHERE n.nspname IN ('public', 'coco') ORDER BY 1`

func TestXObjects(t *testing.T) {
	db := engine(t)
	before := objectsOf(t, db)
	for _, phase := range upgrade.Phases() {
		want(t, exitDone, "up", "--to", string(phase))
		now := objectsOf(t, db)
		for _, o := range now {
			if !slices.Contains(before, o) { fmt.Println(phase, "+", o) }
		}
		for _, o := range before {
			if !slices.Contains(now, o) { fmt.Println(phase, "-", o) }
		}
		before = now
	}
	_ = strings.Join
}

func objectsOf(t *testing.T, db *testdb.DB) []string {
	t.Helper()
	conn := db.Connect(t.Context())
	defer func() { _ = hangUp(t.Context(), conn) }()
	rows, err := conn.Query(t.Context(), objects)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return slices.Compact(names)
}
