package judge

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// largeValue is how long a value must be to be worth a word: such ones dominate the time of their batch.
const largeValue = 1 << 20

// data tells what is at stake: it moves, and nothing of it is lost, so there is nothing to decide.
func (j *judge) data() {
	if j.Directory {
		return
	}
	if j.Data == nil {
		j.skip("data", "rows: not counted", cmp.Or(j.NoData, "nobody asked for them"))
		return
	}
	d := j.Data
	tasks := catalog.Object{Kind: catalog.KindTable, Schema: "public", Name: "async_tasks"}
	if d.Archived > 0 {
		var why []string
		for _, w := range d.Why {
			if w.Count > 0 {
				why = append(why, fmt.Sprintf("%s: %s", w.Name, human.Count(w.Count)))
			}
		}
		j.find(rule.DataArchived, finding.Note, tasks,
			fmt.Sprintf("%s of %s keep values in coco.archive that their commands cannot give back exactly", human.Count(d.Archived),
				counted(d.Tasks, "task")), evidence(why...))
	}
	var large []string
	for _, t := range d.Tables {
		for _, c := range t.Moves {
			if c.Count >= largeValue {
				large = append(large, fmt.Sprintf("%s.%s: %s at most", t.Table, c.Name, human.Size(c.Count)))
			}
		}
	}
	if len(large) > 0 {
		j.find(rule.DataLarge, finding.Note, tasks, "long values move: "+some(large))
	}
	var flying int64
	var states []string
	for _, s := range d.InFlight {
		flying += s.Count
		states = append(states, fmt.Sprintf("%s: %s", s.Name, human.Count(s.Count)))
	}
	if flying > 0 {
		j.find(rule.TasksInFlight, finding.Note, tasks, counted(flying, "task")+" are under way; their rows move with all others",
			evidence(states...))
	}
	j.check("data", false, fmt.Sprintf("%s become %s; %s need the archive", counted(d.Tasks, "task"), counted(d.Commands, "command"),
		counted(d.Archived, "task")))
}

// upgrade takes over what upgrade.Check found.
func (j *judge) upgrade() {
	if j.Directory {
		return
	}
	if j.Check == nil {
		j.skip("upgrade", "what up would refuse: not asked")
		return
	}
	refused, open := 0, 0
	for _, f := range j.Check.Findings {
		id, severity := rule.UpgradeCaution, finding.Note
		switch {
		case j.edited(f):
			continue
		case f.Severity == upgrade.Refusal && !passing(f):
			id, severity = rule.UpgradeRefused, finding.MustFix
			refused++
		case f.Severity == upgrade.Decision:
			id, severity = rule.UpgradeDecision, finding.Decide
			open++
		}
		var lines []string
		for _, s := range f.Sessions {
			lines = append(lines, s.String())
		}
		if f.Hint != "" {
			lines = append(lines, f.Hint)
		}
		j.find(id, severity, j.subject(f.Subject), f.Reason, evidence(lines...))
	}
	j.check("upgrade", refused+open > 0, fmt.Sprintf("what up looks at before its first step: %s, %s", counted(refused, "refusal"),
		counted(open, "open question")))
}

// refused says whether up would not begin.
func (j *judge) refused() bool {
	return j.Check != nil && slices.ContainsFunc(j.Check.Findings, func(f upgrade.CheckFinding) bool {
		return f.Severity == upgrade.Refusal && !passing(f)
	})
}

// passing says whether a refusal is one of the moment: clients that are connected now, somebody else who is upgrading. Up looks again.
func passing(f upgrade.CheckFinding) bool {
	return errors.Is(f.Kind, upgrade.ErrConnected) || errors.Is(f.Kind, upgrade.ErrBusy)
}

// subject reads what a finding of upgrade.Check is about: "table async_tasks". What is none of the kinds is the database.
func (j *judge) subject(text string) catalog.Object {
	kind, name, ok := strings.Cut(text, " ")
	if ok {
		schema, rest, qualified := strings.Cut(name, ".")
		if !qualified {
			schema, rest = "public", name
		}
		switch kind {
		case "table", "view", "sequence", "type", "index":
			return catalog.Object{Kind: catalog.Kind(kind), Schema: schema, Name: rest}
		case "procedure", "function":
			bare, arguments, _ := strings.Cut(strings.TrimSuffix(rest, ")"), "(")
			return catalog.Object{Kind: catalog.KindRoutine, Schema: schema, Name: bare, Arguments: arguments}
		case "schema":
			return catalog.Object{Kind: catalog.KindSchema, Name: name}
		}
	}
	return j.database()
}

// rules takes over the findings of package rule: those that were there before the upgrade apart.
func (j *judge) rules() {
	if !j.copied() {
		j.result.Earlier = append(j.result.Earlier, j.Before.Rules...)
		return
	}
	if len(j.After.Refers) == 0 {
		j.skip("rules", "the text of procedures: not read")
		return
	}
	was := make([]finding.Finding, len(j.Before.Rules))
	for i, f := range j.Before.Rules {
		if now, ok := j.after[f.Object]; ok { // its arguments may have changed
			f.Object = now
		}
		was[i] = f
	}
	fresh := finding.New(j.After.Rules, was)
	j.result.Findings = append(j.result.Findings, fresh...)
	j.result.Earlier = append(j.result.Earlier, finding.New(j.After.Rules, fresh)...)
	open := 0
	for _, f := range fresh {
		if f.Silenced == "" && f.Severity != finding.Note {
			open++
		}
	}
	summary, detail := j.read()
	if open > 0 {
		j.check("rules", true, summary+": "+counted(open, "finding")+" of what is new", detail...)
		return
	}
	j.check("rules", false, summary+": nothing to fix or decide in what is new", detail...)
}

// read says how many procedures were read, and what was not.
func (j *judge) read() (summary string, detail []string) {
	reasons := map[string][]string{}
	unread := 0
	for _, refers := range j.After.Refers {
		if refers.Unread != "" {
			reasons[refers.Unread] = append(reasons[refers.Unread], j.name(refers.Object))
			unread++
		}
	}
	for _, reason := range sortedKeys(reasons) {
		detail = append(detail, fmt.Sprintf("not checked: %s: %s", reason, some(reasons[reason])))
	}
	summary = fmt.Sprintf("the text of %s read", counted(len(j.After.Refers)-unread, "procedure"))
	if unread > 0 {
		summary += fmt.Sprintf(", not all of %s", counted(unread, "other"))
	}
	return summary, detail
}
