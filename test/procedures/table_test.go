// Package procedures calls the stored procedures one by one, each at every phase that has one of its own: what they answer, what they
// refuse with which SQLSTATE, and what two sessions at once make of it. `make cover-sql` holds them to run every statement.
package procedures

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/internal/testdb"
	cocosql "github.com/ovirt/coco/sql"
)

// The versions of the chain at which procedures change.
const (
	atExpand   = 2
	atBackfill = 3
	atProve    = 5
	atMirror   = 6
	atGetters  = 7
	atSwitch   = 8
	atContract = 9
	atRetire   = 10
)

func TestMain(m *testing.M) { testdb.Main(m) }

// call is one row of a table: what is there before, the call, and its answer: rows, or an error.
type call struct {
	// name says what the call promises.
	name string
	// given are statements that run before the call, in its transaction. In every text {x} is the id that belongs to the name x.
	given string
	// sql is the call. Statements may stand behind it that look at what it has done: the last answer counts.
	sql string
	// want are the rows of the answer, the values of each with bars in between. An id is shown as the name in braces that it belongs to.
	want []string
	// code and message are SQLSTATE and the begin of the message, for a call that fails.
	code, message string
}

// run makes each call in a transaction of its own on a database at that version, and takes back what it did.
func run(t *testing.T, version int, calls []call) {
	t.Helper()
	conn := at(t, version).Connect(t.Context())
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			exec(t, conn, "BEGIN")
			defer exec(t, conn, "ROLLBACK")
			exec(t, conn, c.given)
			c.check(t, conn)
		})
	}
}

func (c call) check(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	got, err := ask(t.Context(), conn, c.sql)
	if c.code != "" {
		refused(t, err, c.code, c.message)
		return
	}
	if err != nil {
		t.Fatalf("%s: %v", c.sql, err)
	}
	if !slices.Equal(got, c.want) {
		t.Errorf("%s\nwant %q\n got %q", c.sql, c.want, got)
	}
}

// refused fails the test unless the error is the server's, with this SQLSTATE and a message that begins like this.
func refused(t *testing.T, err error, code, message string) {
	t.Helper()
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		t.Fatalf("want SQLSTATE %s, got %v", code, err)
	}
	if got := named(answer.Message); answer.Code != code || !strings.HasPrefix(got, message) {
		t.Errorf("want %s %q, got %s %q", code, message, answer.Code, got)
	}
}

var (
	braces = regexp.MustCompile(`\{[a-z][a-z0-9]*\}`)
	uuids  = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
)

// none is the zero GUID, with which the engine says that there is none.
const none = "'00000000-0000-0000-0000-000000000000'"

// id is md5('name')::uuid.
func id(name string) uuid.UUID {
	return uuid.UUID(md5.Sum([]byte(name)))
}

// names are those whose ids answers are looked through for.
var names = strings.Fields("a b c d e p q r s t u v w i j n x y z vm sp")

// named shows known ids by their names.
func named(text string) string {
	return uuids.ReplaceAllStringFunc(text, func(found string) string {
		if found == strings.Trim(none, "'") {
			return "{none}"
		}
		for _, name := range names {
			if id(name).String() == found {
				return "{" + name + "}"
			}
		}
		return found
	})
}

// script puts the ids in the place of names.
func script(text string) string {
	return braces.ReplaceAllStringFunc(text, func(found string) string {
		if found == "{none}" {
			return none
		}
		return "'" + id(strings.Trim(found, "{}")).String() + "'"
	})
}

// ask runs statements and returns the rows of the last answer.
func ask(ctx context.Context, conn *pgx.Conn, sql string) ([]string, error) {
	results, err := conn.PgConn().Exec(ctx, script(sql)).ReadAll()
	if err != nil {
		return nil, err
	}
	var all []string
	if len(results) == 0 {
		return all, nil
	}
	for _, row := range results[len(results)-1].Rows {
		var values []string
		for _, value := range row {
			if value == nil {
				values = append(values, "NULL")
				continue
			}
			values = append(values, named(string(value)))
		}
		all = append(all, strings.Join(values, "|"))
	}
	return all, nil
}

func exec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := ask(t.Context(), conn, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// at makes a database without tasks of a fresh installation, at a version of the chain.
func at(t *testing.T, version int) *testdb.DB {
	t.Helper()
	return with(t, version, 0, "")
}

// with makes a database at a version, where a script ran at an earlier one.
func with(t *testing.T, version, early int, rows string) *testdb.DB {
	t.Helper()
	return testdb.New(t, testdb.Options{Template: testdb.Template{
		Name: fmt.Sprintf("version %d", version),
		Hash: testdb.Hash(fmt.Sprint(version, early), rows),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			for v := range version + 1 {
				if v > 0 {
					if err := migrate(ctx, conn, v, "up"); err != nil {
						return err
					}
				}
				if v == early {
					if _, err := ask(ctx, conn, rows); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}})
}

// migrate runs one migration as it is.
func migrate(ctx context.Context, conn *pgx.Conn, version int, direction string) error {
	files, err := fs.Glob(cocosql.Schema, fmt.Sprintf("schema/%06d_*.%s.sql", version, direction))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("migration %d: %d files, %w", version, len(files), err)
	}
	text, err := fs.ReadFile(cocosql.Schema, files[0])
	if err != nil {
		return err
	}
	_, err = conn.PgConn().Exec(ctx, string(text)).ReadAll()
	return err
}
