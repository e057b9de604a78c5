package upgrade_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/commands"
	"github.com/ovirt/coco/internal/cutconn"
	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

func TestUpAndDownGiveTheSameDatabaseBack(t *testing.T) {
	db := engine(t)
	before := db.Dump(t)
	upgrader, events := newUpgrader(t, db.URL)

	up, err := upgrader.Up(t.Context(), upgrade.UpOptions{Batch: 10})
	if err != nil {
		t.Fatal(err)
	}
	if up.From != 0 || up.To != 10 || len(up.Applied) != 10 || up.Receipt == nil || up.Receipt.Tasks != 46 {
		t.Errorf("up: %+v", up)
	}
	batches := of[upgrade.BatchDone](*events)
	if len(batches) < 10 || !batches[len(batches)-1].Finished {
		t.Errorf("%d batches of 10 rows: %v", len(batches), batches)
	}
	if proofs := of[upgrade.ProofWritten](*events); len(proofs) != 1 || proofs[0].Receipt != *up.Receipt {
		t.Errorf("proofs: %v", proofs)
	}
	verified, err := upgrader.Verify(t.Context(), upgrade.VerifyOptions{})
	if err != nil || len(verified.Findings) > 0 || verified.Receipt == nil {
		t.Errorf("verify: %+v, %v", verified, err)
	}

	var handed []upgrade.JournalRow
	down, err := upgrader.Down(t.Context(), upgrade.DownOptions{
		Journal: func(rows []upgrade.JournalRow) error { handed = rows; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if down.From != 10 || down.To != 0 || len(down.Applied) != 10 {
		t.Errorf("down: %+v", down)
	}
	if len(handed) != 18 || len(down.Journal) != 18 { // 10 up, and 8 down until the journal itself went
		t.Errorf("the journal has %d rows, %d were handed over", len(down.Journal), len(handed))
	}
	if db.Dump(t) != before {
		t.Error("the dump differs")
	}
}

func TestEachPhaseIsAPlaceToStay(t *testing.T) {
	db := engine(t)
	before := db.Dump(t)
	upgrader, _ := newUpgrader(t, db.URL)
	ends := []int64{2, 4, 5, 8, 9, 10}
	for i, phase := range upgrade.Phases() {
		result, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: phase})
		if err != nil || result.To != ends[i] {
			t.Fatalf("up to %s: %+v, %v", phase, result, err)
		}
		again, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: phase})
		if err != nil || len(again.Applied) > 0 {
			t.Errorf("again up to %s: %+v, %v", phase, again, err)
		}
		status, err := upgrader.Status(t.Context())
		if err != nil || status.Phase != phase || status.Version != ends[i] || status.Pending != int(10-ends[i]) {
			t.Errorf("status at %s: %+v, %v", phase, status, err)
		}
	}
	if result, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Expand}); err != nil || result.To != 10 {
		t.Errorf("up to a phase behind us: %+v, %v", result, err)
	}
	for i, end := range slices.Backward(ends) {
		phase := upgrade.Phases()[i]
		result, err := upgrader.Down(t.Context(), upgrade.DownOptions{To: phase})
		if err != nil || result.To != end {
			t.Fatalf("down to %s: %+v, %v", phase, result, err)
		}
	}
	if _, err := upgrader.Down(t.Context(), upgrade.DownOptions{}); err != nil {
		t.Fatal(err)
	}
	if db.Dump(t) != before {
		t.Error("the dump differs")
	}
}

