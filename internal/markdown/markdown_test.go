package markdown_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/ovirt/coco/internal/markdown"
)

const sample = `# One *thing*, ` + "`twice`" + `

Text with ` + "`code that\ngoes on`" + ` and [a link](other.md#there).

<!-- a comment -->
<!-- test: exit 3 0 -->
<!-- test: setup
first line
  second line
-->
` + "```console" + `
$ one
` + "```" + `

- in a list

  ` + "```" + `
  # no heading

  [no](link)
  ` + "```" + `

## One thing, twice

| name | what |
|---|---|
| ` + "`a\\|b`" + ` | first |
| c | |

end
`

func TestPartsOfADocument(t *testing.T) {
	d, err := markdown.Parse("sample.md", sample)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "number of blocks", len(d.Blocks), 2)
	equal(t, "lines", d.Blocks[0].Lines, []string{"$ one"})
	equal(t, "info", d.Blocks[0].Info, "console")
	equal(t, "directives", d.Blocks[0].Directives, []markdown.Directive{
		{Line: 7, Name: "exit", Value: "3 0"}, {Line: 8, Name: "setup", Value: "first line\n  second line"},
	})
	equal(t, "lines of an indented block", d.Blocks[1].Lines, []string{"# no heading", "", "[no](link)"})
	equal(t, "headings", d.Headings, []markdown.Heading{
		{Line: 1, Level: 1, Text: "One *thing*, `twice`", Anchor: "one-thing-twice"},
		{Line: 24, Level: 2, Text: "One thing, twice", Anchor: "one-thing-twice-1"},
	})
	equal(t, "links", d.Links, []markdown.Link{{Line: 4, Target: "other.md#there"}})
	equal(t, "spans", d.Spans, []markdown.Span{{Line: 1, Text: "twice"}, {Line: 3, Text: "code that goes on"}, {Line: 28, Text: "a|b"}})
	equal(t, "table", d.Tables("name", "what"), [][]string{{"`a|b`", "first"}, {"c", ""}})
	if d.Tables("name") != nil {
		t.Error("a table that is not there")
	}
}

func TestReplacedBlocksKeepTheirIndentation(t *testing.T) {
	d, err := markdown.Parse("sample.md", sample)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "nothing replaced", d.Replace(nil), sample)
	want := strings.ReplaceAll(strings.Replace(sample, "  # no heading\n\n  [no](link)\n", "  x\n\n", 1), "$ one\n", "$ two\ndone\n")
	equal(t, "two replaced", d.Replace(map[int][]string{0: {"$ two", "done"}, 1: {"x", ""}}), want)
}

func TestDocumentsThatAreNotWhole(t *testing.T) {
	for text, want := range map[string]string{
		"a\n<!-- b\nc":             "sample.md:2: a comment does not end",
		"```\na":                   "sample.md:1: a block does not end",
		"<!-- test: a b -->\ntext": "sample.md:1: no block stands behind this directive",
		"\n<!-- test: a -->":       "sample.md:2: no block stands behind this directive",
	} {
		if _, err := markdown.Parse("sample.md", text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\ngot  %#v\nwant %#v", what, got, want)
	}
}
