package play_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/play"
)

func TestTheServersLogTellsWhoWaitedForALockAndHowLong(t *testing.T) {
	t.Parallel()
	server, err := ephemeral.Start(t.Context(), ephemeral.Options{Settings: play.LogSettings()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop(t.Context()) })
	connect := func(application string) *pgx.Conn {
		config, err := pgx.ParseConfig(server.URL("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		config.RuntimeParams["application_name"] = application
		conn, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(t.Context()) })
		return conn
	}
	run := func(conn *pgx.Conn, script string) error {
		_, err := conn.PgConn().Exec(t.Context(), script).ReadAll()
		return err
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	other, client, watch := connect("other"), connect(play.Application), connect("watch")
	must(run(other, `CREATE TABLE first (id integer); CREATE TABLE second (id integer)`))

	// waits lets the client do something while the other one holds a lock, or waits itself.
	waits := func(script string, hold time.Duration) error {
		t.Helper()
		ended := make(chan error, 1)
		go func() { ended <- run(client, script) }()
		for waiting := false; !waiting && len(ended) == 0; {
			must(watch.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock')`,
				play.Application).Scan(&waiting))
		}
		time.Sleep(hold)
		_ = run(other, `LOCK second; COMMIT`)
		_ = run(other, `ROLLBACK`)
		return <-ended
	}
	begin := time.Now()
	must(run(other, `BEGIN; LOCK first`))
	must(waits(`SELECT FROM first`, 60*time.Millisecond))
	middle := time.Now()
	time.Sleep(5 * time.Millisecond) // the log knows no less than a millisecond
	must(run(other, `BEGIN; LOCK first`))
	if waits(`SET lock_timeout = '25ms'; SELECT FROM first`, 60*time.Millisecond) == nil {
		t.Error("the client was to give up")
	}
	must(run(client, `RESET lock_timeout`))
	must(run(other, `BEGIN; LOCK first`))
	if err := waits(`BEGIN; LOCK second; SELECT FROM first; COMMIT`, 20*time.Millisecond); err != nil {
		must(run(client, `ROLLBACK`))
	}

	first, err := play.Waits(server.LogPath(), play.Application, begin, middle)
	must(err)
	if first.Logged != 1 || first.Over20ms != 1 || first.Longest < 50*time.Millisecond || first.Deadlocks != 0 ||
		first.LongestFor == "" {
		t.Errorf("a wait of 60 ms: %+v", first)
	}
	second, err := play.Waits(server.LogPath(), play.Application, middle, time.Now())
	must(err)
	if second.Logged < 2 || second.Deadlocks != 1 {
		t.Errorf("a wait that was given up, and a dead-lock: %+v", second)
	}
	nobody, err := play.Waits(server.LogPath(), play.ControlApplication, begin, time.Now())
	must(err)
	if nobody.Logged != 0 {
		t.Errorf("who did not wait: %+v", nobody)
	}
}
