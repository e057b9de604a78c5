package main

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/gen"
)

// measureDAO sets calls of the DAO against the same SQL sent and scanned by hand, over the same connection.
func measureDAO(ctx context.Context, s servers, size sizes) (figures []figure, err error) {
	err = s.memory.fresh(ctx, "dao", func(pool *pgxpool.Pool) error {
		conn, err := pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		figures, err = daoOn(ctx, conn.Conn(), size)
		return err
	})
	return figures, err
}

func daoOn(ctx context.Context, conn *pgx.Conn, size sizes) (figures []figure, err error) {
	sent := &recorder{DBTX: conn}
	dao, recording := gen.New(conn), gen.New(sent)
	leaves, err := saveChains(ctx, recording, 50)
	if err != nil {
		return nil, err
	}
	if _, err := recording.GetCommandEntity(ctx, leaves[0]); err != nil {
		return nil, err
	}
	getOne := sent.sql
	if _, err := recording.GetAllCommandEntities(ctx); err != nil {
		return nil, err
	}
	getAll := sent.sql
	if err := recording.SaveOrUpdateCommandEntity(ctx, newRow()); err != nil {
		return nil, err
	}
	save := sent.sql

	for _, c := range []struct {
		name        string
		pairs       pairs
		dao, byHand call
	}{
		{"a command read", size.read, func(ctx context.Context, i int) error {
			_, err := dao.GetCommandEntity(ctx, leaves[i%len(leaves)])
			return err
		}, func(ctx context.Context, i int) error {
			_, err := readByHand(ctx, conn, getOne, leaves[i%len(leaves)])
			return err
		}},
		{"1,000 commands read", pairs{size.read.rounds, max(2, size.read.calls/20)}, func(ctx context.Context, _ int) error {
			_, err := dao.GetAllCommandEntities(ctx)
			return err
		}, func(ctx context.Context, _ int) error {
			_, err := readAllByHand(ctx, conn, getAll)
			return err
		}},
		{"a command saved", size.single, func(ctx context.Context, _ int) error {
			return dao.SaveOrUpdateCommandEntity(ctx, newRow())
		}, func(ctx context.Context, _ int) error { return saveByHand(ctx, conn, save) }},
	} {
		values, err := c.pairs.ratios(ctx, c.dao, c.byHand)
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure{
			what: "time of the DAO, by that of pgx by hand: " + c.name + ", in memory", values: values,
			target: target{is: atMost, limit: 1.02, longOnly: true},
		})
	}
	return figures, nil
}

func readByHand(ctx context.Context, conn *pgx.Conn, sql string, id uuid.UUID) (c gen.CommandEntity, err error) {
	err = conn.QueryRow(ctx, sql, id).Scan(&c.CommandID, &c.CommandType, &c.ParentCommandID, &c.RootCommandID,
		&c.ActionParameters, &c.ActionParametersClass, &c.CreatedAt, &c.Status, &c.FinishedAt)
	return c, err
}

func readAllByHand(ctx context.Context, conn *pgx.Conn, sql string) (all []gen.CommandEntity, err error) {
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c gen.CommandEntity
		if err := rows.Scan(&c.CommandID, &c.CommandType, &c.ParentCommandID, &c.RootCommandID,
			&c.ActionParameters, &c.ActionParametersClass, &c.CreatedAt, &c.Status, &c.FinishedAt); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

func saveByHand(ctx context.Context, conn *pgx.Conn, sql string) error {
	row := newRow()
	_, err := conn.Exec(ctx, sql, row.CommandID, row.CommandType, row.ParentCommandID, row.RootCommandID,
		row.ActionParameters, row.ActionParametersClass, row.CreatedAt, row.Status)
	return err
}

// recorder keeps the SQL that the DAO sent last.
type recorder struct {
	gen.DBTX

	sql string
}

func (r *recorder) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	r.sql = sql
	return r.DBTX.Exec(ctx, sql, args...)
}

func (r *recorder) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	r.sql = sql
	return r.DBTX.Query(ctx, sql, args...)
}

func (r *recorder) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	r.sql = sql
	return r.DBTX.QueryRow(ctx, sql, args...)
}
