package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade/review"
)

// JSON writes the report as one object, indented. docs/review.schema.json says what each field means; Report.Format is its version.
func JSON(w io.Writer, report review.Report, _ Options) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(report.Whole())
	if err == nil {
		_, err = w.Write(human.VisibleJSON(text.Bytes()))
	}
	if err != nil {
		return fmt.Errorf("write the review as JSON: %w", err)
	}
	return nil
}
