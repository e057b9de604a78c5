package render_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/render"
)

const schemaFile = "../../../docs/review.schema.json"

// The schema is made of the types, and of the comments on them: it cannot say anything else than the code.
func TestTheSchemaOfTheJSONIsThatOfTheTypes(t *testing.T) {
	s := &schemas{definitions: map[string]any{}, sources: map[string]*source{}}
	root := s.of(t, reflect.TypeFor[review.Report]())
	document := map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "What upgrade review --format json writes",
		"$ref": root["$ref"], "$defs": s.definitions,
	}
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, schemaFile, string(text)+"\n")
}

func TestTheJSONIsAsTheSchemaSays(t *testing.T) {
	for name, report := range map[string]review.Report{"rich": rich(), "clean": clean(), "half": half(), "nothing": {Format: 1, Plan: review.Plan{Direction: upgrade.DirectionUp}}} {
		t.Run(name, func(t *testing.T) {
			for _, problem := range againstSchema(t, written(t, render.JSON, report, render.Options{})) {
				t.Error(problem)
			}
		})
	}
	for name, change := range map[string]func(string) string{
		"a field that is not known": func(text string) string { return strings.Replace(text, `"format"`, `"other": 1, "format"`, 1) },
		"a field that is missing":   func(text string) string { return strings.Replace(text, `"format": 1,`, "", 1) },
		"a severity that is none":   func(text string) string { return strings.Replace(text, `"must_fix",`, `"worse",`, 1) },
		"a number as text":          func(text string) string { return strings.Replace(text, `"format": 1`, `"format": "1"`, 1) },
		"null for a list": func(text string) string {
			return strings.Replace(text, `"why_archived": [`, `"why_archived": null, "other": [`, 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if len(againstSchema(t, change(written(t, render.JSON, rich(), render.Options{})))) == 0 {
				t.Error("the schema allows it")
			}
		})
	}
}

// againstSchema are the places where a document is not as the schema says.
func againstSchema(t *testing.T, document string) []string {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	var value any
	if err := errors.Join(json.Unmarshal(text, &schema), json.Unmarshal([]byte(document), &value)); err != nil {
		t.Fatal(err)
	}
	return problems(schema, schema, value, "report")
}

