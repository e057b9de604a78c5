package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ovirt/coco/internal/markdown"
	"github.com/ovirt/coco/upgrade"
)

func guide(t *testing.T, name string) *markdown.Document {
	t.Helper()
	return document(t, filepath.Join(repository, "docs", name))
}

// serverMessages are documented although they are not ours: PostgreSQL's own, and pgx's.
var serverMessages = []string{
	"permission denied for …", "must be owner of …", "password authentication failed for user …",
	"no pg_hba.conf entry for host …", "database … does not exist", "could not extend file …: No space left on device",
	"cannot drop table … because other objects depend on it: …",
	"could not write to file …: No space left on device",
}

func TestEveryMessageInTheDocsExistsAndEveryRefusalIsDocumented(t *testing.T) {
	all, refusals := messages(t)
	documented := map[string]bool{}
	doc := guide(t, "troubleshooting.md")
	lines := strings.Split(doc.Text(), "\n")
	for _, span := range doc.Spans {
		if !strings.HasPrefix(lines[span.Line-1], "- `") {
			continue
		}
		message := normal(span.Text)
		documented[message] = true
		if !all[message] && !slices.Contains(serverMessages, message) {
			t.Errorf("%s:%d: nothing says %q", doc.Path, span.Line, message)
		}
	}
	for message, where := range refusals {
		if !documented[message] {
			t.Errorf("%s: %s does not explain %q", where, doc.Path, message)
		}
	}
}

func TestEverySQLSTATEOfOursIsDocumented(t *testing.T) {
	text := guide(t, "troubleshooting.md").Text()
	for _, file := range schemaFiles(t) {
		for _, code := range regexp.MustCompile(`'(CO\d+)'`).FindAllStringSubmatch(file.text, -1) {
			if !strings.Contains(text, "`"+code[1]+"`") {
				t.Errorf("%s raises %s, which is not explained", file.path, code[1])
			}
		}
	}
}

