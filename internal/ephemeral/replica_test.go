package ephemeral_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
)

func TestAReplicaFollowsAndTakesOver(t *testing.T) {
	ctx := t.Context()
	primary, err := ephemeral.Start(ctx, ephemeral.Options{TCP: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, primary) })
	replica, err := primary.Replica(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, replica) })

	conn := dial(t, primary)
	if _, err := conn.Exec(ctx, `CREATE TABLE thing AS SELECT 7 AS n`); err != nil {
		t.Fatal(err)
	}
	follower := dial(t, replica)
	if _, err := follower.Exec(ctx, `CREATE TABLE other ()`); err == nil {
		t.Error("a standby took a change")
	}
	for n := 0; n != 7; time.Sleep(10 * time.Millisecond) {
		_ = follower.QueryRow(ctx, `SELECT n FROM thing`).Scan(&n) // until it is there
	}
	if err := primary.Kill(ctx); err != nil {
		t.Fatal(err)
	}
	if err := replica.Promote(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := follower.Exec(ctx, `INSERT INTO thing VALUES (8)`); err != nil {
		t.Error(err)
	}
}

func dial(t *testing.T, server *ephemeral.Server) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.TCPURL(ephemeral.Superuser, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func stop(t *testing.T, server *ephemeral.Server) {
	t.Helper()
	if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}
