package render

import (
	"strings"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade/rehearse"
	"github.com/ovirt/coco/upgrade/review"
)

// step is a step on the page. Start and Width are its place on a line of time, in thousandths.
type step struct {
	Number        int
	Phase, Action string
	Waits, Time   string
	Locks         []lockView
	Start, Width  float64
}

type lockView struct {
	Name, Held string
	Declared   bool
}

const thousandths = 1000

func stepsOf(steps []rehearse.Step) []step {
	const narrowest = 3 // so that it can be seen at all
	total := float64(max(blockedBy(steps).Took, 1))
	var list []step
	before := 0.0
	for _, s := range steps {
		v := step{Number: s.Number, Phase: string(s.Phase), Action: action(s), Waits: string(waits(s)), Time: held(s.Time)}
		for _, lock := range s.Locks {
			v.Locks = append(v.Locks, lockView{Name: lock.Table + " " + strings.ToLower(string(lock.Mode)), Held: held(lock.Held), Declared: lock.Declared})
		}
		v.Width = max(thousandths*float64(s.Time)/total, narrowest)
		v.Start = min(thousandths*before/total, thousandths-v.Width)
		before += float64(s.Time)
		list = append(list, v)
	}
	return list
}

// shares are numbers that are compared with one another.
type shares struct {
	Title string
	Rows  []share
}

type share struct {
	Name, Value string
	Width       float64 // in thousandths of the largest
}

func sharesOf(d review.Data) []shares {
	var list []shares
	add := func(title string, counts []review.Count, value func(int64) string) {
		if len(counts) == 0 {
			return
		}
		largest := int64(1)
		for _, c := range counts {
			largest = max(largest, c.Count)
		}
		one := shares{Title: title}
		for _, c := range counts {
			one.Rows = append(one.Rows, share{Name: c.Name, Value: value(c.Count), Width: thousandths * float64(c.Count) / float64(largest)})
		}
		list = append(list, one)
	}
	add("Why tasks are archived", d.Why, human.Count)
	add("Tasks in flight", d.InFlight, human.Count)
	for _, t := range d.Tables {
		add("Longest values of "+t.Table+" ("+human.Counted(t.Rows, "row")+", "+human.Size(t.Bytes)+")", t.Moves, human.Size)
	}
	return list
}
