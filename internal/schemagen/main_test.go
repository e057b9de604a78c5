package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sqlDir = "../../sql"

func TestMigrationsHoldWhatTheirSourcesSay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(sqlDir, "schema", "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d migrations, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := expand(string(text), sqlDir)
		if err != nil {
			t.Fatal(err)
		}
		if want != string(text) {
			t.Errorf("%s is not what its sources say: run make generate", filepath.Base(file))
		}
	}
}

func TestReleasedMigrationsNeverChange(t *testing.T) {
	t.Parallel()
	if err := checkReleased(filepath.Join(sqlDir, "schema")); err != nil {
		t.Error(err)
	}

	dir := t.TempDir()
	write(t, filepath.Join(dir, "000001_a.up.sql"), "SELECT 1;\n")
	sum := sha256.Sum256([]byte("SELECT 1;\n"))
	write(t, filepath.Join(dir, "released.sha256"), "# released\n"+hex.EncodeToString(sum[:])+"  000001_a.up.sql\n")
	if err := checkReleased(dir); err != nil {
		t.Errorf("an unchanged file: %v", err)
	}
	write(t, filepath.Join(dir, "000001_a.up.sql"), "SELECT 2;\n")
	if err := checkReleased(dir); err == nil {
		t.Error("a changed file is not noticed")
	}
}

func TestExpandReplacesWhatStandsInAnInclude(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, sub := range []string{"procedures", "checks"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "checks", "c.sql"), "-- why\nSELECT 1;\n")
	write(t, filepath.Join(dir, "procedures", "p.sql"), "-- about\n\n-- section one\nONE\n\n-- section two\nTWO\n")
	for _, test := range []struct{ name, migration, want, problem string }{
		{"nothing to include", "SELECT 1;\n", "SELECT 1;\n", ""},
		{"a section", "a\n-- coco:include p.sql two\nold\n-- coco:end\nb\n",
			"a\n-- coco:include p.sql two\n\nTWO\n\n-- coco:end\nb\n", ""},
		{"a query", "FOR r IN\n-- coco:query c.sql\nold;\n-- coco:end\nLOOP\n",
			"FOR r IN\n-- coco:query c.sql\n\n-- why\nSELECT 1\n\n-- coco:end\nLOOP\n", ""},
		{"no such query", "-- coco:query p.sql\n-- coco:end\n", "", "no such file"},
		{"no such section", "-- coco:include p.sql three\n-- coco:end\n", "", "has no section three"},
		{"no end", "-- coco:include p.sql one\n", "", "without its end"},
		{"nested", "-- coco:include p.sql one\n-- coco:include p.sql two\n-- coco:end\n", "", "inside an include"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := expand(test.migration, dir)
			if test.problem == "" && (err != nil || got != test.want) {
				t.Errorf("got %q, %v", got, err)
			}
			if test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)) {
				t.Errorf("got %v, want %s", err, test.problem)
			}
		})
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
