package main

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/gen"
)

const (
	insertRow = `INSERT INTO public.command_entities (command_id, command_type, parent_command_id, root_command_id,
    action_parameters, action_parameters_class, created_at, status, finished_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL)`
	insertOwner = `INSERT INTO coco.command_owner (command_id, instance_id) VALUES ($1, $2)`
)

// measurePersist sets saving a new command against a plain INSERT of the same row.
func measurePersist(ctx context.Context, s servers, size sizes) (figures []figure, err error) {
	for _, where := range []server{s.disk, s.memory} {
		err := where.fresh(ctx, "persist", func(pool *pgxpool.Pool) error {
			measured, err := persistOn(ctx, where, pool, size)
			figures = append(figures, measured...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	figures[0].target = target{is: atLeast, limit: 0.9, longOnly: true}
	return figures, nil
}

func persistOn(ctx context.Context, where server, pool *pgxpool.Pool, size sizes) (figures []figure, err error) {
	c, err := openCoordinator(ctx, pool)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	// A session of its own: one that inserts with other settings than the procedures have makes the plans of its key checks anew.
	plainly, err := pgxpool.NewWithConfig(ctx, pool.Config())
	if err != nil {
		return nil, err
	}
	defer plainly.Close()
	dao := gen.New(pool)
	save := func(ctx context.Context, _ int) error { return dao.SaveOrUpdateCommandEntity(ctx, newRow()) }
	plain := func(ctx context.Context, _ int) error { return insert(ctx, plainly, newRow()) }
	// The coordinator also stores who owns the command.
	both := func(ctx context.Context, _ int) error {
		return pgx.BeginFunc(ctx, plainly, func(tx pgx.Tx) error { return insertOwned(ctx, tx, newRow(), c.ID()) })
	}
	for _, c := range []struct {
		name         string
		plain, saved call
	}{
		{"rate of DAO SaveOrUpdate, by that of a plain INSERT", plain, save},
		{"rate of PersistCommand, by that of a plain INSERT of its first row", plain, persistNew(c)},
		{"rate of PersistCommand, by that of two INSERTs in a transaction", both, persistNew(c)},
	} {
		values, err := size.single.ratios(ctx, c.plain, c.saved)
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure{what: c.name + ", " + where.where, values: values})
	}
	return figures, nil
}

func insert(ctx context.Context, db gen.DBTX, row gen.SaveOrUpdateCommandEntityParams) error {
	_, err := db.Exec(ctx, insertRow, row.CommandID, row.CommandType, row.ParentCommandID, row.RootCommandID,
		row.ActionParameters, row.ActionParametersClass, row.CreatedAt, row.Status)
	return err
}

func insertOwned(ctx context.Context, db gen.DBTX, row gen.SaveOrUpdateCommandEntityParams, owner uuid.UUID) error {
	if err := insert(ctx, db, row); err != nil {
		return err
	}
	_, err := db.Exec(ctx, insertOwner, row.CommandID, owner)
	return err
}
