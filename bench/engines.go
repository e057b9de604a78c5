package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/play"
)

// engines is a server with engine databases of many tasks, on a disk and as durable as an engine's. Its log says who waits for a
// lock.
type engines struct {
	*ephemeral.Server
	program  string // the upgrade program
	made     map[int]bool
	progress io.Writer
}

// engineSettings are named on the page about the results.
func engineSettings() map[string]string {
	settings := map[string]string{"shared_buffers": "1GB", "max_wal_size": "4GB"}
	maps.Copy(settings, play.LogSettings())
	return settings
}

func startEngines(ctx context.Context, progress io.Writer) (*engines, func(), error) {
	program, remove, err := buildProgram(ctx)
	if err != nil {
		return nil, nil, err
	}
	s, err := ephemeral.Start(ctx, ephemeral.Options{Durable: true, OnDisk: true, Settings: engineSettings()})
	if err != nil {
		remove()
		return nil, nil, err
	}
	stop := func() {
		_ = s.Stop(context.WithoutCancel(ctx))
		remove()
	}
	return &engines{Server: s, program: program, made: map[int]bool{}, progress: progress}, stop, nil
}

// withCopy gives use a database of that many tasks, on a connection of its own. Afterwards it is gone. The tasks are made once.
func (e *engines) withCopy(ctx context.Context, tasks int, use func(url string, conn *pgx.Conn) error) error {
	from := fmt.Sprintf("tasks_%d", tasks)
	if !e.made[tasks] {
		start := time.Now()
		if err := e.makeTasks(ctx, from, tasks); err != nil {
			return err
		}
		e.made[tasks] = true
		fmt.Fprintf(e.progress, "%-12s made %d tasks in %s\n", "", tasks, time.Since(start).Round(time.Millisecond))
	}
	const name = "engine"
	if err := e.DropDatabase(ctx, name); err != nil { // that of a run that failed
		return err
	}
	if err := e.CreateDatabase(ctx, name, from); err != nil {
		return err
	}
	err := e.connected(ctx, name, func(conn *pgx.Conn) error { return use(e.URL(name), conn) })
	if err != nil {
		return err
	}
	return e.DropDatabase(ctx, name)
}

// maxLinks bounds the links of tasks to what they work on. An engine's database has no index on them, so every call that adds or deletes a
// task reads them all: with half a million the engine by itself keeps a processor busy.
const maxLinks = 10_000

func (e *engines) makeTasks(ctx context.Context, name string, tasks int) error {
	if err := e.CreateDatabase(ctx, name, ""); err != nil {
		return err
	}
	return e.connected(ctx, name, func(conn *pgx.Conn) error {
		if err := enginedb.Load(ctx, conn); err != nil {
			return err
		}
		if err := enginedb.Generate(ctx, conn, enginedb.GenerateOptions{Tasks: tasks, Seed: 1, MaxLinks: maxLinks}); err != nil {
			return err
		}
		_, err := conn.Exec(ctx, `VACUUM ANALYZE`) // as it stands in a database that was not made a moment ago
		return err
	})
}

func (e *engines) connected(ctx context.Context, name string, use func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, e.URL(name))
	if err != nil {
		return fmt.Errorf("connect to %s: %w", name, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	return use(conn)
}
