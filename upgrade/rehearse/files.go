package rehearse

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/upgrade"
)

// FilesOptions say which files are rehearsed, and where. Those that Options has too mean the same.
type FilesOptions struct {
	Config  *pgx.ConnConfig // required
	Scratch *pgx.ConnConfig
	// Files are run in this order.
	Files     []File
	TimeLimit time.Duration
	Doing     func(string)
	// Before and After are called as those of Options are.
	Before, After func(context.Context, *pgx.Conn) error
}

// File is a text that is sent to the server as it is, as golang-migrate does: what it holds is one transaction, unless it begins and ends
// its own, or is a single statement that goes with none.
type File struct {
	// Kind is upgrade.KindApply or upgrade.KindInstall: files of the first kind share a connection, each other one has its own.
	Kind upgrade.Kind
	// Version is that of a migration, 0 for a file of procedures.
	Version int64
	// Name is what the report calls it, Path the file's name.
	Name, Path string
	SQL        string
}

// FileError says that a file fails on the copy.
type FileError struct {
	Path string
	// Line is where the server says the error is, 0 if it does not.
	Line int
	Err  error
}

// Error names file and line, and what the server says.
func (e *FileError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s, line %d: %s", e.Path, e.Line, message(e.Err))
	}
	return e.Path + ": " + message(e.Err)
}

// Unwrap returns the server's error.
func (e *FileError) Unwrap() error { return e.Err }

// AsksForRows says whether the error is one that a table without rows may have caused: a value that is not found, or a text's own check.
func (e *FileError) AsksForRows() bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](e.Err)
	const integrity, raised, noData = "23", "P0", "02"
	return ok && slices.Contains([]string{integrity, raised, noData}, pgErr.Code[:min(2, len(pgErr.Code))])
}

// Files runs files on a copy of a database's schema. The copy has no rows but those of schema_migrations and schema_version. The files are
// run as the role that Config connects as, which is made a superuser of the copy: what they make is its, and its rights are not rehearsed.
// A file that fails is a *FileError.
func Files(ctx context.Context, options FilesOptions) (Result, error) {
	r := &rehearsal{Options: Options{
		Config: options.Config, Scratch: options.Scratch, Doing: options.Doing, Before: options.Before, After: options.After,
	}}
	return within(ctx, options.TimeLimit, "Review fewer files at once.", func(ctx context.Context) (Result, error) {
		r.result = Result{Direction: upgrade.DirectionUp, Steps: []Step{}, Notes: []string{}}
		err := r.files(ctx, options.Files)
		return r.result, errors.Join(err, r.scratch.remove(ctx))
	})
}

func (r *rehearsal) files(ctx context.Context, files []File) (err error) {
	if r.as, err = r.liveRole(ctx); err != nil {
		return err
	}
	if err := r.copy(ctx); err != nil {
		return err
	}
	err = r.scratch.connected(ctx, func(conn *pgx.Conn) (err error) {
		r.scratch.tables, err = tablesOf(ctx, conn)
		if err != nil {
			return err
		}
		return r.empower(ctx, conn)
	})
	if err != nil {
		return err
	}
	if err := r.call(ctx, r.Before); err != nil {
		return err
	}
	started := time.Now()
	err = r.runFiles(ctx, files)
	r.result.Took = time.Since(started)
	if err != nil {
		return err
	}
	return r.call(ctx, r.After)
}

