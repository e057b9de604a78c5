package release_test

import (
	"os"
	"strings"
	"testing"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/release"
)

func TestFingerprintIgnoresWhatMakesNoDifference(t *testing.T) {
	const body = "BEGIN\n\tUPDATE Tasks SET a = 'It''s', n=-1 WHERE id=v_id; -- why\nEND;"
	for name, same := range map[string]string{
		"case":           "begin\n\tupdate tasks set A = 'It''s', N=-1 where ID=V_ID; -- why\nend;",
		"white space":    "BEGIN UPDATE Tasks SET a='It''s',n = - 1 WHERE id = v_id ;END ;",
		"comments":       "/* a /* b */ c */BEGIN\r\n--x\nUPDATE Tasks/**/SET a = 'It''s', n=-1 WHERE id=v_id; END;--",
		"another margin": "\n\n  BEGIN\n      UPDATE Tasks SET a = 'It''s', n=-1 WHERE id=v_id; END;\n\n",
	} {
		if release.Fingerprint(same) != release.Fingerprint(body) {
			t.Errorf("%s makes a difference", name)
		}
	}
	for name, other := range map[string]string{
		"the case of a text":        strings.Replace(body, "It", "it", 1),
		"white space in a text":     strings.Replace(body, "It''s", "It''s ", 1),
		"a comment sign in a text":  strings.Replace(body, "'It''s'", "'It--s'", 1),
		"the case of a quoted name": strings.Replace(body, "Tasks", `"Tasks"`, 1),
		"an operator":               strings.Replace(body, "id=v_id", "id<>v_id", 1),
		"a number":                  strings.Replace(body, "-1", "-2", 1),
		"a statement more":          strings.Replace(body, "END;", "RETURN; END;", 1),
	} {
		if release.Fingerprint(other) == release.Fingerprint(body) {
			t.Errorf("%s makes no difference", name)
		}
	}
}

func TestScanFindsWhatAScriptCreates(t *testing.T) {
	found := release.Scan(`\set ON_ERROR_STOP on
		SELECT 'create function no() as $$ $$';
		Create or replace FUNCTION One(v integer, w text DEFAULT 'as') RETURNS VOID -- AS 'not this'
		AS $procedure$ BEGIN PERFORM $$x;y$$; END; $procedure$ LANGUAGE plpgsql;
		CREATE FUNCTION "Other".two() RETURNS text LANGUAGE sql AS 'SELECT ''a;b''';
		CREATE TABLE t (a text DEFAULT 'create function');
		CREATE PROCEDURE public.three() LANGUAGE plpgsql AS $$BEGIN END$$`)
	want := []release.Definition{
		{Name: "one", Body: " BEGIN PERFORM $$x;y$$; END; "},
		{Schema: "Other", Name: "two", Body: "SELECT 'a;b'"},
		{Schema: "public", Name: "three", Body: "BEGIN END"},
	}
	if len(found) != len(want) {
		t.Fatalf("found %+v", found)
	}
	for i := range want {
		if found[i] != want[i] {
			t.Errorf("found %+v, want %+v", found[i], want[i])
		}
	}
}

func TestNoTextMakesTheScannerFail(*testing.T) {
	for _, text := range []string{"$", "$$", "$a$", "'", `"`, "--", "/*", "e'\\", "create function", "create or replace function a.", "create function f as", ":", "\xff"} {
		for _, after := range []string{"", text, " x"} {
			release.Scan(text + after)
			release.Fingerprint(text + after)
		}
	}
}

// routines are those that a script creates in public.
func routines(script string) []catalog.Routine {
	var all []catalog.Routine
	for _, d := range release.Scan(script) {
		if d.Schema != "public" {
			continue
		}
		r := catalog.Routine{Body: d.Body}
		r.Kind, r.Schema, r.Name = catalog.KindRoutine, d.Schema, d.Name
		all = append(all, r)
	}
	return all
}

func TestEveryProcedureOfTheDemonstrationIsKnown(t *testing.T) {
	known, err := release.Procedures()
	if err != nil {
		t.Fatal(err)
	}
	all := routines(enginedb.FixtureSQL())
	found := known.Compare(all)
	if len(all) < 15 || found.Release != release.Demo || found.Equal != len(all) {
		t.Errorf("%d of %d are those of %s: %+v; write releases.txt anew", found.Equal, len(all), found.Release, found)
	}
}

func TestEditedProcedureIsTold(t *testing.T) {
	known, err := release.Procedures()
	if err != nil {
		t.Fatal(err)
	}
	all := routines(enginedb.FixtureSQL())
	for i := range all {
		switch all[i].Name {
		case "deletejob":
			all[i].Body = strings.Replace(all[i].Body, "BEGIN", "BEGIN\n    RAISE DEBUG 'edited';", 1)
		case "getjobbyjobid":
			all[i].Body = "-- read again\n" + strings.ToLower(all[i].Body)
		}
	}
	mine := catalog.Routine{Body: "BEGIN END"}
	mine.Schema, mine.Name = "public", "no_release_has_this"
	found := known.Compare(append(all, mine))
	if len(found.Edited) != 1 || found.Edited[0].Name != "deletejob" || found.Equal != len(all)-1 {
		t.Errorf("edited: %+v; equal: %d of %d", found.Edited, found.Equal, len(all))
	}
	if len(found.Foreign) != 1 || found.Foreign[0].Name != mine.Name || found.Compared() != len(all) {
		t.Errorf("foreign: %+v", found.Foreign)
	}
}

// A plain dump of a real database, where there is one: each of its procedures is that of its release, but for those that make tables WITH
// OIDS, which PostgreSQL 12 no longer knows: whoever moved the database there had to edit them.
func TestDumpOfARealEngineHasTheProceduresOfItsRelease(t *testing.T) {
	file := os.Getenv("ENGINE_DUMP")
	if file == "" {
		t.Skip("ENGINE_DUMP names no dump")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	known, err := release.Procedures()
	if err != nil {
		t.Fatal(err)
	}
	all := routines(string(text))
	found := known.Compare(all)
	t.Logf("%d of %d procedures are those of release %s", found.Equal, len(all), found.Release)
	for _, r := range append(append(found.Edited, found.Foreign...), found.Other...) {
		if !strings.Contains(r.Body, "WITHOUT OIDS") {
			t.Errorf("%s is not", r.Name)
		}
	}
}
