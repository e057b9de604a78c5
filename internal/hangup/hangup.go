// Package hangup ends connections so that nobody counts them as clients any more.
package hangup

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// patience bounds the wait for a server that does not hang up.
const patience = 30 * time.Second

// Wait closes a connection and returns when the server has closed it too: by then it no longer counts as a client.
func Wait(ctx context.Context, conn *pgx.Conn) error {
	if conn.IsClosed() {
		return nil
	}
	raw, err := conn.PgConn().Hijack()
	if err != nil {
		return errors.Join(err, conn.Close(ctx))
	}
	defer func() { _ = raw.Conn.Close() }()
	if err := raw.Conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	raw.Frontend.Send(&pgproto3.Terminate{})
	if err := raw.Frontend.Flush(); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, raw.Conn)
	return err
}
