package judge

import (
	"github.com/ovirt/coco/upgrade/review/routine"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// Read reads the text of the side's procedures: what each names, and what is found in it by the rules for procedures. What could not be
// read is among Refers with its reason, and is judged by the catalog alone.
func (s *Side) Read() {
	schema := rule.NewSchema(s.Catalog)
	for _, r := range s.Catalog.Routines {
		if r.Sort == "aggregate" {
			continue // it is made of other routines
		}
		refers := Refers{Object: r.Object}
		body, err := routine.Parse(r)
		if err != nil {
			refers.Unread = err.Error()
		} else {
			_, refers.Unread = body.Unclear()
			refers.Names, refers.Ignored = body.Refers(), body.Ignored
		}
		s.Refers = append(s.Refers, refers)
		s.Rules = append(s.Rules, rule.Routine(r, body, schema)...)
	}
}