func TestRunThatIsCutAgainAndAgainFinishes(t *testing.T) {
	db := engine(t)
	before := db.Dump(t)
	random := rand.New(rand.NewPCG(1, 2))
	cuts := 0
	for _, way := range []func(*upgrade.Upgrader) error{
		func(u *upgrade.Upgrader) error {
			_, err := u.Up(t.Context(), upgrade.UpOptions{Batch: 20, ReconnectBudget: -1})
			return err
		},
		func(u *upgrade.Upgrader) error {
			_, err := u.Down(t.Context(), upgrade.DownOptions{ReconnectBudget: -1})
			return err
		},
	} {
		for finished := false; !finished; {
			cutter := cutconn.After(20 + random.Int64N(110))
			upgrader, _ := newUpgrader(t, db.URL, func(o *upgrade.Options) { o.Config.DialFunc = cutter.Wrap(o.Config.DialFunc) })
			err := way(upgrader)
			if cutter.Cut() && err != nil && !errors.Is(err, upgrade.ErrUnreachable) {
				t.Fatalf("cut: %v, want ErrUnreachable", err)
			}
			if !cutter.Cut() && err != nil {
				t.Fatal(err)
			}
			if cutter.Cut() {
				cuts++
			}
			finished = err == nil
		}
		if get[int64](t, db, `SELECT count(*) FROM pg_class WHERE relname = 'journal'`) == 1 {
			twice := get[bool](t, db, `SELECT count(*) <> 10 OR count(DISTINCT version) <> 10 FROM coco.journal`)
			if twice {
				t.Error("a migration was applied twice, or one was not recorded")
			}
			upgrader, _ := newUpgrader(t, db.URL)
			if verified, err := upgrader.Verify(t.Context(), upgrade.VerifyOptions{}); err != nil || len(verified.Findings) > 0 {
				t.Errorf("verify: %+v, %v", verified, err)
			}
		}
	}
	if cuts < 5 {
		t.Errorf("only %d cuts", cuts)
	}
	t.Logf("%d cuts", cuts)
	if db.Dump(t) != before {
		t.Error("the dump differs")
	}
}

func TestStoppedBetweenBatchesItGoesOnFromThere(t *testing.T) {
	db := engine(t)
	ctx, cancel := context.WithCancel(t.Context())
	batches := 0
	upgrader, _ := newUpgrader(t, db.URL, func(o *upgrade.Options) {
		o.Observe = func(e upgrade.Event) {
			if _, ok := e.(upgrade.BatchDone); ok {
				if batches++; batches == 6 { // choosing takes three
					cancel()
				}
			}
		}
	})
	result, err := upgrader.Up(ctx, upgrade.UpOptions{Batch: 1})
	if !errors.Is(err, upgrade.ErrInterrupted) || !errors.Is(err, context.Canceled) || result.To != 2 || batches > 7 { // the one that has begun is finished
		t.Fatalf("after %d batches: %+v, %v", batches, result, err)
	}
	done := get[int64](t, db, `SELECT count(*) FROM command_entities`)
	if done == 0 || done >= get[int64](t, db, `SELECT count(*) FROM async_tasks`) {
		t.Errorf("%d rows were kept", done)
	}
	upgrader, events := newUpgrader(t, db.URL)
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{Batch: 1, To: upgrade.Prove}); err != nil {
		t.Fatal(err)
	}
	if first := of[upgrade.BatchDone](*events)[0]; first.Work != "commands" || first.Done <= done {
		t.Errorf("%d rows were kept, it went on with %+v", done, first)
	}
}

func TestOthersConnectedStopItBeforeRetire(t *testing.T) {
	db := engine(t)
	upgrader, _ := newUpgrader(t, db.URL)
	other := db.Connect(t.Context())

	for _, options := range []upgrade.UpOptions{{}, {To: upgrade.Retire}, {Force: true}} {
		result, err := upgrader.Up(t.Context(), options)
		var detailed *upgrade.Error
		if !errors.Is(err, upgrade.ErrConnected) || !errors.As(err, &detailed) || result.To != 9 {
			t.Fatalf("%+v: %+v, %v", options, result, err)
		}
		if len(detailed.Sessions) != 1 || detailed.Sessions[0].PID != int32(other.PgConn().PID()) {
			t.Errorf("sessions: %v", detailed.Sessions)
		}
	}
	result, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Retire, Force: true})
	if err != nil || result.To != 10 {
		t.Errorf("forced: %+v, %v", result, err)
	}
}

