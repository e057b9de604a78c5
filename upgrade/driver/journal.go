package driver

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const journal = `coco.journal`

const insertJournal = `INSERT INTO ` + journal + ` (version, direction, name, sha256, lineage, started_at, duration, tool_version, client)
	VALUES ($1, $2, $3, $4, $5, $6, $7::bigint * interval '1 microsecond', $8, $9)`

func hasJournal(ctx context.Context, tx pgx.Tx) (bool, error) {
	var there bool
	if err := tx.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, journal).Scan(&there); err != nil {
		return false, fmt.Errorf("look for the journal: %w", err)
	}
	return there, nil
}

// queueJournal adds the row of a move. The journal comes with a migration: those before it get their rows together with it.
func (d *Driver) queueJournal(batch *pgx.Batch, move Move, took timing, hadJournal bool) {
	if !hadJournal && move.Direction() == Up {
		for _, entry := range d.config.Ups {
			if entry.Version > move.From {
				break
			}
			earlier, ok := d.ran[entry.Version]
			if !ok {
				earlier = timing{started: took.started}
			}
			d.queueEntry(batch, Up, entry, earlier)
		}
	}
	d.queueEntry(batch, move.Direction(), d.entry(move), took)
}

func (d *Driver) entry(move Move) Entry {
	files := d.config.Ups
	if move.Direction() == Down {
		files = d.config.Downs
	}
	for _, entry := range files {
		if entry.Version == move.Version() {
			return entry
		}
	}
	return Entry{Version: move.Version()}
}

func (d *Driver) queueEntry(batch *pgx.Batch, direction Direction, entry Entry, took timing) {
	batch.Queue(insertJournal, entry.Version, string(direction), entry.Name, entry.SHA256, entry.Lineage,
		took.started, took.duration.Microseconds(), d.config.ToolVersion, d.config.Client)
}
