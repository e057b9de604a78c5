package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/ovirt/coco/gen"
)

// Kind names the type of a job to River.
func (payload) Kind() string { return "command" }

// measureRiver sets saving commands against inserting as many jobs with River, into another database of the same server.
func measureRiver(ctx context.Context, s servers, size sizes) (figures []figure, err error) {
	for _, where := range []server{s.memory, s.disk} {
		err := where.fresh(ctx, "commands", func(commands *pgxpool.Pool) error {
			return where.with(ctx, "jobs", "", func(jobs *pgxpool.Pool) error {
				measured, err := riverOn(ctx, where, commands, jobs, size)
				figures = append(figures, measured...)
				return err
			})
		})
		if err != nil {
			return nil, err
		}
	}
	return figures, nil
}

func riverOn(ctx context.Context, where server, commands, jobs *pgxpool.Pool, size sizes) (figures []figure, err error) {
	client, err := riverClient(ctx, jobs)
	if err != nil {
		return nil, err
	}
	insert := func(ctx context.Context, _ int) error {
		_, err := client.Insert(ctx, snapshot, nil)
		return err
	}
	many := func() []river.InsertManyParams { return repeat(river.InsertManyParams{Args: snapshot}, batch) }
	insertMany := func(ctx context.Context, _ int) error {
		_, err := client.InsertMany(ctx, many())
		return err
	}
	insertManyFast := func(ctx context.Context, _ int) error {
		_, err := client.InsertManyFast(ctx, many())
		return err
	}
	c, err := openCoordinator(ctx, commands)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	dao := gen.New(commands)
	save := func(ctx context.Context, _ int) error { return dao.SaveOrUpdateCommandEntity(ctx, newRow()) }
	saveAll := func(ctx context.Context, _ int) error {
		_, err := dao.SaveAllCommandEntities(ctx, newRows(batch))
		return err
	}
	for _, c := range []struct {
		name         string
		pairs        pairs
		river, saved call
	}{
		{"DAO SaveOrUpdate, by that of River's Insert", size.single, insert, save},
		{"PersistCommand, by that of River's Insert", size.single, insert, persistNew(c)},
		{"DAO SaveAll of 1,000, by that of River's InsertMany", size.batch, insertMany, saveAll},
		{"DAO SaveAll of 1,000, by that of River's InsertManyFast", size.batch, insertManyFast, saveAll},
		{"PersistCommands of 1,000, by that of River's InsertMany", size.batch, insertMany, persistMany(c, batch)},
	} {
		values, err := c.pairs.ratios(ctx, c.river, c.saved)
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure{what: fmt.Sprintf("rate of %s, %s", c.name, where.where), values: values})
	}
	return figures, nil
}

// riverClient is one that inserts jobs and works none.
func riverClient(ctx context.Context, pool *pgxpool.Pool) (*river.Client[pgx.Tx], error) {
	driver := riverpgxv5.New(pool)
	migrator, err := rivermigrate.New(driver, nil)
	if err != nil {
		return nil, fmt.Errorf("read River's migrations: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("run River's migrations: %w", err)
	}
	client, err := river.NewClient(driver, &river.Config{})
	if err != nil {
		return nil, fmt.Errorf("make a client of River: %w", err)
	}
	return client, nil
}
