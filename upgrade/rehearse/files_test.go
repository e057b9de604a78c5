package rehearse_test

import (
	"errors"
	"testing"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/rehearse"
)

func file(name, sql string) rehearse.File {
	return rehearse.File{Kind: upgrade.KindApply, Version: 1, Name: name, Path: name + ".sql", SQL: sql}
}

func TestFilesRunAsGolangMigrateRunsThemAndTheirLocksAreSeen(t *testing.T) {
	db := engine(t)
	before := db.Dump(t)
	body := `BEGIN ATOMIC SELECT count(*) FROM made; END` // in which a semicolon does not end the statement
	if db.Server.Version() < 140000 {
		body = `AS 'SELECT count(*) FROM made; '`
	}
	files := []rehearse.File{
		file("several", `SET LOCAL lock_timeout = '1s'; ALTER TABLE async_tasks ADD COLUMN extra integer; CREATE TABLE made (id integer);`),
		file("wrapped", `BEGIN; CREATE INDEX made_id ON made (id); CREATE INDEX extra ON async_tasks (extra); COMMIT;`),
		file("concurrent", `CREATE INDEX CONCURRENTLY extra2 ON async_tasks (extra);`),
		file("ends", `DO $$ BEGIN COMMIT; END $$;`),
		file("apart", `BEGIN; LOCK TABLE async_tasks IN EXCLUSIVE MODE; SELECT pg_sleep(0.2); COMMIT; SELECT 1;`),
		{Kind: upgrade.KindInstall, Name: "sp", Path: "sp.sql", SQL: `CREATE FUNCTION made_count() RETURNS bigint LANGUAGE sql ` + body + `;`},
	}
	result, err := rehearse.Files(t.Context(), rehearse.FilesOptions{Config: config(t, db.URL), Files: files})
	if err != nil || len(result.Steps) != len(files) {
		t.Fatalf("%d steps: %v", len(result.Steps), err)
	}
	for i, want := range []string{"async_tasks access exclusive", "async_tasks share", "", "", "async_tasks exclusive", ""} {
		step := result.Steps[i]
		got := ""
		if len(step.Locks) > 0 {
			got = step.Locks[0].String()
		}
		known := want != "" || !step.Outside
		if got != want && known || step.Name != files[i].Name {
			t.Errorf("step %s locks %q, want %q", step.Name, got, want)
		}
		if outside := i >= 2 && i <= 4; step.Outside != outside {
			t.Errorf("step %s was looked at from outside: %t", step.Name, step.Outside)
		}
	}
	if db.Dump(t) != before {
		t.Error("the database was changed")
	}
}

func TestAFileThatFailsSaysWhereAndWhetherRowsAreMissing(t *testing.T) {
	db := engine(t)
	for _, test := range []struct {
		sql  string
		line int
		rows bool
	}{
		{"CREATE TABLE a (id integer);\nSELECT nothing FROM a;", 2, false},
		{"CREATE INDEX CONCURRENTLY i ON async_tasks (status);\nSELECT 1;", 0, false},
		{"DO $$ BEGIN PERFORM 1 / count(*) FROM async_tasks; END $$;", 0, false},
		{"DO $$ BEGIN IF NOT EXISTS (SELECT FROM async_tasks) THEN RAISE 'no tasks'; END IF; END $$;", 0, true},
	} {
		_, err := rehearse.Files(t.Context(), rehearse.FilesOptions{Config: config(t, db.URL), Files: []rehearse.File{file("wrong", test.sql)}})
		var failed *rehearse.FileError
		if !errors.As(err, &failed) || failed.Line != test.line || failed.AsksForRows() != test.rows {
			t.Errorf("%s: %+v, %v", test.sql, failed, err)
		}
	}
}