func TestCommandsWithoutATaskAreExportedBeforeTheyGo(t *testing.T) {
	db := engine(t)
	before := db.Dump(t)
	upgrader, _ := newUpgrader(t, db.URL)
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{}); err != nil {
		t.Fatal(err)
	}
	const id = "11111111-2222-3333-4444-555555555555"
	exec(t, db, fmt.Sprintf(`INSERT INTO command_entities (command_id, command_type, action_parameters, status)
		VALUES ('%s', 7, E'{"a":\n"b"}', 'ACTIVE')`, id))

	plan, err := upgrader.PlanDown(t.Context(), "")
	if err != nil || plan.Unheld != 1 || plan.From != 10 || plan.To != 0 || plan.Migrations() != 10 || len(plan.Steps) != 11 || plan.Tasks != 46 || plan.Estimate <= 0 {
		t.Errorf("plan: %+v, %v", plan, err)
	}
	result, err := upgrader.Down(t.Context(), upgrade.DownOptions{})
	if !errors.Is(err, upgrade.ErrUnheld) || result.To != 10 {
		t.Fatalf("down: %+v, %v, want ErrUnheld before anything is done", result, err)
	}
	var refused bytes.Buffer
	result, err = upgrader.Down(t.Context(), upgrade.DownOptions{Export: &refused})
	if !errors.Is(err, upgrade.ErrUnheld) || result.To != 10 || result.Exported != 0 || refused.Len() > 0 {
		t.Fatalf("down with an export: %+v, %v", result, err)
	}

	// One more comes while the way down has begun.
	var export bytes.Buffer
	late := false
	upgrader, events := newUpgrader(t, db.URL, func(o *upgrade.Options) {
		record := o.Observe
		o.Observe = func(e upgrade.Event) {
			record(e)
			if step, ok := e.(upgrade.StepStarted); ok && step.Step.Version == 3 && !late {
				late = true
				exec(t, db, `INSERT INTO command_entities (command_id, command_type) VALUES ('11111111-2222-3333-4444-666666666666', 8)`)
			}
		}
	})
	result, err = upgrader.Down(t.Context(), upgrade.DownOptions{Export: &export, DiscardCommands: true})
	if err != nil || result.To != 0 || result.Exported != 2 {
		t.Fatalf("down with discarding: %+v, %v", result, err)
	}
	if exported := of[upgrade.CommandsExported](*events); len(exported) != 1 || exported[0].Commands != 1 {
		t.Errorf("events: %v", exported)
	}
	lines := strings.Split(strings.TrimSpace(export.String()), "\n")
	var first map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || len(lines) != 2 {
		t.Fatalf("%d lines: %v", len(lines), err)
	}
	if first["command_id"] != id || first["action_parameters"] != "{\"a\":\n\"b\"}" {
		t.Errorf("exported %v", first)
	}
	if db.Dump(t) != before {
		t.Error("the dump differs")
	}
}

func TestJournalThatCannotBeSavedStays(t *testing.T) {
	db := engine(t)
	upgrader, _ := newUpgrader(t, db.URL)
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Prove}); err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	result, err := upgrader.Down(t.Context(), upgrade.DownOptions{Journal: func([]upgrade.JournalRow) error { return full }})
	if !errors.Is(err, full) || result.To != 2 {
		t.Fatalf("%+v, %v", result, err)
	}
	if rows := get[int64](t, db, `SELECT count(*) FROM coco.journal`); rows != 8 {
		t.Errorf("%d rows are left, want 8", rows)
	}
}

func TestVerifySaysWhatDoesNotHold(t *testing.T) {
	db := engine(t)
	upgrader, _ := newUpgrader(t, db.URL)
	if _, err := upgrader.Verify(t.Context(), upgrade.VerifyOptions{}); !errors.Is(err, upgrade.ErrNotUpgraded) {
		t.Errorf("before the upgrade: %v, want ErrNotUpgraded", err)
	}
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Prove}); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `SET session_replication_role = replica; ALTER TABLE command_entities DISABLE TRIGGER coco_log_commands;
		UPDATE command_entities SET action_parameters = 'secret-changed' WHERE parent_command_id IS NULL`)
	result, err := upgrader.Verify(t.Context(), upgrade.VerifyOptions{Limit: 3})
	if err != nil || len(result.Findings) < 2 {
		t.Fatalf("%+v, %v", result, err)
	}
	if strings.Contains(fmt.Sprint(result.Findings), "secret") {
		t.Errorf("a finding holds a value: %v", result.Findings)
	}
	up, err := upgrader.Up(t.Context(), upgrade.UpOptions{})
	if !errors.Is(err, upgrade.ErrDrift) || up.To != 5 || strings.Contains(err.Error(), "secret") {
		t.Errorf("up: %+v, %v, want ErrDrift", up, err)
	}
}

