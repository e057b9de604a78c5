package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
)

// runVariable makes the test binary the program itself.
const runVariable = "COCO_RUN_UPGRADE"

func TestMain(m *testing.M) {
	if os.Getenv(runVariable) != "" {
		main()
	}
	testdb.Main(m)
}

// Planted where they must never come out of.
const (
	canaryPassword = "canary-password-5f1c"
	canaryValue    = "canary-parameter-9a3e"
)

const engineTasks = 200

// engine returns a database as an engine leaves it, with a secret in its parameters, and makes it the one that commands find.
func engine(t *testing.T) *testdb.DB {
	t.Helper()
	db := testdb.New(t, testdb.Options{Template: testdb.Template{
		Name: "engine",
		Hash: testdb.Hash(enginedb.FixtureSQL(), enginedb.Sample(), canaryValue),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer conn.Close(ctx)
			if err := enginedb.Load(ctx, conn); err != nil {
				return err
			}
			if err := enginedb.LoadSample(ctx, conn); err != nil {
				return err
			}
			if err := enginedb.Generate(ctx, conn, enginedb.GenerateOptions{Tasks: engineTasks, Seed: 1}); err != nil {
				return err
			}
			_, err = conn.Exec(ctx, `UPDATE async_tasks SET action_parameters = action_parameters || $1, task_parameters = task_parameters || $1`,
				canaryValue)
			return err
		},
	}})
	clearEnvironment(t)
	t.Setenv("DATABASE_URL", db.URL)
	t.Chdir(t.TempDir()) // down writes the journal to where it stands
	watchServer(t, db)
	return db
}

// clearEnvironment takes away whatever would name another database.
func clearEnvironment(t *testing.T) {
	t.Helper()
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "PG") && name != "PGBIN" || name == "DATABASE_URL" || name == "NO_COLOR" {
			t.Setenv(name, value) // so that it comes back
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// outcome is how a command line ended.
type outcome struct {
	code           int
	stdout, stderr string
}

// command runs a command line in this process. Everything that any test sees is searched for secrets.
func command(t *testing.T, args ...string) outcome {
	t.Helper()
	return commandIn(t.Context(), t, "", args...)
}

func commandIn(ctx context.Context, t *testing.T, stdin string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(ctx, args, strings.NewReader(stdin), &stdout, &stderr)
	return searched(t, outcome{code: code, stdout: stdout.String(), stderr: stderr.String()}, args)
}

// searched looks for secrets in what a command line showed, and for JSON where that was asked for.
func searched(t *testing.T, got outcome, args []string) outcome {
	t.Helper()
	if holdsSecret([]byte(got.stdout+got.stderr)) != "" {
		t.Errorf("upgrade %s shows a secret:\n%s\n%s", strings.Join(args, " "), got.stdout, got.stderr)
	}
	searchFiles(t, args)
	if strings.Contains(strings.Join(args, " "), "--json") {
		events(t, got)
	}
	return got
}

// want runs a command line and checks its exit code.
func want(t *testing.T, code int, args ...string) outcome {
	t.Helper()
	got := command(t, args...)
	got.wantCode(t, code, args...)
	return got
}

func (o outcome) wantCode(t *testing.T, code int, args ...string) {
	t.Helper()
	if o.code != code {
		t.Fatalf("upgrade %s: exit code %d, want %d\nstdout:\n%s\nstderr:\n%s",
			strings.Join(args, " "), o.code, code, o.stdout, o.stderr)
	}
}

// says checks that stdout or stderr has a text.
func (o outcome) says(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(o.stdout+o.stderr, text) {
			t.Errorf("it does not say %q:\nstdout:\n%s\nstderr:\n%s", text, o.stdout, o.stderr)
		}
	}
}

// isOneError checks that an error is one line that says what is wrong, with a hint behind it, and the same in JSON where that was asked
// for.
func (o outcome) isOneError(t *testing.T, reason, hint string) {
	t.Helper()
	var errors, hints []string
	for line := range strings.Lines(o.stderr) {
		switch {
		case strings.HasPrefix(line, "upgrade: "):
			errors = append(errors, line)
		case strings.HasPrefix(line, "hint: "):
			hints = append(hints, line)
		}
	}
	if len(errors) != 1 || !strings.Contains(errors[0], reason) {
		t.Errorf("it does not say once %q:\n%s", reason, o.stderr)
	}
	if hint == "" || len(hints) == 0 || !strings.Contains(hints[len(hints)-1], hint) {
		t.Errorf("it does not hint %q:\n%s", hint, o.stderr)
	}
	if !strings.HasPrefix(o.stdout, "{") {
		return
	}
	all := events(t, o)
	last := all[len(all)-1]
	if said, _ := last["reason"].(string); last["event"] == "error" && !strings.Contains(said, reason) {
		t.Errorf("the event does not say %q: %v", reason, last)
	}
	if said, _ := last["hint"].(string); last["event"] == "error" && !strings.Contains(said, hint) {
		t.Errorf("the event does not hint %q: %v", hint, last)
	}
}

// events reads stdout as JSON, one object with "event" and "time" a line.
func events(t *testing.T, o outcome) []map[string]any {
	t.Helper()
	var list []map[string]any
	for line := range strings.Lines(o.stdout) {
		var event map[string]any
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("not a JSON object: %v: %s", err, line)
		}
		if name, _ := event["event"].(string); name == "" || event["time"] == nil {
			t.Errorf("an event without a name or time: %s", line)
		}
		list = append(list, event)
	}
	return list
}

func execute(t *testing.T, db *testdb.DB, sql string, args ...any) {
	t.Helper()
	conn := db.Connect(t.Context())
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// alone waits until nobody is connected to a database any more: the server needs a moment to see that a client is gone.
func alone(t *testing.T, db *testdb.DB) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.Server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for others := 1; others > 0; time.Sleep(10 * time.Millisecond) {
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = $1`, db.Name).Scan(&others)
		if err != nil {
			t.Fatal(err)
		}
	}
}
