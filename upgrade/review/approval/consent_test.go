package approval_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/cutconn"
	"github.com/ovirt/coco/sql"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/review/approval"
)

func TestAHashIsReadAsItIsWritten(t *testing.T) {
	db := engine(t)
	conn := db.Connect(t.Context())
	want := hash(t, conn, newUpgrader(t, db.URL, nil).Chain(), "")
	text := want.String()
	for _, written := range []string{text, strings.ToUpper(text), strings.ReplaceAll(text, "-", ""), strings.ReplaceAll(text, "-", " ")} {
		if got, err := approval.Parse(written); err != nil || got != want {
			t.Errorf("%s is read as %s, %v", written, got, err)
		}
	}
	for _, wrong := range []string{"", "-", text[1:], text + "00", strings.Replace(text, text[:1], "g", 1), strings.ReplaceAll(text, "-", "--x")} {
		if got, err := approval.Parse(wrong); !errors.Is(err, approval.ErrNoHash) {
			t.Errorf("%q is read as %s, %v", wrong, got, err)
		}
	}
}

// mismatch is the cause where going up was refused for it.
func mismatch(t *testing.T, err error) *approval.MismatchError {
	t.Helper()
	var known *upgrade.Error
	var cause *approval.MismatchError
	if !errors.Is(err, upgrade.ErrUnapproved) || !errors.As(err, &known) || !errors.As(err, &cause) {
		t.Fatalf("got %v, want ErrUnapproved", err)
	}
	if !strings.HasPrefix(known.Hint, "Nothing was changed. ") {
		t.Errorf("hint: %s", known.Hint)
	}
	return cause
}

func TestWhatWasNotApprovedIsRefusedBeforeAnythingIsChanged(t *testing.T) {
	db := engine(t)
	conn := db.Connect(t.Context())
	upgrader := newUpgrader(t, db.URL, nil)
	chain := upgrader.Chain()
	whole, part := hash(t, conn, chain, ""), hash(t, conn, chain, upgrade.Switch)
	mistyped, err := approval.Parse(map[bool]string{true: "1", false: "0"}[whole.String()[0] == '0'] + whole.String()[1:])
	if err != nil {
		t.Fatal(err)
	}
	up := func(to upgrade.Phase, approved approval.Hash) error {
		_, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: to, Consent: approval.Consent(chain, to, approved)})
		return err
	}
	before := db.Dump(t)
	if m := mismatch(t, up(upgrade.Backfill, part)); m.Instead != upgrade.Switch || !strings.Contains(m.Error(), "up to the end of switch") {
		t.Errorf("to another phase: %v", m)
	}
	if m := mismatch(t, up("", mistyped)); len(m.Parts) > 0 || m.Instead != "" || !strings.Contains(m.Error(), "mistyped") {
		t.Errorf("mistyped: %v", m)
	}
	other, err := approval.Of(read(t, conn), olderChain(t), "")
	if err != nil {
		t.Fatal(err)
	}
	err = up("", other)
	if m := mismatch(t, err); !slices.Equal(m.Parts, []approval.Part{approval.Plan}) || !strings.Contains(err.Error(), "another version of this program") {
		t.Errorf("of another version: %v", err)
	}
	run(t, conn, `ALTER TABLE job ADD remark text`)
	if m := mismatch(t, up("", whole)); !slices.Equal(m.Parts, []approval.Part{approval.Tables}) || m.Found == whole || m.Approved != whole {
		t.Errorf("with another column: %v", m)
	}
	if m := mismatch(t, up(upgrade.Backfill, whole)); !slices.Equal(m.Parts, []approval.Part{approval.Plan, approval.Tables}) {
		t.Errorf("with another column, to another phase: %v", m)
	}
	run(t, conn, `ALTER TABLE job DROP remark`)
	if db.Dump(t) != before {
		t.Error("the database was changed")
	}
	if err := up(upgrade.Switch, part); err != nil {
		t.Fatal(err)
	}
	// Under way.
	run(t, conn, `CREATE OR REPLACE FUNCTION extra.f(v integer) RETURNS integer LANGUAGE sql AS 'SELECT v + 2'`)
	if m := mismatch(t, up("", whole)); !slices.Equal(m.Parts, []approval.Part{approval.Procedures}) {
		t.Errorf("with another procedure: %v", m)
	}
	if err := up(upgrade.Switch, part); err != nil {
		t.Errorf("where nothing is to be done: %v", err)
	}
	var version int64
	if err := conn.QueryRow(t.Context(), `SELECT version FROM coco.state`).Scan(&version); err != nil || version != chain.End(upgrade.Switch) {
		t.Errorf("at version %d, %v", version, err)
	}
}

