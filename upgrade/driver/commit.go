package driver

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// CommitMark is a line in a body: what stands below it is sent in one message with the commit, when version and journal are written. A lock
// that a body takes there is held for as long as the server works, and for no way to the client and back. Settings of the transaction and roles
// that the body has set above do not reach below, except synchronous_commit. What stands below must not end the transaction: with that it would
// commit, and only then be refused.
const CommitMark = "-- coco:commit"

// cutAtMark returns what stands above the mark and what stands below it. Without the mark all of it stands above.
func cutAtMark(body string) (above, below string) {
	if at := strings.Index(body, "\n"+CommitMark+"\n"); at >= 0 {
		return body[:at+1], body[at+1:]
	}
	return body, ""
}

// cut is cutAtMark, unless somebody wants to look at the transaction when the whole body has run.
func (d *Driver) cut(body string) (above, below string) {
	if d.config.After != nil || d.config.Between != nil {
		return body, ""
	}
	return cutAtMark(body)
}

// commit ends the transaction, with the rest of the body before it. The rest begins behind this many statements.
func (d *Driver) commit(tx pgx.Tx, above, below string, statements int) error {
	if below == "" {
		if err := tx.Commit(d.ctx); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
		return nil
	}
	done, ended := 0, 0
	results := d.conn.PgConn().Exec(d.ctx, below+"\n;COMMIT")
	for results.NextResult() {
		tag, err := results.ResultReader().Close()
		if err != nil {
			break
		}
		done++
		if word := tag.String(); word == "COMMIT" || word == "ROLLBACK" {
			ended++
		}
	}
	err := results.Close()
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused):
		if refused.Position > 0 {
			refused.Position += int32(utf8.RuneCountInString(above)) //nolint:gosec // a file is shorter than that
		}
		return &BodyError{Body: above + below, Statement: statements + done, Err: err}
	case err != nil:
		return fmt.Errorf("commit: %w", err)
	case ended != 1:
		return ErrEndsTransaction
	}
	return nil
}
