package upgrade_test

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/ovirt/coco/sql"
	"github.com/ovirt/coco/upgrade"
)

// chainOf makes the files of a chain: "expand a" is a version of phase expand called a.
func chainOf(versions ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i, version := range versions {
		phase, name, _ := strings.Cut(version, " ")
		file := fmt.Sprintf("%06d_%s", i+1, name)
		fsys[file+".up.sql"] = &fstest.MapFile{Data: []byte("-- coco:phase " + phase + "\nSELECT 1;\n")}
		fsys[file+".down.sql"] = &fstest.MapFile{Data: []byte("SELECT 1;\n")}
	}
	return fsys
}

func with(fsys fstest.MapFS, name, text string) fstest.MapFS {
	changed := fstest.MapFS{}
	maps.Copy(changed, fsys)
	changed[name] = &fstest.MapFile{Data: []byte(text)}
	return changed
}

func without(fsys fstest.MapFS, name string) fstest.MapFS {
	changed := with(fsys, name, "")
	delete(changed, name)
	return changed
}

func TestChainOfTheProgramHasEveryPhaseWhereItBelongs(t *testing.T) {
	files, err := fs.Sub(sql.Schema, "schema")
	if err != nil {
		t.Fatal(err)
	}
	chain, err := upgrade.LoadChain(files)
	if err != nil {
		t.Fatal(err)
	}
	ends := map[upgrade.Phase]int64{
		upgrade.Expand: 2, upgrade.Backfill: 4, upgrade.Prove: 5, upgrade.Switch: 8, upgrade.Contract: 9, upgrade.Retire: 10,
	}
	for phase, end := range ends {
		if got := chain.End(phase); got != end {
			t.Errorf("%s ends with version %d, want %d", phase, got, end)
		}
	}
}

