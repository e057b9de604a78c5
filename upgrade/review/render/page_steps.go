package render

import (
	"slices"
	"time"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/rehearse"
	"github.com/ovirt/coco/upgrade/review"
)

// step is a step on the page.
type step struct {
	Number        int
	Phase, Action string
	Waits, Time   string
	NoLocks       string // what stands there without any
	Locks         []lockView
	Bar           bar
	Held          []bar // for which somebody waits
}

// bar is a stretch on a line of time, in thousandths.
type bar struct {
	Waits        string
	Start, Width float64
}

type lockView struct {
	Name, Held string
	Declared   bool
}

const thousandths = 1000

func stepsOf(steps []rehearse.Step) []step {
	named := declares(steps)
	total := float64(max(blockedBy(steps).Took, 1))
	var list []step
	before := time.Duration(0)
	for _, s := range steps {
		v := step{
			Number: s.Number, Phase: string(s.Phase), Action: action(s), Waits: string(waits(s)), Time: held(s.Time),
			NoLocks: noLocks(s), Bar: stretch(before, s.Time, total),
		}
		before += s.Time
		for _, lock := range s.Locks {
			v.Locks = append(v.Locks, lockView{Name: lock.String(), Held: held(lock.Held), Declared: lock.Declared || !named})
			if who := lock.Mode.Blocks(); who != upgrade.Nobody {
				one := stretch(before-min(lock.Held, s.Time), min(lock.Held, s.Time), total) // a lock is held to the end
				one.Waits = string(who)
				v.Held = append(v.Held, one)
			}
		}
		slices.Reverse(v.Held) // the strongest lies on top
		list = append(list, v)
	}
	return list
}

// stretch is a bar that is wide enough to be seen.
func stretch(from, took time.Duration, total float64) bar {
	const narrowest = 3
	width := max(thousandths*float64(took)/total, narrowest)
	return bar{Start: min(thousandths*float64(from)/total, thousandths-width), Width: width}
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
