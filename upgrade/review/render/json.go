package render

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/ovirt/coco/upgrade/review"
)

// JSON writes the report as one object, indented. docs/review.schema.json says what each field means; Report.Format is its version.
func JSON(w io.Writer, report review.Report, _ Options) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report.Whole()); err != nil {
		return fmt.Errorf("write the review as JSON: %w", err)
	}
	return nil
}
