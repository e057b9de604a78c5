package render_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/render"
)

// replaceTexts gives every text of a value to a function, however deep it lies.
func replaceTexts(v reflect.Value, with func(string) string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(with(v.String()))
	case reflect.Slice:
		for i := range v.Len() {
			replaceTexts(v.Index(i), with)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			replaceTexts(v.Elem(), with)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() {
				replaceTexts(field, with)
			}
		}
	default:
	}
}

// hostile is the rich report, with something bad in every text: also where a kind, a phase or a lock mode is expected.
func hostile(bad func(string) string) review.Report {
	report := rich()
	replaceTexts(reflect.ValueOf(&report).Elem(), bad)
	return report
}

const attack = `<img src=x onerror=alert(1)>'"><script>alert(2)</script><!--]]>&lt;b{{.}}` + "\x1b[2J\u202e\x00\xff\n```\n</details>|@everyone [x](javascript:alert(3))"

// tags are what a browser takes for elements, and for attributes that run something. The page has no other text that begins with <.
var tags = regexp.MustCompile(`<(/?[A-Za-z!?][A-Za-z0-9:-]*)`)

func TestNothingOfADatabaseBecomesHTML(t *testing.T) {
	known := map[string]bool{}
	for _, tag := range tags.FindAllStringSubmatch(written(t, render.HTML, rich(), render.Options{}), -1) {
		known[tag[1]] = true
	}
	for name, bad := range map[string]func(string) string{
		"all":    func(string) string { return attack },
		"behind": func(text string) string { return text + attack },
		"before": func(text string) string { return attack + text },
	} {
		t.Run(name, func(t *testing.T) {
			page := written(t, render.HTML, hostile(bad), render.Options{})
			for _, tag := range tags.FindAllStringSubmatch(page, -1) {
				if !known[tag[1]] {
					t.Errorf("the page has an element <%s", tag[1])
				}
			}
			for _, never := range []string{"<img", "<script", "onerror=alert(1)>", "href=\"javascript", "\x1b", "\x00", "\u202e"} {
				if strings.Contains(page, never) {
					t.Errorf("%q is on the page", never)
				}
			}
		})
	}
}

func TestNothingOfADatabaseReachesATerminal(t *testing.T) {
	text := written(t, render.Text, hostile(func(text string) string { return text + attack }), render.Options{Width: 80})
	for i, line := range strings.Split(text, "\n") {
		for _, r := range line {
			if !strconv.IsPrint(r) {
				t.Fatalf("line %d holds %q: %q", i+1, r, line)
			}
		}
	}
}

func TestNothingOfADatabaseIsMarkdown(t *testing.T) {
	text := written(t, render.Markdown, hostile(func(text string) string { return text + attack }), render.Options{Limit: -1})
	open, fence := 0, ""
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimLeft(line, " ")
		ticks := trimmed[:len(trimmed)-len(strings.TrimLeft(trimmed, "`"))]
		switch {
		case fence != "":
			if trimmed == fence {
				fence = ""
			}
			continue
		case len(ticks) >= 3 && !strings.Contains(trimmed[len(ticks):], "`"):
			fence = ticks
			continue
		}
		open += strings.Count(withoutCode(line), "<details>") - strings.Count(withoutCode(line), "</details>")
		for _, never := range []string{"<img", "<script", "@everyone", "](", "[x"} {
			if strings.Contains(withoutCode(line), never) {
				t.Errorf("line %d: %q is in %q", i+1, never, line)
			}
		}
	}
	if open != 0 || fence != "" {
		t.Errorf("%d folds and fence %q are open at the end", open, fence)
	}
}

// withoutCode leaves out what stands in code spans, and signs that a backslash has taken the meaning from.
func withoutCode(line string) string {
	var out strings.Builder
	for len(line) > 0 {
		ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch {
		case ticks != "":
			line = line[len(ticks):]
			for end := 0; ; {
				at := strings.Index(line[end:], ticks)
				if at < 0 {
					return out.String() + "CODE WITHOUT AN END <img"
				}
				end += at
				run := len(line[end:]) - len(strings.TrimLeft(line[end:], "`"))
				end += run
				if run == len(ticks) {
					line = line[end:]
					break
				}
			}
		case line[0] == '\\' && len(line) > 1:
			line = line[2:]
		default:
			out.WriteByte(line[0])
			line = line[1:]
		}
	}
	return out.String()
}

// A sample of what make test-mutate does with parser and checker, too.
func TestMutatedReportsAreShownWithoutAPanic(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	cases := 60
	if n, err := strconv.Atoi(os.Getenv("COCO_MUTATE_CASES")); err == nil {
		cases = n
	}
	mutate := func(text string) string {
		switch bytes := []byte(text); random.IntN(8) {
		case 0:
			return ""
		case 1:
			return strings.Repeat(text, random.IntN(4))
		case 2:
			if len(bytes) > 0 {
				bytes[random.IntN(len(bytes))] = byte(random.IntN(256))
			}
			return string(bytes)
		case 3:
			return text[random.IntN(len(text)+1):]
		case 4:
			return text + attack[random.IntN(len(attack)):]
		default:
			return text
		}
	}
	for n := range cases {
		report := hostile(mutate)
		for name, show := range formats() {
			var out bytes.Buffer
			if err := show(&out, report, render.Options{Width: random.IntN(120), Color: n%2 == 0}); err != nil {
				t.Fatalf("case %d, %s: %v", n, name, err)
			}
			if name == "html" && (strings.Contains(out.String(), "<img") || strings.Contains(out.String(), "<script")) {
				t.Fatalf("case %d: markup of the database is on the page", n)
			}
		}
	}
}

func TestALargeReportIsShown(t *testing.T) {
	report := rich()
	for i := range 300 {
		for _, c := range rich().Changes {
			c.Object.Name += strconv.Itoa(i)
			report.Changes = append(report.Changes, c)
		}
		f := rich().Findings[i%5]
		f.Summary += fmt.Sprint(i)
		report.Findings = append(report.Findings, f)
	}
	for name, show := range formats() {
		if text := written(t, show, report, render.Options{Width: 100}); name == "markdown" && len(text) > 1_000_000 {
			t.Errorf("markdown has %d bytes", len(text))
		}
	}
}
