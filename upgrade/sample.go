package upgrade

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/upgrade/driver"
)

// How much of a database a sample reads at most.
const (
	wholeBlocks = 1000    // blocks of a table whose rows are counted
	someBlocks  = 300     // blocks of a larger one
	sampleRows  = 1000    // rows whose values are measured
	sampleBytes = 2 << 20 // stored bytes that are read to see how long that takes
	manyLogged  = 100_000 // changes in the log
	sampleTime  = 700 * time.Millisecond
	sampleWait  = 100 * time.Millisecond // for somebody who locks the table against all reading

	// What is taken for it where nothing can be measured.
	bytesUnknown  = 4 << 10              // of the values of a task
	byteUnknown   = 10 * time.Nanosecond // to read and fingerprint one
	referenceTime = 7.5                  // milliseconds that the work of ofServer takes where the costs were measured
)

// sample is what was measured of a database, without a look at most of it.
type sample struct {
	// measured says that the tasks were read, and this is not what the catalog says.
	measured bool
	// tasks and commands are how many there are, or will be; exact for small tables.
	tasks, commands float64
	// taskBytes and commandBytes are the mean stored sizes of the five values of a task and the two of a command.
	taskBytes, commandBytes float64
	// logged is how many changes wait in the change log, manyLogged if there are more.
	logged float64
	// probe is how long the server takes to read the five values of a task and to compute their fingerprint.
	probe time.Duration
	// roundTrip is how long the shortest statement takes.
	roundTrip time.Duration
	// slowness is how long the server takes for work that reads no table, 1 where the costs were measured.
	slowness float64
}

// takeSample measures for about a second at most. It reads only, waits for nobody, and works without statistics. Where a table
// cannot be read, or reading takes too long, it makes do with what the catalog says.
func takeSample(ctx context.Context, conn *pgx.Conn) (sample, error) {
	s, err := measure(ctx, conn)
	if unmeasurable(err) && ctx.Err() == nil {
		if err = nil; s.taskBytes == 0 {
			s, err = fromCatalog(ctx, conn)
		}
		s.measured = false
		s.probe = time.Duration(s.taskBytes * s.slowness * float64(byteUnknown))
	}
	if err != nil {
		return sample{}, fmt.Errorf("take a sample of the tasks: %w", err)
	}
	return s, nil
}

// unmeasurable says whether the server refused for a reason that leaves the catalog: a lock was not to be had, the time was over, a
// standby needed the rows changed, or this role may not read them.
func unmeasurable(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains([]string{"55P03", "57014", "40001", insufficientPrivilege}, pgErr.Code)
}

func measure(ctx context.Context, conn *pgx.Conn) (sample, error) {
	s := sample{measured: true}
	err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		limits := fmt.Sprintf(`SET LOCAL lock_timeout = %d; SET LOCAL statement_timeout = %d; SET LOCAL synchronize_seqscans = off`,
			sampleWait.Milliseconds(), sampleTime.Milliseconds())
		if _, err := tx.Conn().PgConn().Exec(ctx, limits).ReadAll(); err != nil {
			return err
		}
		if err := s.ofServer(ctx, tx); err != nil {
			return err
		}
		var tasks, whole bool
		err := tx.QueryRow(ctx, `SELECT to_regclass('public.async_tasks') IS NOT NULL,
			EXISTS (SELECT 1 FROM pg_catalog.pg_attribute
				WHERE attrelid = to_regclass('public.async_tasks') AND attname = 'action_parameters' AND NOT attisdropped)`).
			Scan(&tasks, &whole)
		if err != nil {
			return err
		}
		if !tasks {
			return nil
		}
		if err := s.ofLog(ctx, tx); err != nil {
			return err
		}
		if s.tasks, err = countRows(ctx, tx, "public.async_tasks"); err != nil {
			return err
		}
		if whole {
			return s.ofTasks(ctx, tx)
		}
		return s.ofCommands(ctx, tx)
	})
	return s, err
}

// ofServer measures the server itself: the best of a few times, because other work only adds.
func (s *sample) ofServer(ctx context.Context, q driver.Querier) error {
	const serverWork = `SELECT count(DISTINCT md5(n::text)),
			extract(epoch FROM clock_timestamp() - statement_timestamp())::double precision * 1000
		FROM generate_series(1, 5000) AS n`
	for try := range 3 {
		var rows int
		var milliseconds float64
		started := time.Now()
		if err := q.QueryRow(ctx, serverWork).Scan(&rows, &milliseconds); err != nil {
			return err
		}
		trip := max(0, time.Since(started)-time.Duration(milliseconds*float64(time.Millisecond)))
		if slowness := milliseconds / referenceTime; try == 0 || slowness < s.slowness {
			s.slowness = slowness
		}
		if try == 0 || trip < s.roundTrip {
			s.roundTrip = trip
		}
	}
	return nil
}

// ofLog counts what clients have changed since it was copied.
func (s *sample) ofLog(ctx context.Context, q querier) error {
	there, err := readable(ctx, q, "change_log")
	if err != nil || !there {
		return err
	}
	return q.QueryRow(ctx, `SELECT count(*)::double precision FROM (SELECT 1 FROM coco.change_log LIMIT $1) AS log`, manyLogged).Scan(&s.logged)
}

