package test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/gen"
	"github.com/ovirt/coco/internal/enginedb"
)

func TestWhoMayWriteTasksMayKeepCommandsAndNobodyElse(t *testing.T) {
	t.Parallel()
	db := engine(t, enginedb.Sample(), enginedb.DecorateSQL())
	up(t, db.Connect(t.Context()), 0, versionRetire)
	writer, reader := db.ConnectAs(t.Context(), enginedb.WriterRole), db.ConnectAs(t.Context(), enginedb.ReaderRole)
	instance, command := uuid.New(), uuid.New()

	q := gen.New(writer)
	must(q.RegisterInstance(t.Context(), gen.RegisterInstanceParams{InstanceID: instance, Name: "a test", LeaseMs: 2000}))
	tx := must(writer.Begin(t.Context()))
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	must(q.WithTx(tx).PersistCommands(t.Context(), gen.PersistCommandsParams{
		InstanceID: instance, CommandIds: []uuid.UUID{command}, CommandTypes: []int32{4}, ParentIds: []uuid.UUID{uuid.Nil},
		Parameters: []string{"{}"}, Classes: []string{""}, Statuses: []string{"ACTIVE"}, Nulls: []int32{0},
	}))
	// A paused program must not keep its commands locked for longer than its lease.
	var timeout string
	if err := tx.QueryRow(t.Context(), `SHOW idle_in_transaction_session_timeout`).Scan(&timeout); err != nil || timeout != "2s" {
		t.Errorf("a transaction that has stored a command may idle for %s, %v; want 2s", timeout, err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	must(q.RecoverCommands(t.Context(), gen.RecoverCommandsParams{InstanceID: instance, MaxCommands: 1, HoldAfter: 5}))

	q = gen.New(reader)
	if tree := must(q.CommandTree(t.Context(), command)); len(tree) != 1 || tree[0].OwnerID.UUID != instance {
		t.Errorf("the reader sees %v", tree)
	}
	for name, call := range map[string]func() error{
		"register": func() error {
			_, err := q.RegisterInstance(t.Context(), gen.RegisterInstanceParams{InstanceID: uuid.New(), Name: "a reader", LeaseMs: 2000})
			return err
		},
		"finish": func() error {
			_, err := q.ChangeStatus(t.Context(), gen.ChangeStatusParams{
				InstanceID: instance, CommandID: command, FromStatuses: []string{"ACTIVE"}, ToStatus: "FAILED",
			})
			return err
		},
		"remove": func() error {
			_, err := q.RemoveCommand(t.Context(), gen.RemoveCommandParams{CommandID: command, Unfinished: true})
			return err
		},
	} {
		refused, ok := errors.AsType[*pgconn.PgError](call())
		if !ok || refused.Code != "42501" {
			t.Errorf("%s, as one who may only read: %v, want insufficient privilege", name, refused)
		}
	}
}