func TestChainRefusesFilesThatDoNotFit(t *testing.T) {
	good := chainOf("expand a", "prove b")
	for name, test := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"no files":             {fstest.MapFS{"README.md": {}}, "there are no migrations"},
		"no way down":          {without(good, "000002_b.down.sql"), "every one needs both files"},
		"down of another name": {with(without(good, "000002_b.down.sql"), "000002_c.down.sql", ""), "has no file that goes down"},
		"a version twice": {with(with(good, "000002_c.up.sql", "-- coco:phase prove"), "000002_c.down.sql", ""),
			"have the same version"},
		"version 0":            {with(good, "000000_z.up.sql", "-- coco:phase expand"), "versions start at 1"},
		"no phase":             {with(good, "000002_b.up.sql", "SELECT 1;"), "does not begin with a line"},
		"phase behind the SQL": {with(good, "000002_b.up.sql", "SELECT 1;\n-- coco:phase prove"), "does not begin with a line"},
		"unknown phase":        {with(good, "000002_b.up.sql", "-- coco:phase proof"), "one of expand, backfill, prove"},
		"unknown lock mode":    {with(good, "000002_b.down.sql", "-- coco:lock toy SHARED\nSELECT 1;"), "no lock mode is called"},
		"phases out of order":  {chainOf("expand a", "switch b", "prove c"), "phase prove stands behind switch"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := upgrade.LoadChain(test.files)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestPhaseMayStandBelowOtherComments(t *testing.T) {
	files := with(chainOf("expand a"), "000001_a.up.sql", "\n-- What it is for.\n--\n  -- coco:phase contract \nSELECT 1;")
	chain, err := upgrade.LoadChain(files)
	if err != nil {
		t.Fatal(err)
	}
	if phase := chain.Ups()[0].Phase; phase != upgrade.Contract {
		t.Errorf("phase %q", phase)
	}
}

func TestHeadersSayWhatAStepDoesAndLocks(t *testing.T) {
	files := with(chainOf("expand a"), "000001_a.down.sql", "-- coco:lock b access  share\n-- Puts 3.4 back:\n-- all of it. Really.\n"+
		"-- coco:lock a ACCESS EXCLUSIVE\n-- coco:rewrites a\n\n-- coco:include x.sql\n-- coco:lock c EXCLUSIVE\nSELECT 1;")
	chain, err := upgrade.LoadChain(files)
	if err != nil {
		t.Fatal(err)
	}
	step := chain.Downs()[0]
	if step.Summary != "Puts 3.4 back: all of it" {
		t.Errorf("summary %q", step.Summary)
	}
	if got := fmt.Sprint(step.Locks, step.Rewrites); got != "[a access exclusive b access share] [a]" {
		t.Errorf("locks %s", got)
	}
}

func TestLineageTellsChainsApart(t *testing.T) {
	lineages := func(files fs.FS) []string {
		chain, err := upgrade.LoadChain(files)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, step := range chain.Ups() {
			all = append(all, step.Lineage)
		}
		return all
	}
	base := lineages(chainOf("expand a", "expand b", "expand c"))
	if !slices.Equal(base, lineages(chainOf("expand a", "expand b", "expand c"))) {
		t.Error("equal chains differ")
	}
	edited := lineages(with(chainOf("expand a", "expand b", "expand c"), "000002_b.up.sql", "-- coco:phase expand\nSELECT 2;"))
	renamed := lineages(chainOf("expand a", "expand x", "expand c"))
	for name, other := range map[string][]string{"edited": edited, "renamed": renamed} {
		if base[0] != other[0] {
			t.Errorf("%s: the version before it has another lineage", name)
		}
		if base[1] == other[1] || base[2] == other[2] {
			t.Errorf("%s: it or the version behind it has the same lineage", name)
		}
	}
}

func TestParsePhaseNamesThoseThereAre(t *testing.T) {
	for _, phase := range upgrade.Phases() {
		if got, err := upgrade.ParsePhase(strings.ToUpper(string(phase))); got != phase || err != nil {
			t.Errorf("%s: %q, %v", phase, got, err)
		}
	}
	if _, err := upgrade.ParsePhase("proof"); err == nil || !strings.Contains(err.Error(), "prove") {
		t.Errorf("got %v", err)
	}
}

func TestProgramIsEverythingThatUpMayRunOnTheWayToAPhase(t *testing.T) {
	upgrader, _ := newUpgrader(t, "postgres://localhost/nowhere")
	chain := upgrader.Chain()
	for _, test := range []struct {
		to      upgrade.Phase
		last    int64
		kinds   []upgrade.Kind
		without []upgrade.Kind
	}{
		{"", chain.Last(), []upgrade.Kind{
			upgrade.KindMend, upgrade.KindMoveIn, upgrade.KindAlone, upgrade.KindBackfill, upgrade.KindDrain, upgrade.KindCatchUp,
		}, nil},
		{upgrade.Contract, chain.End(upgrade.Contract), []upgrade.Kind{upgrade.KindMend, upgrade.KindMoveIn, upgrade.KindDrain}, []upgrade.Kind{upgrade.KindAlone}},
		{upgrade.Expand, chain.End(upgrade.Expand), []upgrade.Kind{upgrade.KindMend, upgrade.KindMoveIn}, []upgrade.Kind{upgrade.KindBackfill}},
	} {
		program, err := chain.Program(test.to)
		if err != nil {
			t.Fatal(err)
		}
		seen, versions := map[upgrade.Kind]bool{}, []int64{}
		for i, a := range program {
			seen[a.Kind] = true
			if a.Kind == upgrade.KindApply {
				versions = append(versions, a.Version)
			}
			if a.Number != i+1 || a.SQL == "" {
				t.Errorf("to %q: action %d is %+v", test.to, i+1, a)
			}
		}
		if len(versions) != int(test.last) || !slices.IsSorted(versions) || versions[len(versions)-1] != test.last {
			t.Errorf("to %q: it applies %v", test.to, versions)
		}
		for _, kind := range test.kinds {
			if !seen[kind] {
				t.Errorf("to %q: it lacks %s", test.to, kind)
			}
		}
		for _, kind := range test.without {
			if seen[kind] {
				t.Errorf("to %q: it has %s", test.to, kind)
			}
		}
	}
	if _, err := chain.Program("nowhere"); err == nil {
		t.Error("it goes to a phase that is none")
	}
}
