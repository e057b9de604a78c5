package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/gen"
	"github.com/ovirt/coco/internal/ephemeral"
)

const depth = 20

// measureChain sets retrieving a command with all above it in one call against a call a level: over TCP, as an engine connects, and
// over a unix socket, where a call costs least.
func measureChain(ctx context.Context, s servers, size sizes) (figures []figure, err error) {
	err = s.memory.fresh(ctx, "chain", func(bySocket *pgxpool.Pool) error {
		overTCP, err := pgxpool.New(ctx, s.memory.TCPURL(ephemeral.Superuser, bySocket.Config().ConnConfig.Database))
		if err != nil {
			return err
		}
		defer overTCP.Close()
		leaves, err := saveChains(ctx, gen.New(overTCP), size.chains)
		if err != nil {
			return err
		}
		for _, over := range []struct {
			pool *pgxpool.Pool
			what string
		}{{overTCP, "over TCP"}, {bySocket, "over a unix socket"}} {
			measured, err := chainOver(ctx, over.pool, over.what, leaves, size)
			if err != nil {
				return err
			}
			figures = append(figures, measured...)
		}
		figures[0].target = target{is: atLeast, limit: 5, longOnly: true}
		return nil
	})
	return figures, err
}

func chainOver(ctx context.Context, pool *pgxpool.Pool, over string, leaves []uuid.UUID, size sizes) (figures []figure, err error) {
	c, err := openCoordinator(ctx, pool)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	dao := gen.New(pool)
	levelByLevel := func(ctx context.Context, i int) error { return level(ctx, dao, leaves[i%len(leaves)]) }
	for _, c := range []struct {
		name string
		call call
	}{
		{"rate of DAO GetCommandEntityHierarchy of a 20-deep chain, by that of a call a level", func(ctx context.Context, i int) error {
			chain, err := dao.GetCommandEntityHierarchy(ctx, leaves[i%len(leaves)])
			if err == nil && len(chain) != depth {
				err = fmt.Errorf("a chain of %d commands, not %d", len(chain), depth)
			}
			return err
		}},
		{"rate of DAO CommandChains, with the owners, of a 20-deep chain, by that of a call a level", func(ctx context.Context, i int) error {
			chain, err := dao.CommandChains(ctx, []uuid.UUID{leaves[i%len(leaves)]})
			if err == nil && len(chain) != depth {
				err = fmt.Errorf("a chain of %d commands, not %d", len(chain), depth)
			}
			return err
		}},
		{"rate of RetrieveCommand of a 20-deep chain, decoded, by that of a call a level, not decoded", func(ctx context.Context, i int) error {
			_, err := c.RetrieveCommand(ctx, leaves[i%len(leaves)])
			return err
		}},
	} {
		values, err := size.read.ratios(ctx, levelByLevel, c.call)
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure{what: c.name + ", in memory, " + over, values: values})
	}
	return figures, nil
}

// level follows a chain upwards with a call a level.
func level(ctx context.Context, dao *gen.Queries, id uuid.UUID) error {
	for range depth {
		row, err := dao.GetCommandEntity(ctx, id)
		if err != nil {
			return err
		}
		if !row.ParentCommandID.Valid {
			return nil
		}
		id = row.ParentCommandID.UUID
	}
	return errors.New("the chain is deeper than it was made")
}

// saveChains saves commands, each below the one before, and returns the last of each chain.
func saveChains(ctx context.Context, dao *gen.Queries, count int) (leaves []uuid.UUID, err error) {
	for range count {
		rows := newRows(depth)
		for i := 1; i < depth; i++ {
			rows.ParentIds[i], rows.RootIds[i] = rows.CommandIds[i-1], rows.CommandIds[0]
		}
		if _, err := dao.SaveAllCommandEntities(ctx, rows); err != nil {
			return nil, err
		}
		leaves = append(leaves, rows.CommandIds[depth-1])
	}
	return leaves, nil
}
