package judge

import (
	"fmt"
	"strings"
	"time"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/rehearse"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// locks judges what was seen while the plan ran on the copy.
func (j *judge) locks() {
	if j.Rehearsal == nil {
		j.skip("locks", "locks and times: not watched")
		return
	}
	declares := false // whether the plan says anything about locks at all
	for _, step := range j.Rehearsal.Steps {
		declares = declares || len(step.Declared) > 0
	}
	var blocked time.Duration
	undeclared, long := 0, 0
	for _, step := range j.Rehearsal.Steps {
		for _, lock := range step.Locks {
			if declares && !lock.Declared {
				undeclared++
				j.undeclared(step, lock)
			}
			if lock.Mode.Blocks() == upgrade.Nobody {
				continue
			}
			blocked += lock.Held
			if lock.Held > j.LongLock {
				long++
				j.long(step, lock)
			}
		}
	}
	with := "with " + counted(j.Rehearsal.Tasks, "generated task")
	if j.Directory {
		with = "on empty tables"
	}
	summary := fmt.Sprintf("clients wait for existing tables for %s in all %s, seen %s", took(blocked), counted(len(j.Rehearsal.Steps), "step"), with)
	switch {
	case undeclared > 0:
		summary += "; not declared: " + counted(undeclared, "lock")
	case declares:
		summary += "; every lock is declared"
	}
	j.check("locks", undeclared+long > 0, summary)
	j.rewritten()
}

func stepName(s rehearse.Step) string {
	return fmt.Sprintf("step %d (%s %s)", s.Number, s.Kind, s.Name)
}

// lockedTable is the table that a lock names, as the plan does.
func lockedTable(name string) catalog.Object {
	schema, table, ok := strings.Cut(name, ".")
	if !ok {
		schema, table = "public", name
	}
	return catalog.Object{Kind: catalog.KindTable, Schema: schema, Name: table}
}

func (j *judge) undeclared(step rehearse.Step, lock rehearse.Lock) {
	j.find(rule.LockUndeclared, finding.MustFix, lockedTable(lock.Table),
		fmt.Sprintf("%s takes a lock that the plan does not declare: %s", stepName(step), lock),
		evidence("held for at most "+took(lock.Held)))
}

func (j *judge) long(step rehearse.Step, lock rehearse.Lock) {
	who := "everybody"
	if lock.Mode.Blocks() == upgrade.Writers {
		who = "whoever writes"
	}
	more := []string{fmt.Sprintf("held for at most %s, with %s", took(lock.Held), counted(j.Rehearsal.Tasks, "generated task"))}
	if t := j.was.tables[lockedTable(lock.Table)]; t != nil && t.RowEstimate > 0 {
		more = append(more, fmt.Sprintf("%s has about %s", lock.Table, counted(t.RowEstimate, "row")))
	}
	j.find(rule.LockLong, finding.Decide, lockedTable(lock.Table),
		fmt.Sprintf("%s locks %s for %s: %s waits", stepName(step), lock, took(lock.Held), who), evidence(more...))
}

// rewritten judges the tables that the plan says it writes anew.
func (j *judge) rewritten() {
	if j.Plan == nil {
		return
	}
	n := 0
	for _, step := range j.Plan.Steps {
		for _, table := range step.Rewrites {
			n++
			o := lockedTable(table)
			j.find(rule.TableRewritten, finding.Decide, o, fmt.Sprintf("step %d (%s %s) writes %s anew", step.Number, step.Kind, step.Name, table),
				evidence("estimated: "+took(step.Time)+", "+human.Size(step.WAL)+" of WAL"))
		}
	}
	if n > 0 {
		j.check("rewrites", true, counted(n, "table")+" written anew")
		return
	}
	j.check("rewrites", false, "no existing table is written anew")
}