// liveRole is whom the files will be run as.
func (r *rehearsal) liveRole(ctx context.Context) (role string, err error) {
	conn, err := pgx.ConnectConfig(ctx, r.Config)
	if err != nil {
		return "", fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := conn.QueryRow(ctx, `SELECT current_user`).Scan(&role); err != nil {
		return "", fmt.Errorf("look at the database: %w", err)
	}
	return role, nil
}

// empower makes a role of the copy's own a superuser. One that was on the server before is left as it is: then what the files make is the
// superuser's who made the copy.
func (r *rehearsal) empower(ctx context.Context, conn *pgx.Conn) error {
	var super bool
	if err := conn.QueryRow(ctx, `SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = $1`, r.as).Scan(&super); err != nil {
		return fmt.Errorf("look for role %s on the copy: %w", r.as, err)
	}
	switch {
	case super:
		return nil
	case r.scratch.own == nil && !slices.Contains(r.scratch.roles, r.as):
		r.note("role " + r.as + " was on the scratch server before: there, what the files make is not its, but " + r.scratch.config.User + "'s")
		r.as = ""
		return nil
	}
	if _, err := conn.Exec(ctx, "ALTER ROLE "+pgx.Identifier{r.as}.Sanitize()+" SUPERUSER"); err != nil {
		return fmt.Errorf("let role %s work on the copy: %w", r.as, err)
	}
	return nil
}

func (r *rehearsal) runFiles(ctx context.Context, files []File) error {
	watch := &watch{tables: r.scratch.tables, result: &r.result}
	watch.release()
	shared := 0 // files of migrations come first
	for shared < len(files) && files[shared].Kind == upgrade.KindApply {
		shared++
	}
	number := 0
	run := func(files []File) error {
		return r.scratch.connected(ctx, func(conn *pgx.Conn) error {
			if r.as != "" {
				if _, err := conn.Exec(ctx, "SET SESSION AUTHORIZATION "+pgx.Identifier{r.as}.Sanitize()); err != nil {
					return fmt.Errorf("work as role %s on the copy: %w", r.as, err)
				}
			}
			for _, file := range files {
				number++
				r.doing("running " + file.Path)
				if err := r.runFile(ctx, conn, watch, file, number); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if shared > 0 {
		if err := run(files[:shared]); err != nil {
			return err
		}
	}
	for i := shared; i < len(files); i++ {
		if err := run(files[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (r *rehearsal) runFile(ctx context.Context, conn *pgx.Conn, watch *watch, file File, number int) error {
	ref := upgrade.ActionRef{Number: number, Kind: file.Kind, Version: file.Version, Name: file.Name}
	watch.observe(upgrade.ActionStarted{ActionRef: ref})
	started := time.Now()
	if err := r.send(ctx, conn, watch, file); err != nil {
		failed := &FileError{Path: file.Path, Err: err}
		if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && pgErr.Position > 0 {
			letters := []rune(file.SQL)
			failed.Line = 1 + strings.Count(string(letters[:min(int(pgErr.Position), len(letters))]), "\n")
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %s was being run on the copy", upgrade.ErrInterrupted, file.Path)
		}
		return failed
	}
	watch.observe(upgrade.ActionFinished{ActionRef: ref, Duration: time.Since(started)})
	return nil
}

// unwrapped are the errors with which the server refuses a transaction around a statement: one that goes with none, one that ends its own.
var unwrapped = []string{"25001", "2D000"}

// send runs a file in a transaction, which is looked at before it ends, or, if it goes with none, by itself.
func (r *rehearsal) send(ctx context.Context, conn *pgx.Conn, watch *watch, file File) error {
	statements := upgrade.Split(file.SQL)
	body, ok := inTransaction(file.SQL, statements)
	if !ok {
		return r.alone(ctx, conn, watch, file)
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // does nothing behind a commit
	err = conn.PgConn().Exec(ctx, body).Close()
	if pgErr, is := errors.AsType[*pgconn.PgError](err); is && len(statements) == 1 && slices.Contains(unwrapped, pgErr.Code) {
		if err := tx.Rollback(ctx); err != nil {
			return err
		}
		return r.alone(ctx, conn, watch, file)
	}
	if err != nil {
		return err
	}
	if err := watch.inspect(ctx, tx); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// inTransaction returns what of a file is run in its transaction: all of it, or what stands between the BEGIN and the COMMIT that it has
// itself. False: it begins and ends transactions in other ways.
func inTransaction(sql string, statements []string) (string, bool) {
	first, last := 0, len(statements)
	if last > 1 && slices.Contains([]string{"begin", "start"}, firstWord(statements[0])) && slices.Contains([]string{"commit", "end"}, firstWord(statements[last-1])) {
		first, last = 1, last-1
		sql = sql[:strings.LastIndex(sql, statements[last])]
	}
	ends := []string{"begin", "start", "commit", "rollback", "abort", "prepare"}
	if !atomic.MatchString(sql) { // whose END is none of a transaction's
		ends = append(ends, "end")
	}
	for _, statement := range statements[first:last] {
		if slices.Contains(ends, firstWord(statement)) {
			return "", false
		}
	}
	return sql, true
}

var atomic = regexp.MustCompile(`(?i)\bbegin\s+atomic\b`)

func firstWord(statement string) string {
	word, _, _ := strings.Cut(strings.TrimSuffix(strings.Join(strings.Fields(statement), " "), ";"), " ")
	return strings.ToLower(word)
}
