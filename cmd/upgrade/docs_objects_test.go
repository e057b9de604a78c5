package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/hangup"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

// objects lists what there is in a database, with its kind. Functions have a name only: neither an engine nor coco has overloads. What
// comes and goes with a table, such as its row type, is left out.
const objects = `
	SELECT kind || ' ' || name FROM (
		SELECT CASE relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' ELSE 'type' END AS kind,
			relnamespace AS namespace, relnamespace::regnamespace || '.' || relname AS name
		FROM pg_class
		UNION ALL SELECT 'function', pronamespace, pronamespace::regnamespace || '.' || proname FROM pg_proc
		UNION ALL SELECT 'trigger', relnamespace, relnamespace::regnamespace || '.' || relname || '.' || tgname
			FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal
		UNION ALL SELECT 'constraint', connamespace, connamespace::regnamespace || '.' || conname FROM pg_constraint WHERE contype = 'f'
		UNION ALL SELECT 'type', typnamespace, typnamespace::regnamespace || '.' || typname FROM pg_type WHERE typtype IN ('d', 'e')
		UNION ALL SELECT 'schema', oid, nspname::text FROM pg_namespace
	) AS o JOIN pg_namespace n ON n.oid = o.namespace
	WHERE n.nspname !~ '^pg_|^information_schema$' ORDER BY 1`

func TestEveryObjectThatIsCreatedIsInTheDBAGuide(t *testing.T) {
	doc := guide(t, "dba-guide.md")
	db := engine(t)
	rows := doc.Tables("objects", "kind", "there at the end of", "until", "why")
	engines := objectsOf(t, db)
	order := func(phase string) int { return slices.Index(upgrade.Phases(), upgrade.Phase(phase)) }
	for _, phase := range upgrade.Phases() {
		want(t, exitDone, "up", "--to", string(phase))
		var documented []string
		for _, row := range rows {
			from, until := order(row[2]), order(row[3])
			if from < 0 || row[3] != "" && until < 0 || row[4] == "" {
				t.Fatalf("%s: a row with an unknown phase, or without a reason: %v", doc.Path, row)
			}
			if from > order(string(phase)) || until >= 0 && until <= order(string(phase)) {
				continue
			}
			for _, name := range inCode.FindAllStringSubmatch(row[0], -1) {
				documented = append(documented, row[1]+" "+strings.ToLower(name[1]))
			}
		}
		slices.Sort(documented)
		if doubles := len(documented) - len(slices.Compact(slices.Clone(documented))); doubles > 0 {
			t.Errorf("%s: %d objects are listed twice", doc.Path, doubles)
		}
		there := objectsOf(t, db)
		for _, object := range there {
			if !slices.Contains(engines, object) && !slices.Contains(documented, object) {
				t.Errorf("at the end of %s there is a %s, which %s does not list", phase, object, doc.Path)
			}
		}
		for _, object := range documented {
			if !slices.Contains(there, object) {
				t.Errorf("%s: at the end of %s there is no %s", doc.Path, phase, object)
			}
		}
	}
	want(t, exitDone, "down", "--yes")
	if left := fmt.Sprint(objectsOf(t, db)); left != fmt.Sprint(engines) {
		t.Errorf("after down there is\n%s, before there was\n%s", left, engines)
	}
}

var inCode = regexp.MustCompile("`([^`]+)`")

func objectsOf(t *testing.T, db *testdb.DB) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hangup.Wait(t.Context(), conn) }() // a client that is still seen would keep up from retire
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
