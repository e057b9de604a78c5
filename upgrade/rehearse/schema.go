package rehearse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/upgrade"
)

// live is what there is to know about the database, besides its schema.
type live struct {
	version    string
	major      int
	identifier string   // of its server; empty if nobody asks
	roles      []string // that its schema names
	extensions []string
}

func lookAt(ctx context.Context, tx pgx.Tx, identify bool) (live, error) {
	var l live
	err := tx.QueryRow(ctx, `SELECT split_part(current_setting('server_version'), ' ', 1),
			current_setting('server_version_num')::integer / 10000,
			ARRAY(SELECT DISTINCT r.rolname::text FROM pg_catalog.pg_roles r
				WHERE r.rolname !~ '^pg_' AND (r.oid = 10 OR r.oid IN (
					SELECT d.refobjid FROM pg_catalog.pg_shdepend d
					WHERE d.refclassid = 'pg_catalog.pg_authid'::regclass
						AND d.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())))),
			ARRAY(SELECT extname::text FROM pg_catalog.pg_extension)`).
		Scan(&l.version, &l.major, &l.roles, &l.extensions)
	if err == nil && identify {
		err = tx.QueryRow(ctx, systemIdentifier).Scan(&l.identifier)
	}
	if err != nil {
		return live{}, fmt.Errorf("look at the database: %w", err)
	}
	return l, nil
}

// systemIdentifier tells running servers apart, also one from a copy of the other's files.
const systemIdentifier = `SELECT system_identifier || ' ' || extract(epoch FROM pg_catalog.pg_postmaster_start_time())
	FROM pg_catalog.pg_control_system()`

// copySchema makes the copy: the schema, and the rows that coco and the engine keep about versions and procedures.
func (r *rehearsal) copySchema(ctx context.Context, tx pgx.Tx) error {
	script, err := r.dump(ctx)
	if err != nil {
		return err
	}
	if script, err = r.withoutExtensions(ctx, script); err != nil {
		return err
	}
	err = r.scratch.connected(ctx, func(conn *pgx.Conn) error {
		_, err := conn.PgConn().Exec(ctx, script).ReadAll()
		return err
	})
	if err != nil {
		return &upgrade.Error{
			Kind: upgrade.ErrRefused, Cause: err, Reason: "the schema cannot be copied to the scratch server: " + message(err),
			Hint: "Name a server that has what the schema needs, of the same version as the database's and with its extensions: --scratch URL.",
		}
	}
	return r.scratch.connected(ctx, func(conn *pgx.Conn) error { return copyKept(ctx, tx, conn) })
}

// unfit are lines of a dump that are psql's, or that an older server does not know.
var unfit = regexp.MustCompile(`(?m)^(\\(un)?restrict .*|SET transaction_timeout = 0;)$`)

// dump returns the schema as a script.
func (r *rehearsal) dump(ctx context.Context) (string, error) {
	program, err := findDump(ctx, r.scratch.binDir, r.live)
	if err != nil {
		return "", err
	}
	relay, err := newRelay(ctx, r.Config)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, program, "--schema-only", "--no-publications", "--no-subscriptions", "--no-security-labels",
		"--no-tablespaces", "--lock-wait-timeout=10s", "--no-password", "--dbname=copy")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PGHOST=" + relay.dir, "PGPORT=" + relayPort, "PGUSER=copy", "PGSSLMODE=disable"}
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err = cmd.Run()
	failed := relay.problem()
	if closed := relay.close(); failed == nil {
		failed = closed
	}
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("%w: the schema was being copied", upgrade.ErrInterrupted)
	case failed != nil:
		return "", failed
	case err != nil:
		return "", &upgrade.Error{
			Cause:  err,
			Reason: "pg_dump cannot read the schema: " + strings.Join(strings.Fields(complaint.String()), " "),
			Hint:   "The role has to own the engine's tables, or be a member of the role that does.",
		}
	}
	return unfit.ReplaceAllString(out.String(), ""), nil
}

