package merge

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

var (
	//go:embed schema.sql
	schemaSQL string
	//go:embed make_disk.sql
	makeDiskSQL string
	//go:embed begin_snapshot.sql
	beginSnapshotSQL string
	//go:embed merge_snapshot.sql
	mergeSnapshotSQL string
)

// maxSnapshots is how many fit into the number of a disk's blocks.
const maxSnapshots = 60

// MakeSchema makes the program's own table, unless it is there.
func MakeSchema(ctx context.Context, pool *pgxpool.Pool) error {
	if _, err := pool.Exec(ctx, schemaSQL); err != nil {
		return fmt.Errorf("make the schema livemerge: %w", err)
	}
	return nil
}

func makeDisk(ctx context.Context, tx pgx.Tx, disk uuid.UUID, snapshots int) error {
	if snapshots < 1 || snapshots > maxSnapshots {
		return fmt.Errorf("a disk with %d snapshots: there are 1 to %d", snapshots, maxSnapshots)
	}
	if _, err := tx.Exec(ctx, makeDiskSQL, disk, snapshots); err != nil {
		return fmt.Errorf("make a disk: %w", err)
	}
	return nil
}

func beginSnapshot(ctx context.Context, tx pgx.Tx, disk uuid.UUID, snapshot int) error {
	return changeOne(ctx, tx, beginSnapshotSQL, disk, snapshot)
}

func mergeSnapshot(ctx context.Context, tx pgx.Tx, disk uuid.UUID, snapshot int) error {
	return changeOne(ctx, tx, mergeSnapshotSQL, disk, snapshot)
}

func changeOne(ctx context.Context, tx pgx.Tx, sql string, disk uuid.UUID, snapshot int) error {
	tag, err := tx.Exec(ctx, sql, disk, snapshot)
	if err == nil && tag.RowsAffected() != 1 {
		err = errors.New("it is not there")
	}
	if err != nil {
		return fmt.Errorf("snapshot %d of disk %s: %w", snapshot, disk, err)
	}
	return nil
}
