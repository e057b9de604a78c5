package snapshot_test

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/snapshot"
	"github.com/ovirt/coco/internal/testdb"
)

//go:embed testdata/start.sql
var startSQL string

func start() testdb.Template {
	return testdb.Template{Name: "snapshot", Hash: testdb.Hash(startSQL), Build: func(ctx context.Context, url string) error {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		_, err = conn.PgConn().Exec(ctx, startSQL).ReadAll()
		return err
	}}
}

func TestWhatChangesADumpChangesTheSnapshot(t *testing.T) {
	const parts = 2 // each makes all changes and looks at its share: dumps take their time
	for part := range parts {
		t.Run(fmt.Sprintf("part %d", part+1), func(t *testing.T) {
			t.Parallel()
			db := testdb.New(t, testdb.Options{Template: start()})
			db.NeedPgDump(t)
			conn := db.Connect(t.Context())
			first, end := part*len(changes)/parts, (part+1)*len(changes)/parts
			for _, change := range changes[:first] {
				exec(t, conn, onDatabase(change, db.Name))
			}
			beforeDump, beforeLines := db.Dump(t, "--create"), take(t, conn, snapshot.Options{})
			for _, change := range changes[first:end] {
				exec(t, conn, onDatabase(change, db.Name))
				dump, lines := db.Dump(t, "--create"), take(t, conn, snapshot.Options{})
				if dump == beforeDump {
					t.Errorf("shows in no dump: %s", change)
				}
				if slices.Equal(lines, beforeLines) {
					t.Errorf("shows in the dump and not in the snapshot: %s", change)
				}
				beforeDump, beforeLines = dump, lines
			}
		})
	}
}

func TestWhatChangesNoDumpChangesNoSnapshot(t *testing.T) {
	t.Parallel()
	db := testdb.New(t, testdb.Options{Template: start()})
	db.NeedPgDump(t)
	conn := db.Connect(t.Context())
	wantDump, want := db.Dump(t), take(t, conn, snapshot.Options{})
	for _, statement := range nothing {
		exec(t, conn, statement)
		if db.Dump(t) != wantDump {
			t.Fatalf("shows in the dump: %s", statement)
		}
		if lines := take(t, conn, snapshot.Options{}); !slices.Equal(lines, want) {
			t.Fatalf("shows in the snapshot: %s\n%s", statement, difference(want, lines))
		}
	}
}

func TestSnapshotsOfTheSameMadeTwiceAreEqual(t *testing.T) {
	var all [2][]string
	for i := range all {
		db := testdb.New(t, testdb.Options{})
		conn := db.Connect(t.Context())
		exec(t, conn, strings.Repeat("CREATE TABLE burnt (n serial); DROP TABLE burnt;", 1+50*i)) // other numbers of the system's
		exec(t, conn, startSQL)
		for _, change := range changes {
			exec(t, conn, onDatabase(change, db.Name))
		}
		all[i] = take(t, conn, snapshot.Options{})
	}
	if !slices.Equal(all[0], all[1]) {
		t.Errorf("they differ:\n%s", difference(all[0], all[1]))
	}
}

func TestSnapshotShowsWhatADumpHides(t *testing.T) {
	db := testdb.New(t, testdb.Options{Template: start()})
	conn := db.Connect(t.Context())
	exec(t, conn, `ALTER TABLE child ADD CONSTRAINT key FOREIGN KEY (parent_id) REFERENCES parent`)
	for _, change := range []string{
		`ALTER TABLE child DISABLE TRIGGER ALL`,
		`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'child_wide'::regclass`,
	} {
		before := take(t, conn, snapshot.Options{})
		exec(t, conn, change)
		if slices.Equal(take(t, conn, snapshot.Options{}), before) {
			t.Errorf("does not show: %s", change)
		}
	}
}

