package upgrade_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

func TestErrorsOfMigrationsSayWhereTheyAre(t *testing.T) {
	const secret = "canary-value"
	prepare := `CREATE TABLE toy (n text UNIQUE, m integer NOT NULL);
		INSERT INTO toy VALUES ('` + secret + `', 1);
		CREATE FUNCTION inner_one(v text) RETURNS integer LANGUAGE plpgsql AS $$
		BEGIN
			RETURN v::integer;
		END; $$;
		CREATE FUNCTION outer_one() RETURNS integer LANGUAGE plpgsql AS $$
		DECLARE v text;
		BEGIN
			SELECT n INTO v FROM toy;
			EXECUTE format('SELECT inner_one(%L)', v || E'\nPL/pgSQL function ` + secret + `() line 3 at RAISE\n');
			RETURN 1;
		END; $$;
		CREATE FUNCTION garbled() RETURNS void LANGUAGE plpgsql AS $$
		BEGIN
			EXECUTE (SELECT 'SELECT 1 ' || quote_literal(n) || ' ' || quote_ident(n) || ' 2' FROM toy);
		END; $$;`
	for name, test := range map[string]struct {
		body string
		want string // file:line:column function:line, and the line itself
	}{
		"syntax":           {"SELECT 1;\n\tSELECT 'ä€😀' FORM toy;\n", "000003_c.up.sql:3:20 :0 \tSELECT 'ä€😀' FORM toy;"},
		"missing column":   {"SELECT 1;\r\nSELECT n,\r\n    missing\r\nFROM toy;", "000003_c.up.sql:4:5 :0     missing"},
		"unique violation": {"SELECT 1; -- ;\n\n-- again\nINSERT INTO toy\nSELECT * FROM toy;", "000003_c.up.sql:5:0 :0 INSERT INTO toy"},
		"runtime error in a DO block": {
			"SELECT ';';\nDO $do$\nDECLARE\n    v integer;\nBEGIN\n    SELECT n INTO v FROM toy;\nEND;\n$do$;",
			"000003_c.up.sql:7:0 :0     SELECT n INTO v FROM toy;",
		},
		"syntax in a DO block": {"DO $$\nBEGIN\n    SELEC 1;\nEND;\n$$;", "000003_c.up.sql:4:5 :0     SELEC 1;"},
		"missing column in a DO block": {
			"SELECT 1;\nDO $$\nBEGIN\n    PERFORM missing FROM toy;\nEND;\n$$;",
			"000003_c.up.sql:5:0 :0     PERFORM missing FROM toy;",
		},
		"error in a function":            {"SELECT 1;\n\nSELECT inner_one(n)\nFROM toy;", "000003_c.up.sql:4:0 inner_one(text):3 SELECT inner_one(n)"},
		"error in a function's function": {"SELECT outer_one();", "000003_c.up.sql:2:0 inner_one(text):3 SELECT outer_one();"},
		"a function in a DO block": {
			"DO $$ BEGIN\nPERFORM inner_one(n) FROM toy;\nEND $$",
			"000003_c.up.sql:3:0 inner_one(text):3 PERFORM inner_one(n) FROM toy;",
		},
		"a statement put together of values": {"SELECT garbled();", "000003_c.up.sql:2:0 garbled():3 SELECT garbled();"},
	} {
		t.Run(name, func(t *testing.T) {
			db := engine(t)
			exec(t, db, prepare)
			upgrader, _ := newUpgrader(t, db.URL, migrations(with(toy(), "000003_c.up.sql", "-- coco:phase expand\n"+test.body)))
			_, err := upgrader.Up(t.Context(), upgrade.UpOptions{})
			var detailed *upgrade.Error
			if !errors.As(err, &detailed) || detailed.Excerpt == nil {
				t.Fatalf("no excerpt: %v", err)
			}
			e := *detailed.Excerpt
			if e.Line < e.First || e.Line >= e.First+len(e.Lines) || len(e.Lines) > 5 {
				t.Fatalf("the line is not in the excerpt: %+v", e)
			}
			got := fmt.Sprintf("%s:%d:%d %s:%d %s", e.File, e.Line, e.Column, e.Function, e.FunctionLine, e.Lines[e.Line-e.First])
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if !strings.Contains(err.Error(), fmt.Sprintf(" in line %d", e.Line)) {
				t.Errorf("the error does not name the line: %v", err)
			}
			if text := fmt.Sprintf("%v %+v", err, e); strings.Contains(text, secret) {
				t.Errorf("it holds a value: %s", text)
			}
		})
	}
}

func TestErrorsOnTheWayDownNameTheFileThatGoesDown(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	upgrader, _ := newUpgrader(t, db.URL, migrations(with(toy(), "000003_c.down.sql", "SELECT 1;\nDROP TABLE missing;")))
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{}); err != nil {
		t.Fatal(err)
	}
	_, err := upgrader.Down(t.Context(), upgrade.DownOptions{})
	var detailed *upgrade.Error
	if !errors.As(err, &detailed) || detailed.Excerpt == nil || detailed.Excerpt.File != "000003_c.down.sql" || detailed.Excerpt.Line != 2 {
		t.Errorf("%+v", err)
	}
}

func TestErrorsBetweenMigrationsNameTheFunction(t *testing.T) {
	db := engine(t)
	upgrader, _ := newUpgrader(t, db.URL)
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Expand}); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `ALTER TABLE coco.ledger DROP COLUMN fingerprint CASCADE`)
	_, err := upgrader.Up(t.Context(), upgrade.UpOptions{})
	var detailed *upgrade.Error
	if !errors.As(err, &detailed) || detailed.Excerpt == nil {
		t.Fatalf("no excerpt: %v", err)
	}
	if e := detailed.Excerpt; e.File != "" || e.Function != "coco.survey_tasks(bigint,bigint)" || e.FunctionLine == 0 {
		t.Errorf("%+v", e)
	}
}
