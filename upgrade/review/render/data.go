package render

import (
	"fmt"
	"strings"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade/review"
)

// fact is one line about the data.
type fact struct{ Name, Value string }

// dataLines say what happens to the rows; none where nothing does.
func dataLines(d review.Data) []fact {
	var facts []fact
	add := func(name, format string, args ...any) {
		facts = append(facts, fact{name, fmt.Sprintf(format, args...)})
	}
	if d.Tasks > 0 || d.Commands > 0 {
		add("rows", "%s become %s", human.Counted(d.Tasks, "task"), human.Counted(d.Commands, "command"))
		if d.Archived == 0 {
			add("archive", "none: the commands give every value back")
		} else {
			add("archive", "%s of the tasks: their commands cannot give every value back (%s)", human.Count(d.Archived), counts(d.Why))
		}
	}
	if len(d.InFlight) > 0 {
		add("in flight", "%s", counts(d.InFlight))
	}
	for _, t := range d.Tables {
		add(t.Table, "%s, %s", human.Counted(t.Rows, "row"), human.Size(t.Bytes))
		if len(t.Moves) > 0 {
			add("", "longest values: %s", sizes(t.Moves))
		}
	}
	if d.Bytes > 0 || d.WAL > 0 || d.Space > 0 || d.Estimate > 0 {
		add("estimate", "%s move in roughly %s; %s of log (WAL), the database grows by %s", human.Size(d.Bytes), human.Took(d.Estimate),
			human.Size(d.WAL), human.Size(d.Space))
	}
	return facts
}

func counts(list []review.Count) string {
	var parts []string
	for _, c := range list {
		parts = append(parts, human.Count(c.Count)+" "+c.Name)
	}
	return strings.Join(parts, ", ")
}

func sizes(list []review.Count) string {
	var parts []string
	for _, c := range list {
		parts = append(parts, c.Name+" "+human.Size(c.Count))
	}
	return strings.Join(parts, ", ")
}
