// Package chaos disturbs processes that drive commands, and judges from outside what became of the commands.
//
// Worker processes begin commands, drive them in steps and recover those of dead processes. A supervisor kills them, stops them for a
// while and cuts their connections. Two records stand outside of what is tested: the ledger, a table without any rule into which each
// transaction writes what it does, and a journal, a file of each process. The judge reads both when all is quiet.
package chaos

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed ledger.sql
var ledgerSQL string

// What an entry of the ledger says.
const (
	begun = "begun" // a worker has stored the command
	owned = "owned" // the command belongs to the instance from here on; written by a trigger
	step  = "step"  // a worker has done a step
	ended = "ended" // a worker has finished the command
)

// planned is a command as it is to go.
type planned struct {
	ID       uuid.UUID
	Steps    int
	Status   string // that it ends with
	Children bool   // it has a child for each step
}

// entry is a row of the ledger.
type entry struct {
	What     string
	Command  uuid.UUID
	Instance uuid.UUID
	Attempt  uuid.UUID
	Step     int
	Note     string
}

// fromLive is the note of an entry that gives away what belongs to a live owner, fromDead that of one that does not.
const (
	fromLive = "from a live owner"
	fromDead = "from a dead owner"
)

// kept is what the database holds of a command at the end.
type kept struct {
	ID       uuid.UUID
	Status   string
	Finished bool
	Done     int // steps, as its parameters say
	Children int
	Open     int // children that have not finished
	Owners   int // rows that say who owns it or one of its children
}

// readLedger returns the entries in the order in which their transactions were committed.
func readLedger(ctx context.Context, pool *pgxpool.Pool) ([]entry, error) {
	rows, err := pool.Query(ctx, `
		SELECT what, command_id, instance_id, attempt_id, step, note
		FROM chaos.ledger
		ORDER BY pg_xact_commit_timestamp(xmin), entry`)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[entry])
}

// readKept returns what the database holds of the commands.
func readKept(ctx context.Context, pool *pgxpool.Pool, ids []uuid.UUID) ([]kept, error) {
	rows, err := pool.Query(ctx, `
		SELECT c.command_id, coalesce(c.status, ''), c.finished_at IS NOT NULL, (c.action_parameters::jsonb ->> 'done')::integer,
			count(child.command_id), count(child.command_id) FILTER (WHERE child.finished_at IS NULL),
			(SELECT count(*) FROM coco.command_owner o WHERE o.command_id = c.command_id) + count(o.command_id)
		FROM command_entities c
		LEFT JOIN command_entities child ON child.parent_command_id = c.command_id
		LEFT JOIN coco.command_owner o ON o.command_id = child.command_id
		WHERE c.command_id = ANY ($1)
		GROUP BY c.command_id`, ids)
	if err != nil {
		return nil, fmt.Errorf("read the commands: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[kept])
}
