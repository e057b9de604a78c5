package rule_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

const repository = "../../.."

func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryRuleHasItsPageAndEveryPageItsRule(t *testing.T) {
	index := page(t, "docs/rules/README.md")
	words := map[finding.Severity]string{finding.MustFix: "must fix", finding.Decide: "decide", finding.Note: "note"}
	for _, r := range rule.All() {
		text := page(t, r.Page())
		severity := words[r.Severity]
		if head := "# " + r.ID + "\n\n**" + strings.ToUpper(severity[:1]) + severity[1:] + "**: " + r.Reason + ".\n"; !strings.HasPrefix(text, head) {
			t.Errorf("%s does not begin with\n%s", r.Page(), head)
		}
		for _, part := range []string{"What is found", "Why it matters", "Example", "How to fix it", "How to silence it"} {
			if !strings.Contains(text, "\n## "+part+"\n\n") {
				t.Errorf("%s does not say: %s", r.Page(), part)
			}
		}
		if !strings.Contains(text, "-- coco:ignore "+r.ID+" ") {
			t.Errorf("%s does not show the comment that silences it", r.Page())
		}
		if line := "| [" + r.ID + "](" + r.ID + ".md) | " + severity + " | " + r.Reason + " |\n"; strings.Count(index, line) != 1 {
			t.Errorf("docs/rules/README.md does not have once:\n%s", line)
		}
	}
	paths, err := filepath.Glob(filepath.Join(repository, "docs/rules/*.md"))
	if err != nil || len(paths) == 0 {
		t.Fatal(err, "no pages")
	}
	link := regexp.MustCompile(`\]\(([^)#]+)`)
	for _, path := range paths {
		id := strings.TrimSuffix(filepath.Base(path), ".md")
		if _, ok := rule.Find(id); !ok && id != "README" {
			t.Errorf("%s is the page of no rule", path)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), target[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

func TestIDsAreInOrderAndNoneIsThereTwice(t *testing.T) {
	var found []string
	for _, r := range rule.All() {
		found = append(found, r.ID)
	}
	if !slices.IsSorted(found) || len(slices.Compact(slices.Clone(found))) != len(found) {
		t.Errorf("%v", found)
	}
}
