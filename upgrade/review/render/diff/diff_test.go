package diff_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ovirt/coco/upgrade/review/render/diff"
)

// shown writes rows as people would: what changed is in brackets.
func shown(rows []diff.Row) string {
	side := func(line *diff.Line) string {
		if line == nil {
			return "-"
		}
		text := fmt.Sprintf("%d:", line.Number)
		for _, span := range line.Spans {
			if span.Changed {
				span.Text = "[" + span.Text + "]"
			}
			text += span.Text
		}
		return text
	}
	var lines []string
	for _, row := range rows {
		between := " | "
		if row.Equal {
			between = " = "
		}
		lines = append(lines, side(row.Before)+between+side(row.After))
	}
	return strings.Join(lines, "\n")
}

func TestLinesStandBesideWhatTheyHaveBecome(t *testing.T) {
	for name, test := range map[string]struct{ before, after, want string }{
		"nothing":    {"", "", ""},
		"equal":      {"a\nb\n", "a\nb", "1:a = 1:a\n2:b = 2:b"},
		"added":      {"", "a\nb", "- | 1:[a]\n- | 2:[b]"},
		"removed":    {"a", "", "1:[a] | -"},
		"line ends":  {"a\r\nb", "a\nb", "1:a = 1:a\n2:b = 2:b"},
		"one word":   {"SELECT a FROM t;", "SELECT b FROM t;", "1:SELECT [a] FROM t; | 1:SELECT [b] FROM t;"},
		"two words":  {"SELECT old value FROM t", "SELECT x FROM t", "1:SELECT [old value] FROM t | 1:SELECT [x] FROM t"},
		"inserted":   {"a\nc", "a\nb\nc", "1:a = 1:a\n- | 2:[b]\n2:c = 3:c"},
		"all others": {"one two", "three four", "1:[one two] | -\n- | 1:[three four]"},
		"paired with the like": {
			"BEGIN\n  DELETE FROM tasks WHERE id = v;\nEND", "BEGIN\n  -- more\n  PERFORM x();\n  DELETE FROM public.tasks WHERE id = v;\nEND",
			"1:BEGIN = 1:BEGIN\n- | 2:[  -- more]\n- | 3:[  PERFORM x();]\n" +
				"2:  DELETE FROM tasks WHERE id = v; | 4:  DELETE FROM [public.]tasks WHERE id = v;\n3:END = 5:END",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := shown(diff.Sides(test.before, test.after)); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestBothTextsCanBeReadBackFromTheRows(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		var lines []string
		for range random.IntN(30) {
			var words []string
			for range 1 + random.IntN(6) {
				words = append(words, []string{"SELECT", "a", "b", "t_1", "=", "'x y'", "\t", "é"}[random.IntN(8)])
			}
			lines = append(lines, strings.Join(words, " "))
		}
		return strings.Join(lines, "\n")
	}
	for range 2000 {
		before, after := text(), text()
		var left, right []string
		for _, row := range diff.Sides(before, after) {
			if row.Before != nil {
				left = append(left, row.Before.Text())
				if row.Before.Number != len(left) {
					t.Fatalf("line %d is numbered %d", len(left), row.Before.Number)
				}
			}
			if row.After != nil {
				right = append(right, row.After.Text())
			}
			if row.Equal && row.Before.Text() != row.After.Text() {
				t.Fatalf("%q is not %q", row.Before.Text(), row.After.Text())
			}
		}
		if strings.Join(left, "\n") != before || strings.Join(right, "\n") != after {
			t.Fatalf("of\n%s\n-- and\n%s\n-- came\n%s", before, after, shown(diff.Sides(before, after)))
		}
	}
}

func TestLargeTextsThatHaveNothingInCommonTakeNoLongTime(t *testing.T) {
	line := func(prefix string) string {
		var text strings.Builder
		for i := range 20_000 {
			fmt.Fprintf(&text, "%s%d\n", prefix, i)
		}
		return text.String()
	}
	started := time.Now()
	rows := diff.Sides(line("a"), line("b"))
	if added, removed := diff.Count(rows); added != 20_000 || removed != 20_000 {
		t.Errorf("%d added, %d removed", added, removed)
	}
	rows = diff.Sides(strings.Repeat("a ", 200_000), strings.Repeat("b c ", 200_000))
	if len(rows) == 0 {
		t.Error("no rows")
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestEqualLinesFarFromAnyChangeAreLeftOut(t *testing.T) {
	before := "1\n2\n3\n4\n5\n6\n7\n8\n9"
	parts := diff.Fold(diff.Sides(before, strings.Replace(before, "6", "x", 1)), 1)
	var got []string
	for _, part := range parts {
		got = append(got, fmt.Sprintf("%d rows, %d left out", len(part.Rows), part.Left))
	}
	want := "0 rows, 4 left out; 6 rows, 0 left out" // 8 and 9 are too few to be worth it
	if strings.Join(got, "; ") != want {
		t.Errorf("got %q, want %q", strings.Join(got, "; "), want)
	}
}