// countRows counts the rows of a small table, and estimates those of a large one from some of its blocks.
func countRows(ctx context.Context, q driver.Querier, table string) (float64, error) {
	var blocks float64
	err := q.QueryRow(ctx, `SELECT pg_relation_size($1::regclass) / current_setting('block_size')::bigint`, table).Scan(&blocks)
	if err != nil {
		return 0, err
	}
	percent := 100.0
	if blocks > wholeBlocks {
		percent = share(someBlocks, blocks)
	}
	var rows float64
	if err := q.QueryRow(ctx, `SELECT count(*) FROM `+table+` TABLESAMPLE SYSTEM ($1) REPEATABLE (1)`, percent).Scan(&rows); err != nil {
		return 0, err
	}
	return rows * 100 / percent, nil
}

// share is how many percent of all make up so many, 100 at most.
func share(many, all float64) float64 { return 100 * min(1, many/max(1, all)) }

// ofTasks measures tasks that have their values still.
func (s *sample) ofTasks(ctx context.Context, q driver.Querier) error {
	// A command is stored once, with the values of one of its tasks; a root with those of a child.
	const sizes = `WITH sample AS MATERIALIZED (
			SELECT command_id, root_command_id,
				coalesce(pg_column_size(action_parameters), 0) + coalesce(pg_column_size(action_params_class), 0) AS action,
				coalesce(pg_column_size(task_parameters), 0) + coalesce(pg_column_size(task_params_class), 0) AS task
			FROM public.async_tasks TABLESAMPLE SYSTEM ($1) LIMIT $2),
		command AS (
			SELECT DISTINCT ON (id) id, bytes FROM (
				SELECT root_command_id AS id, action AS bytes, 0 AS rank FROM sample
				UNION ALL
				SELECT command_id, CASE WHEN root_command_id IS NULL THEN action ELSE task END, 1 FROM sample) AS named
			WHERE id <> '00000000-0000-0000-0000-000000000000' ORDER BY id, rank)
		SELECT (SELECT count(*) FROM sample)::double precision, (SELECT coalesce(sum(action + task), 0) FROM sample)::double precision,
			(SELECT count(*) FROM command)::double precision, (SELECT coalesce(sum(bytes), 0) FROM command)::double precision`
	const probe = `SELECT count(hashtextextended(ROW(root_command_id, action_parameters, action_params_class,
				task_parameters, task_params_class)::text, 0))::double precision,
			extract(epoch FROM clock_timestamp() - statement_timestamp())::double precision
		FROM (SELECT * FROM public.async_tasks TABLESAMPLE SYSTEM ($1) LIMIT $2) AS sample`
	percent := share(sampleRows, s.tasks)
	var rows, bytes, commands, commandBytes float64
	if err := q.QueryRow(ctx, sizes, percent, sampleRows).Scan(&rows, &bytes, &commands, &commandBytes); err != nil {
		return err
	}
	if rows == 0 {
		return nil
	}
	s.commands = s.tasks * commands / rows
	s.taskBytes, s.commandBytes = bytes/rows, commandBytes/max(1, commands)
	return s.time(ctx, q, probe, percent, s.taskBytes, 1)
}

// ofCommands measures commands that alone have the values. A task has those of two.
func (s *sample) ofCommands(ctx context.Context, q driver.Querier) error {
	const sizes = `SELECT count(*)::double precision,
			coalesce(sum(coalesce(pg_column_size(action_parameters), 0) + coalesce(pg_column_size(action_parameters_class), 0)), 0)::double precision
		FROM (SELECT * FROM public.command_entities TABLESAMPLE SYSTEM ($1) LIMIT $2) AS sample`
	const probe = `SELECT count(hashtextextended(ROW(root_command_id, action_parameters, action_parameters_class)::text, 0))::double precision,
			extract(epoch FROM clock_timestamp() - statement_timestamp())::double precision
		FROM (SELECT * FROM public.command_entities TABLESAMPLE SYSTEM ($1) LIMIT $2) AS sample`
	var err error
	if s.commands, err = countRows(ctx, q, "public.command_entities"); err != nil {
		return err
	}
	percent := share(sampleRows, s.commands)
	var rows, bytes float64
	if err := q.QueryRow(ctx, sizes, percent, sampleRows).Scan(&rows, &bytes); err != nil {
		return err
	}
	if rows == 0 {
		return nil
	}
	s.commandBytes = bytes / rows
	s.taskBytes = 2 * s.commandBytes
	return s.time(ctx, q, probe, percent, s.commandBytes, 2)
}

// time runs a probe twice, on as many rows as may be read: first they may have to come from disk, then they are in memory. Values are
// how many rows of the probe a task is worth.
func (s *sample) time(ctx context.Context, q driver.Querier, probe string, percent, rowBytes, values float64) error {
	const times = 2
	limit := int(min(sampleRows, max(3, sampleBytes/max(1, rowBytes))))
	for range times {
		var rows, seconds float64
		if err := q.QueryRow(ctx, probe, percent, limit).Scan(&rows, &seconds); err != nil {
			return err
		}
		s.probe += time.Duration(seconds / max(1, rows) / times * values * float64(time.Second))
	}
	return nil
}

// fromCatalog knows nothing about the values and takes what the last VACUUM or ANALYZE said about the number of tasks.
func fromCatalog(ctx context.Context, q driver.Querier) (sample, error) {
	s := sample{taskBytes: bytesUnknown, commandBytes: bytesUnknown / 2, slowness: 1}
	err := q.QueryRow(ctx, `SELECT coalesce(max(greatest(reltuples, 0)), 0)::double precision
		FROM pg_catalog.pg_class WHERE oid = to_regclass('public.async_tasks')`).Scan(&s.tasks)
	s.commands = s.tasks
	return s, err
}
