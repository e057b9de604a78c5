package upgrade

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/upgrade/connect"
	"github.com/ovirt/coco/upgrade/driver"
)

// connect opens a connection to a server that this can work with.
func (u *Upgrader) connect(ctx context.Context) (*pgx.Conn, error) {
	return u.connectWithin(ctx, u.config.ConnectTimeout)
}

// connectWithin is connect where each host has no more than that time to answer.
func (u *Upgrader) connectWithin(ctx context.Context, limit time.Duration) (*pgx.Conn, error) {
	conn, err := u.open(ctx, min(limit, cmp.Or(u.config.ConnectTimeout, limit)))
	if err != nil {
		return nil, err
	}
	if err := u.prepare(ctx, conn); err != nil {
		r := &run{Upgrader: u, conn: conn}
		defer r.end(ctx)
		return nil, r.explain(ctx, err, nil)
	}
	if warning := newerServer(conn); warning != nil && u.warned.CompareAndSwap(false, true) {
		u.observe(*warning)
	}
	return conn, nil
}

func (u *Upgrader) prepare(ctx context.Context, conn *pgx.Conn) error {
	if err := serverProblem(conn); err != nil {
		return err
	}
	if err := refuseProxy(ctx, conn); err != nil {
		return err
	}
	return keepAlive(ctx, conn)
}

// settleSession gives the session of a run its settings.
func settleSession(ctx context.Context, conn *pgx.Conn) error {
	if err := keepAlive(ctx, conn); err != nil {
		return err
	}
	return driver.SettleSession(ctx, conn)
}

// keepAlive lets the server notice when this client is gone without a word, and give the run lock back. Through a unix socket, and where
// the system has no such setting, it changes nothing.
func keepAlive(ctx context.Context, conn *pgx.Conn) error {
	batch := &pgx.Batch{}
	queueKeepAlive(batch)
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("set the session's TCP keep-alive: %w", err)
	}
	return nil
}

func queueKeepAlive(batch *pgx.Batch) {
	batch.Queue(`SELECT set_config('tcp_keepalives_idle', $1, false), set_config('tcp_keepalives_interval', $2, false),
		set_config('tcp_keepalives_count', $3, false), set_config('tcp_user_timeout', $4, false)`,
		whole(connect.KeepAliveIdle, time.Second), whole(connect.KeepAliveInterval, time.Second), strconv.Itoa(connect.KeepAliveCount),
		whole(connect.KeepAliveIdle+connect.KeepAliveCount*connect.KeepAliveInterval, time.Millisecond))
}

func whole(d, unit time.Duration) string { return strconv.FormatInt(int64(d/unit), 10) }

// open opens a connection that keeps no prepared statements: the schema changes under it.
func (u *Upgrader) open(ctx context.Context, limit time.Duration) (*pgx.Conn, error) {
	outlet := &outlet{to: u.observe}
	config := u.config.Copy()
	config.ConnectTimeout = limit
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.StatementCacheCapacity, config.DescriptionCacheCapacity = 0, 0
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
		if notice.SeverityUnlocalized == "WARNING" {
			clean := cleaned((*pgconn.PgError)(notice))
			outlet.send(Warning{Message: clean.Message, Hint: clean.Hint})
		}
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err == nil {
		conn.PgConn().CustomData()[outletKey] = outlet
		return conn, nil
	}
	if ctx.Err() != nil {
		return nil, explain(ctx, err, nil, true)
	}
	return nil, Unreachable(config, err)
}

// refuseProxy recognises a connection pooler by the process id it makes up. Through one that pools transactions the run lock, and the
// settings of a session, would stay with a connection that somebody else uses next. How it pools it does not say.
func refuseProxy(ctx context.Context, conn *pgx.Conn) error {
	var pid uint32
	if err := conn.QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
		return fmt.Errorf("read the server process's id: %w", err)
	}
	if pid == conn.PgConn().PID() {
		return nil
	}
	return &Error{
		Kind:   ErrRefused,
		Reason: "a connection pooler stands between this program and PostgreSQL, which cannot keep a lock for it",
		Hint:   "Connect to PostgreSQL itself.",
	}
}

// lockHolders returns sessions, and prepared transactions, that hold locks on the tables that migrations lock, the oldest transaction
// first. A process of the server's own, such as autovacuum, goes by what it is.
func (r *run) lockHolders(ctx context.Context) ([]Session, error) {
	const query = `WITH held AS (
			SELECT DISTINCT pid, virtualtransaction FROM pg_catalog.pg_locks
			WHERE locktype = 'relation' AND granted AND pid IS DISTINCT FROM pg_backend_pid()
				AND (pid IS NULL OR pid <> ALL ($1::integer[]))
				AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
				AND relation IN (SELECT c.oid FROM pg_catalog.pg_class c
					JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
					WHERE c.relkind = 'r' AND (n.nspname = 'coco' OR n.nspname = 'public' AND c.relname IN
						('async_tasks', 'async_tasks_entities', 'command_entities', 'schema_version', 'schema_migrations'))))
		SELECT pid, usename, application, age, gid FROM (
			SELECT a.pid, a.usename::text AS usename,
				coalesce(nullif(a.application_name, ''), nullif(a.backend_type, 'client backend')) AS application,
				extract(epoch FROM clock_timestamp() - a.xact_start)::double precision AS age, NULL::text AS gid
			FROM pg_catalog.pg_stat_activity a
			WHERE a.pid IN (SELECT pid FROM held)
			UNION ALL
			SELECT NULL, p.owner::text, NULL, extract(epoch FROM clock_timestamp() - p.prepared)::double precision, p.gid
			FROM pg_catalog.pg_prepared_xacts p
			WHERE p.database = current_database() AND p.transaction IN (
				SELECT own.transactionid FROM pg_catalog.pg_locks AS own
				JOIN held ON held.virtualtransaction = own.virtualtransaction AND held.pid IS NULL
				WHERE own.locktype = 'transactionid' AND own.pid IS NULL)
		) AS holder
		ORDER BY age DESC NULLS LAST, pid
		LIMIT 10`
	sessions, err := driver.Sessions(ctx, r.conn, query, append([]int32{}, r.mates...))
	if err != nil {
		return nil, fmt.Errorf("look who holds locks: %w", err)
	}
	return sessions, nil
}

// otherClients are all but this one. What kind of process another one is may be invisible; one that has a user and is not known to be
// anything else counts as a client.
const otherClients = `SELECT pid, usename::text, application_name, NULL::double precision, NULL::text
FROM pg_catalog.pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
	AND coalesce(backend_type, 'client backend') = 'client backend'
	AND application_name IS DISTINCT FROM $1 -- another call of this program: it looks, or waits for this run
	AND NOT EXISTS ( -- the stock program, waiting for the end of this run
		SELECT 1 FROM pg_catalog.pg_locks AS waiting
		JOIN pg_catalog.pg_locks AS held ON held.locktype = 'advisory' AND held.granted AND held.pid = pg_backend_pid()
			AND (held.database, held.classid, held.objid, held.objsubid)
				= (waiting.database, waiting.classid, waiting.objid, waiting.objsubid)
		WHERE waiting.pid = pg_stat_activity.pid AND waiting.locktype = 'advisory' AND NOT waiting.granted)
ORDER BY pid`

// others returns the clients that are connected to this database besides this one.
func (r *run) others(ctx context.Context) ([]Session, error) {
	sessions, err := driver.Sessions(ctx, r.conn, otherClients, connect.ApplicationName)
	if err != nil {
		return nil, fmt.Errorf("look who is connected: %w", err)
	}
	return sessions, nil
}
