package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/render/graph"
	"github.com/ovirt/coco/upgrade/review/routine"
)

func routineNamed(name, arguments string) catalog.Object {
	return catalog.Object{Kind: catalog.KindRoutine, Schema: "public", Name: name, Arguments: arguments}
}

func reads(schema, table string) routine.Refers {
	return routine.Refers{Tables: []routine.TableUse{{Name: routine.Name{Schema: schema, Name: table}, Read: true}}}
}

func TestWhatARoutineDoesBeforeAndAfterIsOneUse(t *testing.T) {
	was := routineNamed("put", "integer, text")
	touches := []review.Touch{
		{Object: was, Uses: reads("", "tasks"), Callers: []catalog.Object{routineNamed("all", "")}},
		{Object: routineNamed("put", "integer"), After: true, Uses: reads("public", "tasks")},
		{Object: routineNamed("get", ""), Uses: reads("", "tasks")},
		{Object: routineNamed("get", ""), After: true, Uses: reads("coco", "task")},
		{Object: routineNamed("idle", ""), Uses: reads("", "tasks")},
		{Object: routineNamed("fresh", ""), After: true, Uses: routine.Refers{Tables: []routine.TableUse{
			{Name: routine.Name{Name: "tasks"}, Insert: true}, {Name: routine.Name{Name: "tasks"}, Update: true},
		}}},
		{Object: routineNamed("dropped", ""), Uses: reads("", "tasks")},
	}
	changes := []change.Change{
		{Sort: change.Signature, Object: routineNamed("put", "integer"), Was: &was},
		{Sort: change.Changed, Object: routineNamed("get", "")},
		{Sort: change.Added, Object: routineNamed("fresh", "")},
		{Sort: change.Removed, Object: routineNamed("dropped", "")},
	}
	var got []string
	for _, r := range graph.Read(touches, changes) {
		for _, u := range r.Uses {
			got = append(got, fmt.Sprintf("%s %s %v: %s %s, %s", r.Name, r.State, r.Callers, u.Table, u.State, u.Does()))
		}
	}
	want := []string{
		"dropped() gone []: tasks gone, select → nothing",
		"fresh() new []: tasks new, nothing → insert, update",
		"get() stays []: coco.task new, nothing → select",
		"get() stays []: tasks gone, select → nothing",
		"idle() stays []: tasks stays, select",
		"put(integer) stays [all()]: tasks stays, select",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestADrawingSaysWhatItHasNoRoomFor(t *testing.T) {
	var touches []review.Touch
	for i := range 300 {
		touches = append(touches, review.Touch{Object: routineNamed(fmt.Sprintf("r%03d", i), ""), Uses: reads("", fmt.Sprintf("t%02d", i%30))})
	}
	changes := []change.Change{{Sort: change.Changed, Object: routineNamed("r007", "")}}
	routines := graph.Read(touches, changes)
	drawing := graph.Draw(routines)
	if len(drawing.Routines)+drawing.LeftRoutines != 300 || len(drawing.Tables)+drawing.LeftTables != 30 || drawing.LeftTables == 0 {
		t.Errorf("%d routines and %d left out, %d tables and %d left out", len(drawing.Routines), drawing.LeftRoutines, len(drawing.Tables), drawing.LeftTables)
	}
	if len(drawing.Edges) != len(drawing.Routines) {
		t.Errorf("%d lines", len(drawing.Edges))
	}
	for _, node := range append(drawing.Routines, drawing.Tables...) {
		if node.Y <= 0 || node.Y >= drawing.Height || node.X <= 0 || node.X >= drawing.Width {
			t.Errorf("%s is at %d, %d, outside of %d, %d", node.Name, node.X, node.Y, drawing.Width, drawing.Height)
		}
	}
	changed := false
	for _, node := range drawing.Routines {
		changed = changed || node.Name == "r007()" && node.Changes
	}
	if !changed {
		t.Error("the one that changes is not drawn")
	}
	if empty := graph.Draw(nil); len(empty.Routines)+len(empty.Edges) > 0 {
		t.Error("nothing is something")
	}
}
