// Schemagen writes the procedures of sql/procedures into the migrations that install them, and the queries of sql/checks into those
// that refuse by them.
//
// A migration says where with a pair of comment lines:
//
//	-- coco:include FILE [SECTION]
//	-- coco:end
//
// What stands between them is replaced by the file, or by the part of it below the line "-- section SECTION". With
//
//	-- coco:query FILE
//
// it is a query of sql/checks without the semicolon at its end, so that it can stand in a loop. Migrations that
// are listed in released.sha256 are never touched: they are what databases in the field were upgraded with.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: schemagen SQL_DIRECTORY")
		os.Exit(2)
	}
	if err := generate(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

func generate(dir string) error {
	released, err := readReleased(filepath.Join(dir, "schema"))
	if err != nil {
		return err
	}
	if err := checkReleased(filepath.Join(dir, "schema")); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "schema", "*.sql"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if released[filepath.Base(file)] != "" {
			continue
		}
		before, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		after, err := expand(string(before), dir)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if after == string(before) {
			continue
		}
		if err := os.WriteFile(file, []byte(after), 0o644); err != nil { //nolint:gosec // a source file, for everybody to read
			return err
		}
	}
	return nil
}

// expand returns the migration with every include filled anew from the directories procedures and checks in dir.
func expand(migration, dir string) (string, error) {
	var out strings.Builder
	inside := false
	for line := range strings.Lines(migration) {
		if strings.HasPrefix(line, "-- coco:end") {
			inside = false
		}
		if !inside {
			out.WriteString(line)
		}
		comment, _ := strings.CutPrefix(strings.TrimSpace(line), "-- ")
		kind, what, _ := strings.Cut(comment, " ")
		if kind != "coco:include" && kind != "coco:query" {
			continue
		}
		if inside {
			return "", fmt.Errorf("an include inside an include: %s", strings.TrimSpace(line))
		}
		inside = true
		text, err := source(dir, kind, what)
		if err != nil {
			return "", err
		}
		out.WriteString("\n" + text + "\n\n")
	}
	if inside {
		return "", fmt.Errorf("an include without its end")
	}
	return out.String(), nil
}

// source returns what a directive asks for.
func source(dir, kind, what string) (string, error) {
	if kind == "coco:query" {
		text, err := read(filepath.Join(dir, "checks", what), "")
		return strings.TrimSuffix(text, ";"), err
	}
	file, section, _ := strings.Cut(what, " ")
	return read(filepath.Join(dir, "procedures", file), section)
}

// read returns the file, or the part of it between "-- section NAME" and the next section.
func read(file, section string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if section == "" {
		return strings.TrimSpace(string(text)), nil
	}
	_, after, found := strings.Cut(string(text), "-- section "+section+"\n")
	if !found {
		return "", fmt.Errorf("%s has no section %s", file, section)
	}
	part, _, _ := strings.Cut(after, "\n-- section ")
	return strings.TrimSpace(part), nil
}

// readReleased returns the checksum of each released migration, from a file in sha256sum's format.
func readReleased(schema string) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(schema, "released.sha256"))
	if err != nil {
		return nil, err
	}
	released := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] != "#" {
			released[fields[1]] = fields[0]
		}
	}
	return released, nil
}

// checkReleased fails when a released migration is not what it was when it was released.
func checkReleased(schema string) error {
	released, err := readReleased(schema)
	if err != nil {
		return err
	}
	for name, want := range released {
		text, err := os.ReadFile(filepath.Join(schema, name))
		if err != nil {
			return fmt.Errorf("a released migration: %w", err)
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != want {
			return fmt.Errorf("%s is released and must not change: write a new migration instead", name)
		}
	}
	return nil
}
