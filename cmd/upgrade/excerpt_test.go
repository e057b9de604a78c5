package main

import (
	"strings"
	"testing"

	"github.com/ovirt/coco/upgrade"
)

func TestCaretStandsUnderTheCharacter(t *testing.T) {
	for name, test := range map[string]struct {
		excerpt upgrade.Excerpt
		want    string
	}{
		"plain": {
			upgrade.Excerpt{File: "f.sql", Line: 10, Column: 8, First: 9, Lines: []string{"a", "SELECT x", ""}},
			"  f.sql:10:8\n   9 | a\n  10 | SELECT x\n     |        ^\n  11 |\n",
		},
		"tabs": {
			upgrade.Excerpt{File: "f.sql", Line: 1, Column: 4, First: 1, Lines: []string{"\tä\tx"}},
			"  f.sql:1:4\n  1 | \tä\tx\n    | \t \t^\n",
		},
		"wide characters and accents": {
			upgrade.Excerpt{File: "f.sql", Line: 1, Column: 7, First: 1, Lines: []string{"\u65E5\u672C\U0001F680e\u0301 x"}},
			"  f.sql:1:7\n  1 | \u65E5\u672C\U0001F680e\u0301 x\n    |         ^\n",
		},
		"behind the end": {
			upgrade.Excerpt{File: "f.sql", Line: 1, Column: 9, First: 1, Lines: []string{"ab"}},
			"  f.sql:1:9\n  1 | ab\n    |   ^\n",
		},
		"no column": {
			upgrade.Excerpt{File: "f.sql", Line: 2, First: 1, Lines: []string{"a", "b", "c"}, Function: "coco.f(integer)", FunctionLine: 40},
			"  f.sql:2\n  1 | a\n> 2 | b\n  3 | c\n  in line 40 of coco.f(integer)\n",
		},
		"a function only": {upgrade.Excerpt{Function: "coco.f()", FunctionLine: 4}, "  in line 4 of coco.f()\n"},
	} {
		if got := excerptText(&test.excerpt); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, test.want)
		}
	}
	if excerptText(nil) != "" {
		t.Error("nothing is shown as something")
	}
}

func TestErrorsInMigrationsAreShownWithTheirLines(t *testing.T) {
	db := engine(t)
	want(t, exitDone, "up", "--to", "backfill")
	execute(t, db, `ALTER TABLE command_entities DROP CONSTRAINT fk_parent_command_id`)

	got := want(t, exitFailure, "down", "--to", "expand", "--yes")
	const shown = `"fk_parent_command_id" of relation "command_entities" does not exist (SQLSTATE 42704) in line 4
  000004_keys.down.sql:4
`
	got.says(t, shown, "\n> 4 | ALTER TABLE public.command_entities DROP CONSTRAINT fk_parent_command_id;\n")
	first, rest, _ := strings.Cut(got.stderr, "\n  000004_keys.down.sql:4\n")
	if lines := strings.Split(first, "\n"); !strings.HasPrefix(lines[len(lines)-1], "upgrade: 000004_keys (down): constraint") {
		t.Errorf("the error is not one line: %s", first)
	}
	if !strings.HasSuffix(rest, "\nhint: Nothing of this step has stayed. Remove the cause and run the same command again.\n") {
		t.Errorf("the hint is not behind the lines: %s", rest)
	}
	for _, event := range events(t, want(t, exitFailure, "down", "--to", "expand", "--yes", "--json")) {
		excerpt, ok := event["excerpt"].(map[string]any)
		if event["event"] == "error" && (!ok || excerpt["file"] != "000004_keys.down.sql" || excerpt["line"] != 4.0) {
			t.Errorf("%v", event)
		}
	}

	execute(t, db, `ALTER TABLE coco.change_log RENAME COLUMN source TO gone`)
	want(t, exitFailure, "up").says(t, "column", "SQLSTATE 42703", "\n  in line ", " of coco.")
}