// withoutExtensions leaves out the extensions that the scratch server does not have, and says so.
func (r *rehearsal) withoutExtensions(ctx context.Context, script string) (string, error) {
	var missing []string
	err := r.scratch.connected(ctx, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT coalesce(array_agg(e ORDER BY e), '{}') FROM unnest($1::text[]) AS e
			WHERE e NOT IN (SELECT name FROM pg_catalog.pg_available_extensions)`, r.live.extensions).Scan(&missing)
	})
	if err != nil {
		return "", fmt.Errorf("look for extensions: %w", err)
	}
	for _, name := range missing {
		r.note("extension " + name + " is not there on the scratch server: the copy is without it")
		quoted := regexp.QuoteMeta(pgx.Identifier{name}.Sanitize())
		line := regexp.MustCompile(`(?m)^(CREATE EXTENSION IF NOT EXISTS|COMMENT ON EXTENSION) ("?` + regexp.QuoteMeta(name) + `"?|` + quoted + `) .*;$`)
		script = line.ReplaceAllString(script, "")
	}
	return script, nil
}

// kept are the tables whose rows say where the upgrade stands, and how its procedures were. None holds values of commands.
var kept = []string{
	"public.schema_version", "public.schema_migrations", "coco.state", "coco.home", "coco.journal", "coco.installed", "coco.parked",
	"coco.column_kept", "coco.progress", "coco.receipt",
}

func copyKept(ctx context.Context, from pgx.Tx, to *pgx.Conn) error {
	for _, table := range kept {
		var there bool
		if err := from.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, table).Scan(&there); err != nil {
			return fmt.Errorf("look for table %s: %w", table, err)
		}
		if !there {
			continue
		}
		var rows bytes.Buffer
		if _, err := from.Conn().PgConn().CopyTo(ctx, &rows, "COPY "+table+" TO STDOUT"); err != nil {
			return fmt.Errorf("read table %s: %w", table, err)
		}
		if _, err := to.PgConn().CopyFrom(ctx, &rows, "COPY "+table+" FROM STDIN"); err != nil {
			return fmt.Errorf("copy table %s: %w", table, err)
		}
		if table != "coco.journal" {
			continue
		}
		const next = `SELECT setval(pg_get_serial_sequence('coco.journal', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM coco.journal))`
		if _, err := to.Exec(ctx, next); err != nil {
			return fmt.Errorf("number the journal on: %w", err)
		}
	}
	return nil
}

// findDump returns a pg_dump that can read the database: one that is at least as new as its server.
func findDump(ctx context.Context, binDir string, l live) (string, error) {
	candidates := []string{}
	if binDir != "" {
		candidates = append(candidates, filepath.Join(binDir, "pg_dump"))
	}
	if inPath, err := exec.LookPath("pg_dump"); err == nil {
		candidates = append(candidates, inPath)
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump") // the pattern is well formed
	slices.Reverse(debian)
	newest := 0
	for _, program := range append(candidates, debian...) {
		out, err := exec.CommandContext(ctx, program, "--version").Output()
		if err != nil {
			continue
		}
		major := majorIn(string(out))
		if major >= l.major {
			return program, nil
		}
		newest = max(newest, major)
	}
	reason := "no pg_dump was found, which copies the schema"
	if newest > 0 {
		reason = fmt.Sprintf("pg_dump %d is older than the server, PostgreSQL %s, and cannot copy its schema", newest, l.version)
	}
	return "", &upgrade.Error{
		Reason: reason,
		Hint:   fmt.Sprintf("Install PostgreSQL's programs, version %d or newer, and name their directory in PGBIN. %s", l.major, withoutCopy),
	}
}

var firstNumber = regexp.MustCompile(`\d+`)

// majorIn reads "pg_dump (PostgreSQL) 15.18".
func majorIn(text string) int {
	major, _ := strconv.Atoi(firstNumber.FindString(text)) // 0 is older than any
	return major
}

// message is what the server said about a script: never the script itself, nor values.
func message(err error) string {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pgErr.Message + " (SQLSTATE " + pgErr.Code + ")"
	}
	return err.Error()
}
