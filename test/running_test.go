package test

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/internal/play"
)

// TestARunningEngineNoticesNothingUpToContract plays an engine whose tasks are hostile, and share and contradict one another's commands,
// while the chain of migrations runs beneath it without the program.
func TestARunningEngineNoticesNothingUpToContract(t *testing.T) {
	t.Parallel()
	db := engine(t)
	shared := newHostile(99)
	engine, err := play.Start(t.Context(), play.Options{
		URL: db.URL, Seed: 99, Rate: 600, Connections: 6, Tasks: 48, AllEvery: 5, WithoutControl: true,
		NewTask: func(random *rand.Rand, id string) [15]*string {
			return (&hostile{random: random, commands: shared.commands, vdsm: shared.vdsm}).task(uuid.MustParse(id)).texts()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	conn := db.Connect(t.Context())
	for version := 1; version <= versionContract; version++ {
		time.Sleep(200 * time.Millisecond)
		engine.Phase("version " + strconv.Itoa(version))
		migrateBeneathClients(t, conn, version)
	}
	time.Sleep(300 * time.Millisecond)
	report, err := engine.Stop(t.Context())
	if total := report.Total(); err != nil || total.Failed > 0 || total.Wrong > 0 || total.Calls < 1000 {
		t.Errorf("%v\n%s", err, report)
	}
	holds(t, conn)
}

// texts are the columns in their order as PostgreSQL writes them in UTC.
func (t task) texts() [15]*string {
	number := func(n int32) *string { return new(strconv.Itoa(int(n))) }
	id := func(id *uuid.UUID) *string {
		if id == nil {
			return nil
		}
		return new(id.String())
	}
	started := t.startedAt
	if started != nil && *started == "2014-09-18 09:53:20.823456+05:30" {
		started = new("2014-09-18 04:23:20.823456+00")
	}
	return [15]*string{
		id(&t.id), number(t.actionType), number(t.status), number(t.result), t.actionParameters, t.actionClass, id(t.stepID),
		id(&t.commandID), started, id(t.poolID), number(t.taskType), t.taskParameters, t.taskClass, id(t.vdsmTaskID), id(t.rootCommandID),
	}
}

// migrateBeneathClients applies one version as the tool does: caught up, and with a lock timeout, tried again. The timeout is
// longer than the tool's: this test is about answers, on a machine that may have much else to do.
func migrateBeneathClients(t *testing.T, conn *pgx.Conn, version int) {
	t.Helper()
	exec(t, conn, `SET lock_timeout = '100ms'`)
	deadline := time.Now().Add(time.Minute)
	for {
		if version >= versionProve {
			for range 20 {
				if query(t, conn, `SELECT coco.catch_up(1000)::text`)[0] == "0" {
					break
				}
			}
		}
		err := apply(t.Context(), conn, version, "up")
		if err == nil {
			return
		}
		var refused *pgconn.PgError
		again := errors.As(err, &refused) && (refused.Code == "55P03" || refused.Code == "40P01")
		if !again || time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