// problems are the places where a value is not as a schema says, for as much of JSON Schema as the file uses.
func problems(document, schema map[string]any, value any, at string) []string {
	if ref, ok := schema["$ref"].(string); ok {
		definitions, _ := document["$defs"].(map[string]any)
		target, ok := definitions[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		if !ok {
			return []string{at + ": no definition " + ref}
		}
		return problems(document, target, value, at)
	}
	if all, ok := schema["enum"].([]any); ok && !slices.Contains(all, value) {
		return []string{fmt.Sprintf("%s: %v is none of %v", at, value, all)}
	}
	kind := map[reflect.Kind]string{
		reflect.String: "string", reflect.Float64: "number", reflect.Bool: "boolean", reflect.Slice: "array", reflect.Map: "object",
	}[reflect.ValueOf(value).Kind()]
	if want := schema["type"]; want != kind && (want != "integer" || kind != "number") {
		return []string{fmt.Sprintf("%s: %v is no %v", at, value, want)}
	}
	var list []string
	if items, ok := schema["items"].(map[string]any); ok {
		for i, item := range value.([]any) {
			list = append(list, problems(document, items, item, fmt.Sprintf("%s[%d]", at, i))...)
		}
	}
	if properties, ok := schema["properties"].(map[string]any); ok {
		fields := value.(map[string]any)
		for name, field := range fields {
			property, ok := properties[name].(map[string]any)
			if !ok {
				list = append(list, at+"."+name+": not known")
				continue
			}
			list = append(list, problems(document, property, field, at+"."+name)...)
		}
		for _, name := range schema["required"].([]any) {
			if _, ok := fields[name.(string)]; !ok {
				list = append(list, at+"."+name.(string)+": missing")
			}
		}
	}
	return list
}

// schemas makes schemas of types.
type schemas struct {
	definitions map[string]any
	sources     map[string]*source // by import path
}

// source is what a package's text says of its types: comments on types and fields, and the constants of a type.
type source struct {
	types, fields map[string]string
	constants     map[string][]string
}

func (s *schemas) of(t *testing.T, typ reflect.Type) map[string]any {
	t.Helper()
	switch {
	case typ == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case typ.Kind() == reflect.Pointer:
		return s.of(t, typ.Elem())
	case typ.Kind() == reflect.Slice:
		return map[string]any{"type": "array", "items": s.of(t, typ.Elem())}
	case typ.Kind() == reflect.Bool:
		return map[string]any{"type": "boolean"}
	case typ.Kind() == reflect.String:
		schema := map[string]any{"type": "string"}
		if typ.PkgPath() != "" {
			if constants := s.read(t, typ).constants[typ.Name()]; len(constants) > 0 {
				schema["enum"] = constants
			}
		}
		return schema
	case typ.Kind() == reflect.Float64:
		return map[string]any{"type": "number"}
	case typ.Kind() == reflect.Struct:
		return s.object(t, typ)
	case typ.Kind() == reflect.Int, typ.Kind() == reflect.Int64:
		return map[string]any{"type": "integer"}
	}
	t.Fatalf("%s has no schema", typ)
	return nil
}

func (s *schemas) object(t *testing.T, typ reflect.Type) map[string]any {
	t.Helper()
	name := strings.TrimPrefix(filepath.Base(typ.PkgPath())+"."+typ.Name(), "review.")
	ref := map[string]any{"$ref": "#/$defs/" + name}
	if _, known := s.definitions[name]; known {
		return ref
	}
	definition := map[string]any{"type": "object", "additionalProperties": false}
	s.definitions[name] = definition
	if comment := s.read(t, typ).types[typ.Name()]; comment != "" {
		definition["description"] = comment
	}
	properties, required := map[string]any{}, []string{}
	var add func(reflect.Type)
	add = func(typ reflect.Type) {
		for field := range typ.Fields() {
			tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			switch {
			case field.Anonymous:
				add(field.Type)
				continue
			case !field.IsExported() || tag == "-":
				continue
			}
			property := s.of(t, field.Type)
			if comment := s.read(t, typ).fields[typ.Name()+"."+field.Name]; comment != "" {
				property["description"] = comment
				if values, ok := property["enum"].([]string); ok && strings.Contains(comment, "empty for none") {
					property["enum"] = append(slices.Clone(values), "")
				}
			}
			properties[tag] = property
			if !strings.Contains(options, "omitempty") {
				required = append(required, tag)
			}
		}
	}
	add(typ)
	slices.Sort(required)
	definition["properties"], definition["required"] = properties, required
	return ref
}

// read reads the source of a type's package.
func (s *schemas) read(t *testing.T, typ reflect.Type) *source {
	t.Helper()
	if known, ok := s.sources[typ.PkgPath()]; ok {
		return known
	}
	found := &source{types: map[string]string{}, fields: map[string]string{}, constants: map[string][]string{}}
	s.sources[typ.PkgPath()] = found
	files, err := filepath.Glob(filepath.Join("../../..", strings.TrimPrefix(typ.PkgPath(), "github.com/ovirt/coco/"), "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of %s: %v", typ.PkgPath(), err)
	}
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range tree.Decls {
			if general, ok := decl.(*ast.GenDecl); ok {
				found.declaration(general)
			}
		}
	}
	return found
}

func (s *source) declaration(decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			s.types[spec.Name.Name] = comment(spec.Doc, decl.Doc)
			if fields, ok := spec.Type.(*ast.StructType); ok {
				for _, field := range fields.Fields.List {
					for _, name := range field.Names {
						s.fields[spec.Name.Name+"."+name.Name] = comment(field.Doc, field.Comment)
					}
				}
			}
		case *ast.ValueSpec:
			typ, ok := spec.Type.(*ast.Ident)
			if decl.Tok != token.CONST || !ok {
				continue
			}
			for _, value := range spec.Values {
				if literal, ok := value.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					if text, err := strconv.Unquote(literal.Value); err == nil {
						s.constants[typ.Name] = append(s.constants[typ.Name], text)
					}
				}
			}
		}
	}
}

func comment(groups ...*ast.CommentGroup) string {
	for _, group := range groups {
		if text := strings.Join(strings.Fields(group.Text()), " "); text != "" {
			return text
		}
	}
	return ""
}
