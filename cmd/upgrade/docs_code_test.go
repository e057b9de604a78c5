package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCodeInTheDocsIsThatOfTheExamples compares every block of Go with the function it names. With -update it writes the
// body into the document.
func TestCodeInTheDocsIsThatOfTheExamples(t *testing.T) {
	for _, doc := range documents(t) {
		fresh := map[int][]string{}
		for number, block := range doc.Blocks {
			if _, skipped := directive(block, "skip"); block.Info != "go" || skipped {
				continue
			}
			names, _ := directive(block, "code")
			file, name, ok := strings.Cut(names, " ")
			if !ok {
				t.Errorf("%s:%d: say which function this is with: <!-- test: code FILE NAME -->", doc.Path, block.Line)
				continue
			}
			body := exampleBody(t, filepath.Join(repository, file), name)
			if slices.Equal(body, block.Lines) {
				continue
			}
			if !*update {
				t.Errorf("%s:%d: this is not what stands in %s (-update writes it there):\n%s", doc.Path, block.Line, name, strings.Join(body, "\n"))
			}
			fresh[number] = body
		}
		if *update && len(fresh) > 0 {
			if err := os.WriteFile(doc.Path, []byte(doc.Replace(fresh)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// exampleBody is what stands in an example, without its first statement if that only makes a database; of another function all.
func exampleBody(t *testing.T, path, name string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		function, ok := decl.(*ast.FuncDecl)
		if !ok || function.Name.Name != name {
			continue
		}
		if !strings.HasPrefix(name, "Example") {
			return strings.Split(string(text[files.Position(function.Pos()).Offset:files.Position(function.End()).Offset]), "\n")
		}
		from := files.Position(function.Body.Lbrace).Offset + 1
		if first, ok := function.Body.List[0].(*ast.DeferStmt); ok {
			from = files.Position(first.End()).Offset
		}
		lines := strings.Split(strings.Trim(string(text[from:files.Position(function.Body.Rbrace).Offset]), "\n"), "\n")
		for i := range lines {
			lines[i] = strings.TrimPrefix(lines[i], "\t")
		}
		return lines
	}
	t.Fatalf("%s has no function %s", path, name)
	return nil
}
