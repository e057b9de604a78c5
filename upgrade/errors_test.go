package upgrade_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
)

func TestErrorsOfMigrationsKeepValuesToThemselves(t *testing.T) {
	raise := func(code string) string {
		return `DO $$ BEGIN RAISE EXCEPTION E'row 7\ndiffers' USING ERRCODE = '` + code + `', HINT = 'Do this.', DETAIL = 'Two rows.'; END $$`
	}
	const rolledBack = "Nothing of this step has stayed. Remove the cause and run the same command again."
	for name, test := range map[string]struct {
		body string
		kind error
		want string
	}{
		"unique violation": {`CREATE TABLE toy (n text UNIQUE); INSERT INTO toy VALUES ('topsecret'), ('topsecret')`, nil,
			`000003_c (up): duplicate key value violates unique constraint "toy_n_key" (SQLSTATE 23505) in line 2. ` + rolledBack},
		"check": {`CREATE TABLE toy (n text CONSTRAINT short CHECK (n = '')); INSERT INTO toy VALUES ('topsecret')`, nil,
			`000003_c (up): new row for relation "toy" violates check constraint "short" (SQLSTATE 23514) in line 2. ` + rolledBack},
		"bad uuid": {"SELECT 1;\nSELECT 'topsecret'::uuid", nil,
			`000003_c (up): invalid input syntax for type uuid (SQLSTATE 22P02) in line 3. ` + rolledBack},
		"bad value in another language": {`DO $$ BEGIN RAISE 'Ungültig: »topsecret«' USING ERRCODE = '22P02'; END $$`, nil,
			`000003_c (up): Ungültig (SQLSTATE 22P02) in line 2. ` + rolledBack},
		"syntax":  {"SELEC 'topsecret'", nil, ``},
		"refused": {raise("CO001"), upgrade.ErrRefused, `000003_c (up): row 7 differs. Do this.`},
		"unheld":  {raise("CO003"), upgrade.ErrUnheld, `000003_c (up): row 7 differs. Do this.`},
		"drift":   {raise("CO004"), upgrade.ErrDrift, `000003_c (up): row 7 differs. Do this.`},
		"busy":    {raise("CO005"), upgrade.ErrBusy, `000003_c (up): row 7 differs. Do this.`},
		"shutdown": {raise("57P01"), upgrade.ErrUnreachable,
			`000003_c (up): row 7 differs (SQLSTATE 57P01). Do this.`},
		"the connection goes": {`SELECT pg_terminate_backend(pg_backend_pid())`, upgrade.ErrUnreachable, ``},
	} {
		t.Run(name, func(t *testing.T) {
			db := testdb.New(t, testdb.Options{})
			upgrader, _ := newUpgrader(t, db.URL, migrations(with(toy(), "000003_c.up.sql", "-- coco:phase expand\n"+test.body)))
			_, err := upgrader.Up(t.Context(), upgrade.UpOptions{})
			if err == nil || test.kind != nil && !errors.Is(err, test.kind) {
				t.Fatalf("got %v, want %v", err, test.kind)
			}
			var detailed *upgrade.Error
			if errors.As(err, &detailed) && (detailed.Excerpt != nil) != (test.kind == nil) {
				t.Errorf("an excerpt of what is understood, or none of what is not: %+v", detailed.Excerpt)
			}
			if test.want != "" && err.Error() != test.want {
				t.Errorf("got  %s\nwant %s", err, test.want)
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(fmt.Sprintf("%+v", e), "topsecret") || strings.Contains(e.Error(), "\n") {
					t.Errorf("it holds a value or a line break: %s", e)
				}
			}
			var pgErr *pgconn.PgError
			if errors.As(err, &pgErr) && (pgErr.Detail != "") != strings.HasPrefix(pgErr.Code, "CO") {
				t.Errorf("%s keeps the detail %q", pgErr.Code, pgErr.Detail)
			}
		})
	}
}

func TestWarningsOfMigrationsReachTheObserver(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	upgrader, events := newUpgrader(t, db.URL, migrations(with(toy(), "000003_c.up.sql",
		"-- coco:phase expand\nDO $$ BEGIN RAISE WARNING 'mind this' USING HINT = 'Look.'; RAISE NOTICE 'not this'; END $$")))
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{}); err != nil {
		t.Fatal(err)
	}
	if warnings := of[upgrade.Warning](*events); len(warnings) != 1 || warnings[0].Message != "mind this" || warnings[0].Hint != "Look." {
		t.Errorf("warnings: %v", warnings)
	}
}

func TestUnreachableDatabaseIsNamedWithoutItsPassword(t *testing.T) {
	upgrader, _ := newUpgrader(t, "postgres://someone:topsecret@127.0.0.1:1/nowhere?connect_timeout=2")
	_, err := upgrader.Status(t.Context())
	if !errors.Is(err, upgrade.ErrUnreachable) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(fmt.Sprintf("%+v", e), "topsecret") {
			t.Errorf("%T: %+v", e, e)
		}
	}
}

func TestConnectionPoolerIsRefused(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	upgrader, _ := newUpgrader(t, db.URL, migrations(toy()), func(o *upgrade.Options) {
		dial := o.Config.DialFunc
		o.Config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return &pooler{Conn: conn}, err
		}
	})
	for name, call := range calls(t.Context(), upgrader) {
		if err := call(); !errors.Is(err, upgrade.ErrRefused) || !strings.Contains(err.Error(), "pooler") {
			t.Errorf("%s: %v, want ErrRefused", name, err)
		}
	}
}

// pooler makes up process ids, as poolers do: it changes the server's BackendKeyData message.
type pooler struct {
	net.Conn

	done bool
}

func (p *pooler) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if i := strings.Index(string(b[:n]), "K\x00\x00\x00\x0c"); !p.done && i >= 0 && i+8 < n {
		b[i+7]++
		p.done = true
	}
	return n, err
}

func TestOptionsAreChecked(t *testing.T) {
	if _, err := upgrade.New(upgrade.Options{}); err == nil {
		t.Error("no database was accepted")
	}
	config, err := connect.Config(connect.Options{Database: "host=nowhere"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := upgrade.New(upgrade.Options{Config: config, Migrations: chainOf()}); err == nil {
		t.Error("no migrations were accepted")
	}
	upgrader, err := upgrade.New(upgrade.Options{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	for call, do := range map[string]func() error{
		"Up":       func() error { _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: "proof"}); return err },
		"Down":     func() error { _, err := upgrader.Down(t.Context(), upgrade.DownOptions{To: "proof"}); return err },
		"PlanUp":   func() error { _, err := upgrader.PlanUp(t.Context(), "proof"); return err },
		"PlanDown": func() error { _, err := upgrader.PlanDown(t.Context(), "proof"); return err },
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(), "prove") {
			t.Errorf("%s with an unknown phase: %v", call, err)
		}
	}
}
