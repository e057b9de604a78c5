package render

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade/review"
)

//go:embed page/page.html.tmpl
var pageTemplate string

//go:embed page/style.css
var pageStyle string

// HTML writes the report as one page. It asks nobody for anything, runs no script, and says so to the browser; what comes from the database
// is text in it and nothing else.
func HTML(w io.Writer, report review.Report, _ Options) error {
	parsed, err := template.New("page").Funcs(template.FuncMap{
		"count":     human.Count,
		"counted":   func(n int, noun string) string { return human.Counted(int64(n), noun) },
		"short":     short,
		"size":      human.Size,
		"timestamp": human.Timestamp,
		"took":      human.Took,
	}).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("read the template of the page: %w", err)
	}
	view := newPage(report.Whole())
	view.Style = template.CSS(pageStyle) //nolint:gosec // the project's own file
	view.Policy = policy(pageStyle)
	var page bytes.Buffer // a page that is cut off is worse than none
	if err := parsed.Execute(&page, view); err != nil {
		return fmt.Errorf("write the page of the review: %w", err)
	}
	// A character that turns text around, or is not seen, would make a procedure look like another one.
	if _, err := io.WriteString(w, human.VisibleLines(page.String())); err != nil {
		return fmt.Errorf("write the page of the review: %w", err)
	}
	return nil
}

// policy allows the page its own style and nothing else: no script, no image, no request.
func policy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'",
		base64.StdEncoding.EncodeToString(sum[:]))
}

// anchor makes a name of letters, digits and dashes of a text, for links within the page.
func anchor(prefix, text string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, text)
	return prefix + "-" + safe
}