func TestEveryExitCodeIsDocumented(t *testing.T) {
	doc := guide(t, "exit-codes.md")
	rows := doc.Tables("code", "meaning", "what a script does")
	for _, table := range [][][]string{rows, document(t, filepath.Join(repository, "README.md")).Tables("exit code", "meaning")} {
		var codes []string
		for _, row := range table {
			codes = append(codes, row[0])
		}
		if want := []string{"0", "1", "2", "3", "4", "5"}; !slices.Equal(codes, want) {
			t.Errorf("exit codes %v are documented, want %v", codes, want)
		}
	}
	want := [][2]string{{"`error`", strconv.Itoa(exitFailure)}, {"`usage`", strconv.Itoa(exitUsage)}}
	for _, kind := range kinds {
		want = append(want, [2]string{"`" + kind.name + "`", strconv.Itoa(kind.code)})
	}
	var got [][2]string
	for _, row := range doc.Tables("kind", "code", "") {
		got = append(got, [2]string{row[0], row[1]})
	}
	for _, kind := range want {
		if !slices.Contains(got, kind) {
			t.Errorf("%s: no row for kind %s with exit code %s", doc.Path, kind[0], kind[1])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d kinds, want %d", doc.Path, len(got), len(want))
	}
}

func TestEveryCommandAndPhaseIsInTheGuides(t *testing.T) {
	exitCodes, operators := guide(t, "exit-codes.md").Text(), guide(t, "operators-guide.md").Text()
	a := &app{console: newConsole(os.Stdout, os.Stderr)}
	for _, cmd := range a.newRoot().Commands() {
		if cmd.Runnable() && !strings.Contains(exitCodes, "`upgrade "+cmd.Name()) {
			t.Errorf("exit-codes.md does not name the command %s", cmd.Name())
		}
	}
	for _, phase := range upgrade.Phases() {
		if !strings.Contains(operators, "`"+string(phase)+"`") {
			t.Errorf("operators-guide.md does not name the phase %s", phase)
		}
	}
}

type sqlFile struct{ path, text string }

func schemaFiles(t *testing.T) []sqlFile {
	t.Helper()
	var files []sqlFile
	err := filepath.WalkDir(filepath.Join(repository, "sql"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".sql" {
			return err
		}
		text, err := os.ReadFile(path)
		files = append(files, sqlFile{path, string(text)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// raised finds the texts of errors in SQL. Those of the checks are the sentences that begin with a small letter or a name: hints begin
// with a capital.
var (
	raised      = regexp.MustCompile(`RAISE EXCEPTION '((?:[^']|'')*)'`)
	literal     = regexp.MustCompile(`'((?:[^']|'')*)'`)
	sentence    = regexp.MustCompile(`^([a-z_]+|%[sI]),?( [^ ]+){4,}$|^[a-z_]+( [^ %]+){3}$`)
	comment     = regexp.MustCompile(`--[^\n]*`)
	placeholder = regexp.MustCompile(`%[sI]?`)
	// noReasons are how other sentences of the checks begin: a type, a subject, a hint, the ends of a reason.
	noReasons = []string{
		"timestamp with", "uuid, uuid", "coco upgrades databases",
	}
)

// messages returns all texts that an error may have, with "…" for what is put in, and those that have to be documented, with where
// they are.
func messages(t *testing.T) (all map[string]bool, refusals map[string]string) {
	t.Helper()
	all, refusals = map[string]bool{}, map[string]string{}
	for _, file := range schemaFiles(t) {
		texts := raised.FindAllStringSubmatch(file.text, -1)
		if filepath.Base(filepath.Dir(file.path)) == "checks" {
			texts = slices.DeleteFunc(literal.FindAllStringSubmatch(comment.ReplaceAllString(file.text, ""), -1), func(m []string) bool {
				return !sentence.MatchString(m[1]) || slices.ContainsFunc(noReasons, func(start string) bool { return strings.HasPrefix(m[1], start) })
			})
		}
		for _, m := range texts {
			message := normal(placeholder.ReplaceAllString(strings.ReplaceAll(m[1], "''", "'"), "…"))
			all[message] = true
			if strings.Trim(message, "…") != "" {
				refusals[message] = file.path
			}
		}
	}
	for _, dir := range []string{"upgrade", "upgrade/connect", "upgrade/driver", "upgrade/review/approval", "cmd/upgrade", "commands"} {
		paths, err := filepath.Glob(filepath.Join(repository, dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if !strings.HasSuffix(path, "_test.go") {
				goMessages(t, path, all, refusals)
			}
		}
	}
	return all, refusals
}

// goMessages collects the texts in a Go file. Those of an Error's Reason have to be documented.
func goMessages(t *testing.T, path string, all map[string]bool, refusals map[string]string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		if text, ok := node.(ast.Expr); ok {
			if message := template(text); message != "" {
				all[message] = true
			}
		}
		literal, ok := node.(*ast.CompositeLit)
		if !ok {
			return true
		}
		if name, ok := literal.Type.(*ast.Ident); !ok || name.Name != "Error" {
			return true
		}
		for _, element := range literal.Elts {
			field, ok := element.(*ast.KeyValueExpr)
			if !ok || fmt.Sprint(field.Key) != "Reason" {
				continue
			}
			if message := template(field.Value); strings.Trim(message, "…") != "" {
				refusals[message] = files.Position(field.Pos()).String()
			}
		}
		return true
	})
}

// template is the text of an expression, with "…" for what is known only when it runs.
func template(expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return ""
		}
		text, _ := strconv.Unquote(e.Value) // it has been parsed
		return normal(verb.ReplaceAllString(text, "…"))
	case *ast.BinaryExpr:
		return normal(part(e.X) + part(e.Y))
	case *ast.CallExpr:
		if len(e.Args) > 0 {
			return template(e.Args[0])
		}
	}
	return ""
}

func part(expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.BinaryExpr:
		return part(e.X) + part(e.Y)
	}
	return "…"
}

var (
	verb   = regexp.MustCompile(`%[a-z]`)
	gap    = regexp.MustCompile(`…+`)
	spaces = regexp.MustCompile(`\s+`)
)

func normal(text string) string {
	return strings.TrimSpace(spaces.ReplaceAllString(gap.ReplaceAllString(text, "…"), " "))
}