func TestOptionsLeaveOut(t *testing.T) {
	db := testdb.New(t, testdb.Options{Template: start()})
	conn := db.Connect(t.Context())
	all := take(t, conn, snapshot.Options{})
	for name, test := range map[string]struct {
		opts    snapshot.Options
		change  string
		without []string // in none of the lines, and in some of all
	}{
		"a table": {
			snapshot.Options{ExceptTables: []string{"public.child"}},
			`ALTER TABLE child ADD y integer; INSERT INTO child DEFAULT VALUES; CREATE INDEX ON child (y); COMMENT ON TABLE child IS 'out';
				COMMENT ON CONSTRAINT child_pkey ON child IS 'out'; COMMENT ON INDEX child_wide IS 'out'`,
			[]string{"public.child"}, // nor child_pkey, child_id_seq
		},
		"rows and values": {
			snapshot.Options{ExceptRows: []string{"public.child", "public.child_id_seq"}},
			`INSERT INTO child DEFAULT VALUES`,
			[]string{"row of public.child", "value of public.child_id_seq"},
		},
		"all rows and values": {
			snapshot.Options{SchemaOnly: true},
			`INSERT INTO child DEFAULT VALUES`,
			[]string{"row of ", "value of "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := take(t, conn, test.opts)
			for _, text := range test.without {
				if contain(before, text) || !contain(all, text) {
					t.Errorf("%q: in the lines %t, in all lines %t", text, contain(before, text), contain(all, text))
				}
			}
			exec(t, conn, test.change)
			if after := take(t, conn, test.opts); !slices.Equal(before, after) {
				t.Errorf("%s shows:\n%s", test.change, difference(before, after))
			}
		})
	}
}

func TestSnapshotOfADatabaseWithoutTables(t *testing.T) {
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	if lines := take(t, conn, snapshot.Options{}); !contain(lines, "schema public: owner=") || contain(lines, "row of ") {
		t.Errorf("lines:\n%s", strings.Join(lines, "\n"))
	}
}

func TestDigestTellsRowsApart(t *testing.T) {
	db := testdb.New(t, testdb.Options{Template: start()})
	conn := db.Connect(t.Context())
	opts := snapshot.Options{Digest: true}
	before := take(t, conn, opts)
	if contain(before, "row of ") || !contain(before, "rows of public.child: 2 ") {
		t.Errorf("lines:\n%s", strings.Join(before, "\n"))
	}
	exec(t, conn, `DELETE FROM child WHERE id = 1; INSERT INTO child (id, parent_id, wide) VALUES (1, 1, 'x')`) // now behind the other
	if after := take(t, conn, opts); !slices.Equal(before, after) {
		t.Errorf("the order of rows shows:\n%s", difference(before, after))
	}
	exec(t, conn, `UPDATE child SET wide = 'z' WHERE id = 1`)
	if slices.Equal(take(t, conn, opts), before) {
		t.Error("a change does not show")
	}
}

func TestSnapshotLeavesTheSessionAsItWas(t *testing.T) {
	conn := testdb.New(t, testdb.Options{Template: start()}).Connect(t.Context())
	exec(t, conn, `SET timezone = 'Asia/Tokyo'; SET search_path = other`)
	take(t, conn, snapshot.Options{})
	var got string
	err := conn.QueryRow(t.Context(), `SELECT current_setting('timezone') || ' ' || current_setting('search_path')`).Scan(&got)
	if err != nil || got != "Asia/Tokyo other" {
		t.Errorf("%q, %v", got, err)
	}

	exec(t, conn, `BEGIN; CREATE TABLE mine ()`)
	if _, err := snapshot.Take(t.Context(), conn, snapshot.Options{}); err == nil {
		t.Error("it is taken inside of a transaction")
	}
	exec(t, conn, `COMMIT; SELECT FROM mine`)
}

func BenchmarkTake(b *testing.B) {
	conn := testdb.New(b, testdb.Options{Template: start()}).Connect(b.Context())
	for b.Loop() {
		if _, err := snapshot.Take(b.Context(), conn, snapshot.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func onDatabase(statement, name string) string {
	if strings.Contains(statement, "%s") {
		return fmt.Sprintf(statement, pgx.Identifier{name}.Sanitize())
	}
	return statement
}

func take(t *testing.T, conn *pgx.Conn, opts snapshot.Options) []string {
	t.Helper()
	lines, err := snapshot.Take(t.Context(), conn, opts)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(lines) {
		t.Error("the lines are not sorted")
	}
	return lines
}

func exec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func contain(lines []string, text string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, text) })
}

// difference lists the lines that only one of the two has.
func difference(a, b []string) string {
	var out strings.Builder
	only := func(sign string, these, those []string) {
		for _, line := range these {
			if _, found := slices.BinarySearch(those, line); !found {
				fmt.Fprintf(&out, "%s %s\n", sign, line)
			}
		}
	}
	only("-", a, b)
	only("+", b, a)
	return out.String()
}
