package main

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/gen"
)

// measureBatch sets saving 1,000 commands at once against as many single saves.
func measureBatch(ctx context.Context, s servers, size sizes) (figures []figure, err error) {
	for _, where := range []server{s.disk, s.memory} {
		err := where.fresh(ctx, "batch", func(pool *pgxpool.Pool) error {
			measured, err := batchOn(ctx, where, pool, size)
			figures = append(figures, measured...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	figures[0].target = target{is: atLeast, limit: 8, longOnly: true}
	figures[1].target = target{is: atLeast, limit: 8, longOnly: true}
	return figures, nil
}

func batchOn(ctx context.Context, where server, pool *pgxpool.Pool, size sizes) (figures []figure, err error) {
	c, err := openCoordinator(ctx, pool)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	dao := gen.New(pool)
	saveAll := func(ctx context.Context, _ int) error {
		_, err := dao.SaveAllCommandEntities(ctx, newRows(batch))
		return err
	}
	single := func(ctx context.Context, _ int) error { return dao.SaveOrUpdateCommandEntity(ctx, newRow()) }
	together := func(ctx context.Context, _ int) error {
		return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			return times(batch, func(ctx context.Context, _ int) error {
				return gen.New(tx).SaveOrUpdateCommandEntity(ctx, newRow())
			})(ctx, 0)
		})
	}
	for _, c := range []struct {
		name      string
		each, all call
	}{
		{"rate of DAO SaveAll of 1,000, by that of single saves", times(batch, single), saveAll},
		{"rate of PersistCommands of 1,000, by that of PersistCommand", times(batch, persistNew(c)), persistMany(c, batch)},
		{"rate of DAO SaveAll of 1,000, by that of single saves in one transaction", together, saveAll},
	} {
		values, err := size.batch.ratios(ctx, c.each, c.all)
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure{what: c.name + ", " + where.where, values: values})
	}
	return figures, nil
}

// times is one call that makes many.
func times(count int, c call) call {
	return func(ctx context.Context, _ int) error {
		for i := range count {
			if err := c(ctx, i); err != nil {
				return err
			}
		}
		return nil
	}
}
