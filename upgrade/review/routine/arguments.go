package routine

import (
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

// argumentsOf returns the arguments of a routine that have a name, those that it only returns included.
func argumentsOf(r catalog.Routine) []Variable {
	var all []Variable
	types := pieces(r.Arguments)
	for _, text := range pieces(r.Parameters) {
		mode, rest, _ := strings.Cut(text, " ")
		switch mode {
		case "IN", "INOUT", "VARIADIC", "OUT":
			text = rest
		default:
			mode = "IN"
		}
		if mode == "OUT" {
			all = add(all, text, "")
			continue
		}
		kind := ""
		if len(types) > 0 {
			kind, types = strings.TrimPrefix(types[0], "VARIADIC "), types[1:]
		}
		all = add(all, text, kind)
	}
	if columns, ok := strings.CutPrefix(r.Result, "TABLE("); ok {
		for _, text := range pieces(strings.TrimSuffix(columns, ")")) {
			all = add(all, text, "")
		}
	}
	return all
}

// add adds an argument: its name is what stands before its type. Without a name, and an unknown type, it is left out.
func add(all []Variable, text, kind string) []Variable {
	tokens := scan(text)
	if len(tokens) < 2 || !tokens[0].isName() || kind != "" && strings.HasPrefix(text, kind) && !strings.HasPrefix(text, kind+" "+kind) {
		return all
	}
	if kind == "" {
		kind = strings.TrimSpace(text[tokens[0].end:])
	}
	return append(all, Variable{Name: tokens[0].word, Type: kind, Argument: true})
}

// pieces cuts a list at its commas, but not inside of brackets.
func pieces(text string) []string {
	var all []string
	start, depth := 0, 0
	for _, t := range slices.Concat(scan(text), []token{{word: ",", start: len(text)}}) {
		switch {
		case t.is("(", "["):
			depth++
		case t.is(")", "]"):
			depth--
		case t.is(",") && (depth <= 0 || t.start == len(text)):
			if piece := strings.TrimSpace(text[start:t.start]); piece != "" {
				all = append(all, piece)
			}
			start = t.end
		}
	}
	return all
}