func TestNoEngineDatabaseIsRefused(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	exec(t, db, `CREATE TABLE public.something (n integer)`)
	before := db.Dump(t)
	upgrader, _ := newUpgrader(t, db.URL)
	_, err := upgrader.Up(t.Context(), upgrade.UpOptions{})
	var detailed *upgrade.Error
	if !errors.Is(err, upgrade.ErrRefused) || !errors.As(err, &detailed) || detailed.Hint == "" {
		t.Fatalf("got %v, want ErrRefused with a hint", err)
	}
	if db.Dump(t) != before {
		t.Error("the refusal left something")
	}
}

func TestOwnerWithoutFurtherPrivilegesIsEnough(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	exec(t, db, `DO $$ BEGIN CREATE ROLE engine_owner LOGIN; CREATE ROLE engine_member LOGIN; GRANT engine_owner TO engine_member;
		CREATE ROLE nobody_else LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
		GRANT CREATE ON SCHEMA public TO engine_owner`)
	exec(t, db, fmt.Sprintf(`GRANT CREATE ON DATABASE %s TO engine_owner`, pgx.Identifier{db.Name}.Sanitize()))
	conn := db.ConnectAs(t.Context(), "engine_owner")
	if err := errors.Join(enginedb.Load(t.Context(), conn), enginedb.LoadSample(t.Context(), conn), conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	before := db.Dump(t)

	stranger, _ := newUpgrader(t, db.URLFor("nobody_else"))
	if _, err := stranger.Up(t.Context(), upgrade.UpOptions{}); !errors.Is(err, upgrade.ErrRefused) {
		t.Errorf("a stranger: %v, want ErrRefused", err)
	}
	member, _ := newUpgrader(t, db.URLFor("engine_owner"))
	if result, err := member.Up(t.Context(), upgrade.UpOptions{}); err != nil || result.To != 10 {
		t.Fatalf("up: %+v, %v", result, err)
	}
	if status, err := stranger.Status(t.Context()); err == nil {
		t.Logf("a stranger reads version %d", status.Version)
	} else if !errors.Is(err, upgrade.ErrRefused) {
		t.Errorf("a stranger's status: %v", err)
	}
	if verified, err := member.Verify(t.Context(), upgrade.VerifyOptions{}); err != nil || len(verified.Findings) > 0 {
		t.Errorf("verify: %+v, %v", verified, err)
	}
	exec(t, db, `SELECT updatecommandentitystatus(command_id, 'SUCCEEDED') FROM command_entities`)
	var export bytes.Buffer
	if result, err := member.Down(t.Context(), upgrade.DownOptions{Export: &export}); err != nil || result.To != 0 {
		t.Fatalf("down: %+v, %v", result, err)
	}
	if db.Dump(t) != before {
		t.Error("the dump differs")
	}
	if _, err := member.Up(t.Context(), upgrade.UpOptions{To: upgrade.Switch}); err != nil {
		t.Fatal(err)
	}
	load := func(ctx context.Context, tx pgx.Tx) error {
		_, err := commands.Load(ctx, tx, bytes.NewReader(export.Bytes()), true)
		return err
	}
	if err := stranger.Transact(t.Context(), upgrade.TransactOptions{}, load); !errors.Is(err, upgrade.ErrRefused) {
		t.Errorf("a stranger loads: %v, want ErrRefused", err)
	}
	inherits, _ := newUpgrader(t, db.URLFor("engine_member"))
	if err := inherits.Transact(t.Context(), upgrade.TransactOptions{}, load); err != nil {
		t.Errorf("load: %v", err)
	}
	if left := get[int64](t, db, `SELECT count(*) FROM command_entities WHERE status <> 'SUCCEEDED'`); left > 0 {
		t.Errorf("%d commands were not loaded", left)
	}
}
