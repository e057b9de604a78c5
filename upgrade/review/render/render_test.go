package render_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/render"
)

var update = flag.Bool("update", false, "rewrite the golden files")

type format func(io.Writer, review.Report, render.Options) error

func formats() map[string]format {
	return map[string]format{"text": render.Text, "json": render.JSON, "markdown": render.Markdown, "html": render.HTML}
}

func written(t *testing.T, show format, report review.Report, options render.Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := show(&out, report, options); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// clean is a report without any finding; half is one in which not everything could be looked at.
func clean() review.Report {
	report := rich()
	report.Findings, report.Earlier, report.Notes, report.Verdict = nil, nil, nil, review.Verdict{}
	report.Checks = []review.Check{{ID: "routines", State: review.Passed, Summary: "817 of 817 procedures can be prepared"}}
	for i := range report.Plan.Steps {
		for j := range report.Plan.Steps[i].Locks {
			report.Plan.Steps[i].Locks[j].Declared = true
		}
	}
	return report
}

func half() review.Report {
	return review.Report{
		Format: review.Format, Taken: rich().Taken, Database: rich().Database,
		Plan:       review.Plan{Direction: upgrade.DirectionUp, Source: "coco's own migrations"},
		NoApproval: "the plan was not run on a copy",
		Checks:     []review.Check{{ID: "copy", State: review.Skipped, Summary: "what the plan does: there is no server for a copy"}},
	}
}

func TestEachFormatShowsTheReport(t *testing.T) {
	for _, test := range []struct {
		file    string
		show    format
		report  review.Report
		options render.Options
	}{
		{"rich.txt", render.Text, rich(), render.Options{Width: 120}},
		{"rich-80-columns.txt", render.Text, rich(), render.Options{Width: 80}},
		{"rich-colour.txt", render.Text, rich(), render.Options{Width: 100, Color: true}},
		{"rich.json", render.JSON, rich(), render.Options{}},
		{"rich.md", render.Markdown, rich(), render.Options{}},
		{"rich.html", render.HTML, rich(), render.Options{}},
		{"clean.txt", render.Text, clean(), render.Options{}},
		{"clean.md", render.Markdown, clean(), render.Options{}},
		{"half.txt", render.Text, half(), render.Options{}},
		{"half.json", render.JSON, half(), render.Options{}},
		{"half.md", render.Markdown, half(), render.Options{}},
		{"half.html", render.HTML, half(), render.Options{}},
	} {
		t.Run(test.file, func(t *testing.T) {
			golden(t, filepath.Join("testdata", test.file), written(t, test.show, test.report, test.options))
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	lines, wanted := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i, line := range lines {
		if i >= len(wanted) || line != wanted[i] {
			t.Fatalf("%s, line %d: got\n%s\nwant\n%s\nrewrite it with -update, and look at what has changed", path, i+1, line, append(wanted, "")[min(i, len(wanted))])
		}
	}
	t.Fatalf("%s: lines are missing at the end", path)
}

func TestJSONGivesTheSameReportBack(t *testing.T) {
	var back review.Report
	if err := json.Unmarshal([]byte(written(t, render.JSON, rich(), render.Options{})), &back); err != nil {
		t.Fatal(err)
	}
	again := written(t, render.JSON, back, render.Options{})
	if again != written(t, render.JSON, rich(), render.Options{}) {
		t.Error("the report that was read back is another one")
	}
}

func TestShowingAReportDoesNotChangeIt(t *testing.T) {
	report := rich()
	for name, show := range formats() {
		written(t, show, report, render.Options{Width: 60})
		if !reflect.DeepEqual(report, rich()) {
			t.Errorf("%s changed it", name)
		}
	}
}

// The widest that is never wrapped is a name, a command, a row of a table that has nothing to leave out.
func TestTextKeepsToTheWidthOfATerminal(t *testing.T) {
	for _, width := range []int{80, 100, 140} {
		for line := range strings.SplitSeq(written(t, render.Text, rich(), render.Options{Width: width}), "\n") {
			if utf8.RuneCountInString(line) <= width {
				continue
			}
			words := strings.Fields(line)
			longest := 0
			for _, word := range words {
				longest = max(longest, utf8.RuneCountInString(word))
			}
			if longest < 40 && !strings.Contains(line, " exclusive ") && !strings.Contains(line, "access share ") {
				t.Errorf("%d columns: %d letters in %q", width, utf8.RuneCountInString(line), line)
			}
		}
	}
}

func TestTextHasNoColoursUnlessAskedFor(t *testing.T) {
	if text := written(t, render.Text, rich(), render.Options{Width: 80}); strings.Contains(text, "\x1b") {
		t.Error("it has")
	}
	if text := written(t, render.Text, rich(), render.Options{Width: 80, Color: true}); !strings.Contains(text, "\x1b[31m✖\x1b[0m") {
		t.Error("a cross is not red")
	}
}

func TestMarkdownLeavesDifferencesOutWhereAllWouldNotFit(t *testing.T) {
	report := rich()
	whole := written(t, render.Markdown, report, render.Options{Limit: -1})
	limit := len(whole) - 500
	text := written(t, render.Markdown, report, render.Options{Limit: limit})
	if len(text) > limit {
		t.Errorf("%d bytes, more than %d", len(text), limit)
	}
	if !strings.Contains(text, "not shown here") || !strings.Contains(text, report.Approval) {
		t.Error("it does not say so, or the approval is gone")
	}
	if strings.Contains(whole, "not shown here") {
		t.Error("something is left out without need")
	}
}

func TestNoFormatCallsCleanWhatIsNot(t *testing.T) {
	skipped := clean()
	skipped.Checks = append(skipped.Checks, review.Check{ID: "x", State: review.Skipped, Summary: "5 procedures in languages nobody reads"})
	decide := clean()
	decide.Verdict.Decide = 1
	decide.Findings = []finding.Finding{{Rule: "x", Severity: finding.Decide, Summary: "something"}}
	for name, report := range map[string]review.Report{"what was not checked": skipped, "what needs a decision": decide, "what has no copy": half()} {
		t.Run(name, func(t *testing.T) {
			for name, show := range formats() {
				if name == "json" {
					continue
				}
				if text := written(t, show, report, render.Options{}); strings.Contains(strings.ToLower(text), "nothing in the way") {
					t.Errorf("%s says that nothing is in the way", name)
				}
			}
		})
	}
	if text := written(t, render.Text, clean(), render.Options{}); !strings.Contains(text, "NOTHING IN THE WAY") {
		t.Error("a clean report is not called so")
	}
}

func TestOnlyWhatCanBeRunIsOfferedAsACommand(t *testing.T) {
	down := clean()
	down.Plan.Direction = upgrade.DirectionDown
	unknown := clean()
	unknown.Approval = ""
	partly := clean()
	partly.Plan.Steps = partly.Plan.Steps[:7]
	for name, test := range map[string]struct {
		report review.Report
		want   string
	}{
		"the whole way": {clean(), "upgrade up --approved " + clean().Approval + "\n"},
		"to a phase":    {partly, "upgrade up --to switch --approved " + clean().Approval + "\n"},
		"down":          {down, ""},
		"no hash":       {unknown, ""},
		"must be fixed": {rich(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := written(t, render.Text, test.report, render.Options{})
			if test.want == "" && strings.Contains(text, "upgrade up") || !strings.Contains(text, test.want) {
				t.Errorf("want %q in\n%s", test.want, text[strings.LastIndex(text, "APPROVE"):])
			}
		})
	}
}
