package approval

import (
	"crypto/md5" //nolint:gosec // how coco.installed names a body; nothing relies on it alone
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

// Where coco keeps its own, and where the engine's objects are.
const (
	ownSchema = "coco"
	public    = "public"
	tasks     = "async_tasks"
	commands  = "command_entities"
	versions  = "schema_migrations"
)

// own is what is coco's in a database.
type own struct {
	parked    map[string]string           // the engine's procedures in schema coco, with the names that they have in public
	originals map[string]*catalog.Routine // the same, by these names
	installed map[string]installed        // by signature: public.insertasync_tasks(integer, uuid)
	owner     string                      // of the engine's tables
	columns   []column                    // of async_tasks that move, wherever they are now
}

// installed is a procedure as coco made it. Body is the MD5 of it.
type installed struct{ Signature, Name, Body, Definition string }

// column is what hangs on a column that moves.
type column struct {
	Name, Description             string
	Grants                        []string
	Statistics                    int32
	Storage, Compression, Options string
}

// movedType is the type of a column of async_tasks that contract drops, and whether it is one.
func movedType(column string) (string, bool) {
	switch column {
	case "action_parameters", "task_parameters":
		return "text", true
	case "action_params_class", "task_params_class":
		return "character varying(256)", true
	case "root_command_id":
		return "uuid", true
	}
	return "", false
}

func hasTable(c *catalog.Catalog, schema, name string) bool { return table(c, schema, name) != nil }

func table(c *catalog.Catalog, schema, name string) *catalog.Table {
	i := slices.IndexFunc(c.Tables, func(t catalog.Table) bool { return t.Schema == schema && t.Name == name })
	if i < 0 {
		return nil
	}
	return &c.Tables[i]
}

// fresh says whether the database belongs to no engine yet: all that it has was made by the first migration, if anything is there.
func fresh(c *catalog.Catalog) bool {
	return !slices.ContainsFunc(c.Tables, func(t catalog.Table) bool {
		return t.Schema != ownSchema && (t.Schema != public || !slices.Contains([]string{tasks, "async_tasks_entities", commands, versions}, t.Name))
	})
}

// madeFirst are what the first migration makes in an empty database, tables aside.
var madeFirst = []string{
	"iduuidtype", "async_tasks_info_rs", "insertasynctaskentities", "getasynctasksidsbyentityid", "getasynctaskentitiesbytaskid",
	"getasynctasksbystoragepoolid", "deleteasync_tasks", "deleteasynctasksbyvdsmtaskid",
}

// prepare finds the engine's procedures that wait in schema coco, and who owns the engine's tables.
func (o *own) prepare(c *catalog.Catalog) {
	if t := table(c, public, tasks); t != nil {
		o.owner = t.Owner
	}
	for _, r := range c.Routines {
		if name, ok := o.parked[r.Name]; ok && r.Schema == ownSchema {
			r = original(r, name)
			o.originals[name] = &r
		}
	}
}

// original is a procedure as it was before it was put away.
func original(r catalog.Routine, name string) catalog.Routine {
	put := " " + ownSchema + "." + r.Name + "("
	r.Definition = strings.Replace(r.Definition, put, " "+public+"."+name+"(", 1)
	r.Schema, r.Name = public, name
	return r
}

// ownTrigger says whether a trigger is one that coco has put on async_tasks or command_entities.
func ownTrigger(g catalog.Trigger) bool {
	return strings.HasPrefix(g.Name, "coco_") && strings.Contains(g.Definition, " EXECUTE FUNCTION "+ownSchema+".")
}

// routine says whether a procedure is coco's and still as coco has left it: what it was made with, and dressed like the one that it
// stands for.
func (o *own) routine(r catalog.Routine) bool {
	made, ok := o.installed[unquoted(r.Schema+"."+r.Name+"("+r.Arguments+")")]
	if !ok {
		return false
	}
	sum := md5.Sum([]byte(r.Body)) //nolint:gosec // see above
	if hex.EncodeToString(sum[:]) != made.Body || head(r.Definition) != head(made.Definition) {
		return false
	}
	like := o.originals[made.Name]
	if like == nil {
		return r.Owner == o.owner && !r.SecurityDefiner && len(r.Settings) == 0
	}
	return r.Owner == like.Owner && r.Comment == like.Comment && r.SecurityDefiner == like.SecurityDefiner && r.Cost == like.Cost &&
		r.Rows == like.Rows && slices.Equal(slices.Sorted(slices.Values(r.Settings)), slices.Sorted(slices.Values(like.Settings))) &&
		maps.Equal(callers(r), callers(*like))
}

// dressing is what a procedure takes over from the one that it stands for, in a definition.
var dressing = regexp.MustCompile(`(?m)^ SET .*\n| SECURITY DEFINER| (COST|ROWS) [0-9.e+]+`)

// head is what stands before the body of a definition, but for the dressing.
func head(definition string) string {
	before, _, _ := strings.Cut(definition, "\nAS ")
	return strings.Join(strings.Fields(unquoted(dressing.ReplaceAllString(before+"\n", ""))), " ")
}

// callers are who may call a procedure besides its owner, and whether they may pass that on.
func callers(r catalog.Routine) map[string]bool {
	found := map[string]bool{}
	for _, g := range r.Grants {
		if g.Role != r.Owner {
			found[g.Role] = found[g.Role] || g.Option
		}
	}
	return found
}
