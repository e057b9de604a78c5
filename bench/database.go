package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/upgraded"
)

// template is the database that the others are copies of: an engine's, upgraded, without tasks.
const template = "upgraded"

// server is a PostgreSQL of the benchmark's own, as durable as an engine's.
type server struct {
	*ephemeral.Server
	where string // what its figures are called
}

// servers hold the same databases, one in memory and one on a disk. In memory nothing hides what a call costs the processor; on the
// disk each commit waits for it, as in production.
type servers struct{ memory, disk server }

func startServers(ctx context.Context) (s servers, stop func(), err error) {
	started := []*ephemeral.Server{}
	stop = func() {
		for _, s := range started {
			_ = s.Stop(context.WithoutCancel(ctx))
		}
	}
	start := func(onDisk bool, where string) (server, error) {
		s, err := ephemeral.Start(ctx, ephemeral.Options{Durable: true, OnDisk: onDisk, TCP: true, Settings: map[string]string{
			"shared_buffers": "256MB",
			"max_wal_size":   "4GB", // no checkpoint in the midst of one of two
		}})
		if err != nil {
			return server{}, err
		}
		started = append(started, s)
		return server{s, where}, makeTemplate(ctx, s)
	}
	if s.memory, err = start(false, "in memory"); err == nil {
		s.disk, err = start(true, "on disk")
	}
	if err != nil {
		stop()
		return servers{}, nil, fmt.Errorf("start a server with an upgraded database: %w", err)
	}
	return s, stop, nil
}

func makeTemplate(ctx context.Context, s *ephemeral.Server) error {
	if err := s.CreateDatabase(ctx, template, ""); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, s.URL(template))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := enginedb.Load(ctx, conn); err != nil {
		return err
	}
	return upgraded.Upgrade(ctx, s.URL(template))
}

// fresh gives use an upgraded database without commands. Afterwards it is gone.
func (s server) fresh(ctx context.Context, name string, use func(*pgxpool.Pool) error) error {
	return s.with(ctx, name, template, use)
}

// with gives use a copy of a database, or an empty one where from is empty. Afterwards the copy is gone.
func (s server) with(ctx context.Context, name, from string, use func(*pgxpool.Pool) error) error {
	if err := s.CreateDatabase(ctx, name, from); err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, s.URL(name))
	if err != nil {
		return fmt.Errorf("connect to %s: %w", name, err)
	}
	err = use(pool)
	pool.Close()
	if err != nil {
		return err
	}
	return s.DropDatabase(ctx, name)
}