// olderChain is that of a program whose last way back is another one.
func olderChain(t *testing.T) *upgrade.Chain {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(sql.Schema, "schema", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(sql.Schema, path)
		if entry.Name() == "000010_retire.down.sql" {
			text = append(text, "\n-- otherwise\n"...)
		}
		files[entry.Name()] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	chain, err := upgrade.LoadChain(files)
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

func TestConsentIsAskedUnderTheRunLockInATransactionThatOnlyReads(t *testing.T) {
	db := engine(t)
	conn := db.Connect(t.Context())
	asked := errors.New("asked")
	_, err := newUpgrader(t, db.URL, nil).Up(t.Context(), upgrade.UpOptions{Consent: func(ctx context.Context, tx pgx.Tx) error {
		var locked bool
		var isolation, readOnly string
		err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`).Scan(&locked)
		if err != nil || !locked {
			t.Errorf("no run lock is held: %v", err)
		}
		err = tx.QueryRow(ctx, `SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')`).Scan(&isolation, &readOnly)
		if err != nil || isolation != "repeatable read" || readOnly != "on" {
			t.Errorf("%s, read only %s: %v", isolation, readOnly, err)
		}
		return asked
	}})
	if !errors.Is(err, asked) {
		t.Errorf("got %v", err)
	}
}

func TestConsentIsAskedBeforeADirtyMarkIsTakenAway(t *testing.T) {
	db := engine(t)
	conn := db.Connect(t.Context())
	upgrader := newUpgrader(t, db.URL, nil)
	chain := upgrader.Chain()
	approved := hash(t, conn, chain, upgrade.Backfill)
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Expand}); err != nil {
		t.Fatal(err)
	}
	options := upgrade.UpOptions{To: upgrade.Backfill, Consent: approval.Consent(chain, upgrade.Backfill, approved)}
	run(t, conn, `UPDATE schema_migrations SET version = 3, dirty = true; GRANT SELECT ON job TO PUBLIC`) // as the stock migrate program marks it
	_, err := upgrader.Up(t.Context(), options)
	if m := mismatch(t, err); !slices.Equal(m.Parts, []approval.Part{approval.Rights}) {
		t.Errorf("with another right: %v", m)
	}
	var dirty bool
	if err := conn.QueryRow(t.Context(), `SELECT dirty FROM schema_migrations`).Scan(&dirty); err != nil || !dirty {
		t.Errorf("the mark was taken away: %v", err)
	}
	run(t, conn, `REVOKE SELECT ON job FROM PUBLIC`)
	if result, err := upgrader.Up(t.Context(), options); err != nil || result.To != chain.End(upgrade.Backfill) {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestConsentIsAskedAgainWhereTheConnectionWasLost(t *testing.T) {
	db := engine(t)
	conn := db.Connect(t.Context())
	chain := newUpgrader(t, db.URL, nil).Chain()
	approved := hash(t, conn, chain, upgrade.Switch)
	cutter := cutconn.After(1 << 40)
	upgrader := newUpgrader(t, db.URL, func(e upgrade.Event) {
		switch e := e.(type) {
		case upgrade.StepFinished:
			if e.Step.Phase == upgrade.Prove {
				run(t, conn, `GRANT SELECT ON job TO PUBLIC`)
				cutter.Restart(0)
			}
		case upgrade.ConnectionLost:
			cutter.Restart(1 << 40)
		}
	}, func(c *pgx.ConnConfig) { c.DialFunc = cutter.Wrap(c.DialFunc) })
	result, err := upgrader.Up(t.Context(), upgrade.UpOptions{
		To: upgrade.Switch, Consent: approval.Consent(chain, upgrade.Switch, approved),
	})
	if m := mismatch(t, err); !slices.Equal(m.Parts, []approval.Part{approval.Rights}) || result.To != chain.End(upgrade.Prove) {
		t.Errorf("%v at %d", m, result.To)
	}
}
