package sqlcover

import (
	"context"
	_ "embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
)

// Procedure is one version of a procedure: a signature with a body.
type Procedure struct {
	// Signature names it with its schema and the types of its parameters, as PostgreSQL does.
	Signature string
	// Since is the migration that creates it, without .up.sql.
	Since string
	// Statements are empty where it is one query: LANGUAGE sql.
	Statements []Statement

	oid  uint32
	hash string
	body []string
}

// Statement is one statement of a procedure in PL/pgSQL.
type Statement struct {
	// ID and Parent are the numbers that the profiler gives to it and to the statement that it stands in.
	ID, Parent int
	// Place is where in Parent: "body", "then body", "elsif 1", "else body", "loop body", "case when 1", "exception 1" ...
	Place string
	// Kind is "IF", "assignment", "RAISE" ...
	Kind string
	// Line counts from 1, in the body.
	Line int
	// Runs is how often it was begun.
	Runs int64
}

// Text is the line of the body in which a statement begins.
func (p Procedure) Text(s Statement) string {
	if s.Line < 1 || s.Line > len(p.body) {
		return s.Kind
	}
	return strings.TrimSpace(p.body[s.Line-1])
}

//go:embed procedures.sql
var proceduresSQL string

// Procedures are all that the migrations of a directory create, in their order. They run on a server that is started for it.
func Procedures(ctx context.Context, migrations fs.FS) (all []Procedure, err error) {
	server, err := ephemeral.Start(ctx, ephemeral.Options{Settings: Settings()})
	if err != nil {
		return nil, err
	}
	defer func() {
		if stop := server.Stop(context.WithoutCancel(ctx)); err == nil {
			err = stop
		}
	}()
	conn, err := pgx.Connect(ctx, server.URL("postgres"))
	if err != nil {
		return nil, fmt.Errorf("connect to a server with the profiler: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	// Nothing runs under the event trigger: it is called when something has been counted, and wants a directory.
	if err := Install(ctx, conn, ""); err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, `DROP EVENT TRIGGER sqlcover_before_change`); err != nil {
		return nil, fmt.Errorf("count nothing while procedures are listed: %w", err)
	}
	return afterEach(ctx, conn, migrations)
}

// afterEach runs one migration after the other and takes from each what it has created.
func afterEach(ctx context.Context, conn *pgx.Conn, migrations fs.FS) ([]Procedure, error) {
	files, err := fs.Glob(migrations, "*.up.sql")
	if err != nil {
		return nil, fmt.Errorf("list the migrations: %w", err)
	}
	var all []Procedure
	// A procedure that is put away keeps its oid, and is none of its own.
	type version struct {
		oid  uint32
		hash string
	}
	seen := map[version]bool{}
	for _, file := range files {
		script, err := fs.ReadFile(migrations, file)
		if err != nil {
			return nil, fmt.Errorf("read a migration: %w", err)
		}
		if _, err := conn.PgConn().Exec(ctx, string(script)).ReadAll(); err != nil {
			return nil, fmt.Errorf("run %s: %w", file, err)
		}
		there, err := readProcedures(ctx, conn)
		if err != nil {
			return nil, fmt.Errorf("procedures after %s: %w", file, err)
		}
		for _, p := range there {
			if v := (version{p.oid, p.hash}); !seen[v] {
				seen[v] = true
				p.Since = strings.TrimSuffix(path.Base(file), ".up.sql")
				all = append(all, p)
			}
		}
	}
	return all, nil
}

func readProcedures(ctx context.Context, conn *pgx.Conn) ([]Procedure, error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if _, err := tx.Exec(ctx, `SET LOCAL search_path = pg_catalog`); err != nil { // then signatures name their schemas
		return nil, fmt.Errorf("set search_path: %w", err)
	}
	rows, err := tx.Query(ctx, proceduresSQL)
	if err != nil {
		return nil, fmt.Errorf("list them: %w", err)
	}
	var all []Procedure
	var oid uint32
	var signature, hash, body string
	var counted bool
	var id, parent, line *int
	var place, kind *string
	_, err = pgx.ForEachRow(rows, []any{&oid, &signature, &hash, &body, &counted, &id, &parent, &place, &line, &kind}, func() error {
		if len(all) == 0 || all[len(all)-1].Signature != signature {
			all = append(all, Procedure{Signature: signature, oid: oid, hash: hash, body: strings.Split(body, "\n")})
		}
		if counted {
			p := &all[len(all)-1]
			p.Statements = append(p.Statements, Statement{
				ID: *id, Parent: orElse(parent, -1), Place: orElse(place, ""), Kind: *kind, Line: *line,
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list them: %w", err)
	}
	return all, nil
}

func orElse[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}
