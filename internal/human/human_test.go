package human_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ovirt/coco/internal/human"
)

func TestNumbersAreWrittenAsPeopleReadThem(t *testing.T) {
	for got, want := range map[string]string{
		human.Count(0):                           "0",
		human.Count(-1234567):                    "-1,234,567",
		human.Counted(1, "task"):                 "1 task",
		human.Counted(2000, "task"):              "2,000 tasks",
		human.Size(999):                          "999 bytes",
		human.Size(1536):                         "1.5 kB",
		human.Size(48 << 20):                     "48 MB",
		human.Took(7 * time.Millisecond):         "7ms",
		human.Took(3400 * time.Millisecond):      "3.4s",
		human.Took(5*time.Minute + time.Second):  "5m01s",
		human.Took(26*time.Hour + 9*time.Minute): "26h09m",
		human.Shorten("résumé", 6):               "résumé",
		human.Shorten("résumés", 6):              "résum…",
		human.Shorten("any", 0):                  "…",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWhatATerminalWouldActOnIsWrittenOut(t *testing.T) {
	for text, want := range map[string]string{
		"plain ü":      "plain ü",
		"\x1b[31m":     `\x1b[31m`,
		"a\u202eb":     `a\u202eb`,
		"a\xffb":       `a\ufffdb`,
		"one\ttwo\n\r": "one\ttwo\n" + `\r`,
	} {
		if got := human.VisibleLines(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	if got := human.Visible("a\nb\tc"); got != `a\nb\tc` {
		t.Errorf("got %q", got)
	}
}

func TestJSONWithHiddenCharactersMeansTheSameWhenTheyAreWrittenOut(t *testing.T) {
	const plain = "{\n  \"a\": \"ü\u202e \U000e0041 \x7f \\n\"\n}\n"
	const want = "{\n  \"a\": \"ü\\u202e \\udb40\\udc41 \\u007f \\n\"\n}\n"
	shown := human.VisibleJSON([]byte(plain))
	if string(shown) != want {
		t.Errorf("got %q, want %q", shown, want)
	}
	var before, after map[string]string
	if err := errors.Join(json.Unmarshal([]byte(plain), &before), json.Unmarshal(shown, &after)); err != nil || before["a"] != after["a"] {
		t.Errorf("%q became %q: %v", before, after, err)
	}
}

func TestLinesAreWrappedBetweenWords(t *testing.T) {
	for _, test := range []struct {
		text, indent string
		width        int
		want         []string
	}{
		{"", "", 10, []string{""}},
		{"one two three", "", 0, []string{"one two three"}},
		{"one two three", "", 7, []string{"one two", "three"}},
		{"one two three", "  ", 7, []string{"one two", "  three"}},
		{"note  one two", "      ", 9, []string{"note  one", "      two"}},
		{"    indented text", "", 14, []string{"    indented", "text"}},
		{"a-word-that-is-longer x", "", 5, []string{"a-word-that-is-longer", "x"}},
	} {
		got := human.Wrapped(test.text, test.width, test.indent)
		if strings.Join(got, "|") != strings.Join(test.want, "|") {
			t.Errorf("%q at %d: got %q, want %q", test.text, test.width, got, test.want)
		}
	}
}
