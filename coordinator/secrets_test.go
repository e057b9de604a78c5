package coordinator_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/coordinator"
)

// What the database says about a row it refuses may show the row.
func TestParametersAreInNoErrorAndNoLog(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t"
	for name, refuse := range map[string]string{
		"a constraint, whose DETAIL shows the row": `ALTER TABLE command_entities ADD CHECK (action_parameters NOT LIKE '%s3cr3t%')`,
		"a trigger, whose message quotes it": `CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN RAISE EXCEPTION 'no: %', NEW USING DETAIL = NEW::text, HINT = NEW::text; END $$;
			CREATE TRIGGER tell BEFORE INSERT OR UPDATE ON command_entities FOR EACH ROW EXECUTE FUNCTION tell()`,
		"a trigger that says it is a constraint": `CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN RAISE check_violation USING MESSAGE = NEW::text; END $$;
			CREATE TRIGGER tell BEFORE INSERT OR UPDATE ON command_entities FOR EACH ROW EXECUTE FUNCTION tell()`,
		"a value that does not fit, whose message quotes it": `CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN NEW.command_type := NEW.action_parameters::integer; RETURN NEW; END $$;
			CREATE TRIGGER tell BEFORE INSERT OR UPDATE ON command_entities FOR EACH ROW EXECUTE FUNCTION tell()`,
		"a statement put together with it": `CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN EXECUTE 'SELECT ' || NEW.action_parameters; RETURN NEW; END $$;
			CREATE TRIGGER tell BEFORE INSERT OR UPDATE ON command_entities FOR EACH ROW EXECUTE FUNCTION tell()`,
		"an object named like it": `CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN EXECUTE format('SELECT %I', NEW.action_parameters); RETURN NEW; END $$;
			CREATE TRIGGER tell BEFORE INSERT OR UPDATE ON command_entities FOR EACH ROW EXECUTE FUNCTION tell()`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := newDatabase(t)
			var log bytes.Buffer
			var calls []coordinator.Call
			c := open(t, db.URL, coordinator.Options{
				Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				Hooks:  coordinator.Hooks{Call: func(call coordinator.Call) { calls = append(calls, call) }},
			})
			db.exec(t, refuse)
			cmd := newNote(t, c, secret)
			err := cmd.Persist(t.Context(), nil)
			_ = fails[*pgconn.PgError](t, err, err)
			for _, text := range []string{err.Error(), fmt.Sprintf("%+v %#v", err, err), fmt.Sprintf("%+v", calls[len(calls)-1])} {
				if strings.Contains(text, secret) {
					t.Errorf("the secret is in %s", text)
				}
			}
			if strings.Contains(log.String(), secret) {
				t.Errorf("the secret is in the log: %s", log.String())
			}
		})
	}
}

func TestTheLogTellsOfWhatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t"
	db := newDatabase(t)
	var log bytes.Buffer
	options := coordinator.Options{
		Name: "the second", Lease: short, HoldAfter: 1, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	}
	dead, die := openMortal(t, db, options)
	cmd := store(t, dead, secret, nil)
	db.exec(t, `UPDATE command_entities SET action_parameters = action_parameters || '}'`)
	log.Reset()
	die()
	var recoveredCount int
	options.Hooks.Recovered = func(count int) { recoveredCount += count }
	c := openSeasoned(t, db, options)
	recovered(t, c)
	must(t, c.Close(t.Context()))
	for _, want := range []string{
		`level=INFO msg="instance registered" instance=` + c.ID().String() + ` name="the second" lease=1s`,
		`level=WARN msg="command is opaque" instance=` + c.ID().String() + ` command=` + cmd.ID().String() + ` type=7 class=note`,
		`level=INFO msg="commands recovered" instance=` + c.ID().String() + ` count=1`,
		`level=INFO msg="instance stopped" instance=` + c.ID().String(),
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in\n%s", want, log.String())
		}
	}
	if strings.Contains(log.String(), secret) || recoveredCount != 1 {
		t.Errorf("%d recovered, and the log:\n%s", recoveredCount, log.String())
	}
}

func TestHooksAreToldOfEveryCall(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	var operations []string
	c := open(t, db.URL, coordinator.Options{Hooks: coordinator.Hooks{Call: func(call coordinator.Call) {
		operations = append(operations, fmt.Sprintf("%s %d %t", call.Operation, call.Commands, call.Err == nil))
		if call.Duration <= 0 {
			t.Errorf("%s took no time", call.Operation)
		}
	}}})
	cmd := newNote(t, c, "watched")
	must(t, c.PersistCommands(t.Context(), cmd, newNote(t, c, "another")))
	if err := cmd.UpdateStatus(t.Context(), coordinator.StatusSucceeded); err == nil {
		t.Error("it succeeded without having been active")
	}
	_, err := c.RetrieveCommand(t.Context(), cmd.ID())
	must(t, err)
	want := "register instance 0 true, persist 2 true, update status 1 false, retrieve command 1 true"
	if got := strings.Join(operations, ", "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
