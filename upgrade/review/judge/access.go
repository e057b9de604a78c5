package judge

import (
	"fmt"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// access judges owners and rights: who may do less afterwards, and who may do more.
func (j *judge) access() {
	objects := j.kept()
	for _, o := range objects {
		j.owner(o)
		j.lost(o)
		j.gained(o)
	}
	j.openToAll()
	if n := j.found(rule.OwnerChanged, rule.AccessLost, rule.AccessWidened); n > 0 {
		j.check("access", true, fmt.Sprintf("owners and rights of %s compared: %s", counted(len(objects), "object"), counted(n, "difference")))
		return
	}
	j.check("access", false, fmt.Sprintf("owners and rights of %s are as before", counted(len(objects), "object")))
}

func (j *judge) owner(o owned) {
	if o.partial() || o.was.Owner == o.is.Owner {
		return
	}
	j.find(rule.OwnerChanged, finding.MustFix, o.object,
		fmt.Sprintf("%s changes its owner from %s to %s", j.name(o.object), o.was.Owner, o.is.Owner),
		fix("ALTER "+reference(o.object, o.sort)+" OWNER TO "+identifier(o.was.Owner)+";"))
}

// entry is who may do what.
type entry struct{ role, privilege string }

// may are the rights on an object, and whether each may be granted on. What an owner has because he is the owner goes with him.
func may(c catalog.Common, otherOwner string) map[entry]bool {
	all := map[entry]bool{}
	for _, g := range c.Grants {
		if c.Owner != otherOwner && (g.Role == c.Owner || g.Role == otherOwner) {
			continue
		}
		e := entry{g.Role, g.Privilege}
		all[e] = all[e] || g.Option
	}
	return all
}

// lost judges rights that are gone.
func (j *judge) lost(o owned) {
	was, is := may(o.was, o.is.Owner), may(o.is, o.was.Owner)
	for _, g := range o.was.Grants {
		e := entry{g.Role, g.Privilege}
		option, had := was[e]
		kept, has := is[e]
		_, everybody := is[entry{"", g.Privilege}]
		if !had || has && (kept || !option) {
			continue
		}
		again := fix(grantSQL(o.object, o.sort, g))
		name := j.name(o.object)
		switch {
		case has:
			j.find(rule.AccessLost, finding.Decide, o.object,
				fmt.Sprintf("%s may no longer grant %s on %s to others", g.Role, g.Privilege, name), again)
		case g.Role == "":
			j.find(rule.AccessLost, finding.Decide, o.object,
				fmt.Sprintf("%s is no longer open to everybody: PUBLIC loses %s", name, g.Privilege), again)
		case everybody:
			j.find(rule.AccessLost, finding.Decide, o.object,
				fmt.Sprintf("%s loses %s on %s, and still has it through PUBLIC", g.Role, g.Privilege, name), again)
		default:
			j.find(rule.AccessLost, finding.MustFix, o.object, fmt.Sprintf("%s loses %s on %s", g.Role, g.Privilege, name), again)
		}
	}
}

// gained judges rights that are new.
func (j *judge) gained(o owned) {
	was, is := may(o.was, o.is.Owner), may(o.is, o.was.Owner)
	for _, g := range o.is.Grants {
		e := entry{g.Role, g.Privilege}
		_, has := is[e]
		option, had := was[e]
		if !has || had && (option || !g.Option) {
			continue
		}
		name := j.name(o.object)
		switch {
		case had:
			j.find(rule.AccessWidened, finding.Decide, o.object, fmt.Sprintf("%s may now grant %s on %s to others", g.Role, g.Privilege, name),
				fix(revokeSQL(o.object, o.sort, g, true)))
		case g.Role == "" && g.Privilege == "EXECUTE":
			j.find(rule.AccessWidened, finding.MustFix, o.object, fmt.Sprintf("%s becomes executable by everybody: PUBLIC could not before", name),
				evidence("allowed before: "+holders(o.was)), fix(revokeSQL(o.object, o.sort, g, false)))
		case g.Role == "":
			j.find(rule.AccessWidened, finding.MustFix, o.object, fmt.Sprintf("%s is opened to everybody: PUBLIC gets %s", name, g.Privilege),
				evidence("allowed before: "+holders(o.was)), fix(revokeSQL(o.object, o.sort, g, false)))
		default:
			j.find(rule.AccessWidened, finding.Decide, o.object, fmt.Sprintf("%s gets %s on %s", g.Role, g.Privilege, name),
				fix(revokeSQL(o.object, o.sort, g, false)))
		}
	}
}

// holders lists who may do what.
func holders(c catalog.Common) string {
	var all []string
	for _, g := range c.Grants {
		all = append(all, role(g.Role)+" "+g.Privilege)
	}
	if len(all) == 0 {
		return "nobody but " + c.Owner
	}
	return strings.Join(all, ", ")
}

// openToAll judges new tables that everybody may use, and new procedures that lend everybody the rights of their owner.
func (j *judge) openToAll() {
	for o, t := range j.is.tables {
		if j.was.tables[o] != nil {
			continue
		}
		for _, g := range t.Grants {
			if g.Role == "" {
				j.find(rule.AccessWidened, finding.Decide, t.Object, fmt.Sprintf("%s is new, and everybody has %s on it", j.name(t.Object), g.Privilege),
					fix(revokeSQL(t.Object, t.Sort, g, false)))
			}
		}
	}
	for o, r := range j.is.routines {
		if _, old := j.before[o]; old || !r.SecurityDefiner {
			continue
		}
		for _, g := range r.Grants {
			if g.Role == "" && !r.Trigger {
				j.find(rule.AccessWidened, finding.Decide, r.Object,
					fmt.Sprintf("%s is new, runs with the rights of %s, and everybody may call it", j.name(r.Object), r.Owner),
					fix(revokeSQL(r.Object, r.Sort, g, false)))
			}
		}
	}
}
