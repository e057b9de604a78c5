package enginedb_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
)

func TestDecorateMayBeRepeatedAndRunSideBySide(t *testing.T) {
	t.Parallel()
	conns := []*pgx.Conn{engine(t), engine(t), engine(t)}
	var all sync.WaitGroup
	for _, conn := range conns {
		all.Go(func() {
			for range 2 {
				if err := enginedb.Decorate(t.Context(), conn); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	first := lines(t, conns[0], functionsQuery)
	for _, conn := range conns[1:] {
		if got := lines(t, conn, functionsQuery); !slices.Equal(got, first) {
			t.Errorf("databases differ:\n%q\n%q", got, first)
		}
	}
}

func TestDecorateGivesEachRoleItsOwnPrivileges(t *testing.T) {
	t.Parallel()
	conn := engine(t)
	if err := enginedb.Decorate(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		role, sql string
		allowed   bool
	}{
		{enginedb.ExecRole, `SELECT count(*) FROM getasync_tasksbytask_id('` + taskA + `')`, true}, // as its owner
		{enginedb.ExecRole, `SELECT count(*) FROM getallfromasync_tasks()`, false},                 // may call it, not read
		{enginedb.ExecRole, `SELECT deleteasync_tasks('` + taskA + `')`, false},
		{enginedb.ExecRole, `SELECT count(*) FROM async_tasks`, false},
		{enginedb.WriterRole, `SELECT count(*) FROM getallfromasync_tasks()`, true},
		{enginedb.WriterRole, `SELECT deleteasync_tasks('` + taskA + `')`, true},
		{enginedb.WriterRole, `SELECT count(*) FROM fn_db_get_async_tasks()`, false},
		{enginedb.ReaderRole, `SELECT count(action_parameters) FROM async_tasks`, true},
		{enginedb.ReaderRole, `SELECT count(*) FROM getasynctasksbyentityid('` + taskA + `')`, true}, // open to all
		{enginedb.ReaderRole, `SELECT count(*) FROM getallfromasync_tasks()`, false},
		{enginedb.ReaderRole, `DELETE FROM async_tasks`, false},
	} {
		exec(t, conn, `SET ROLE `+c.role)
		_, err := conn.Exec(t.Context(), c.sql)
		if (err == nil) != c.allowed {
			t.Errorf("%s, %s: %v, allowed should be %t", c.role, c.sql, err, c.allowed)
		}
		exec(t, conn, `RESET ROLE`)
	}
}
