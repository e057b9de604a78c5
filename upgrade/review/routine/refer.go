package routine

import (
	"errors"
	"fmt"
	"strings"

	pg "github.com/sqlc-dev/oliphant"
)

// Limits of what the library is given. It parses what stands in brackets again and again, and follows it without a limit.
const (
	maxStatement = 256 << 10 // bytes
	maxBrackets  = 200
)

// refer finds out what a statement names, and which variables it reads and sets.
func (p *reader) refer(s *Statement) {
	w := &walker{visible: s.Inside, label: p.body.Object.Name, read: map[int]bool{}}
	texts := []string{s.SQL}
	for _, a := range s.Arguments {
		texts = append(texts, "SELECT "+a)
	}
	if text, ok := constant(s.SQL); ok && s.Use == UseDynamic {
		texts = append(texts, text)
	}
	for _, text := range texts {
		if text == "" { // of a cursor whose query is not known
			continue
		}
		if err := w.statement(text); err != nil {
			s.Unclear = err.Error()
			w.readAll(text)
		}
	}
	for at := range w.read {
		p.uses = append(p.uses, use{at, false})
	}
	for _, target := range s.Into {
		if v := targetOf(s.Inside, target); v != nil {
			p.uses = append(p.uses, use{v.at, true})
		}
	}
	s.Refers = w.refers()
}

// targetOf is the variable that a target belongs to: v, v.field or label.v.
func targetOf(visible []Variable, target string) *Variable {
	for _, t := range scan(target) {
		if t.isName() {
			if v := find(visible, t.word); v != nil {
				return v
			}
		}
	}
	return nil
}

// readAll takes every word for a variable: of a text that is not understood, none may pass for unused.
func (w *walker) readAll(text string) {
	for _, t := range scan(text) {
		w.variable(t.word)
	}
}

// constant returns what a dynamic statement runs, if that is one literal.
func constant(sql string) (string, bool) {
	tokens := scan(strings.TrimPrefix(sql, "SELECT "))
	if len(tokens) != 1 || tokens[0].word != "" {
		return "", false
	}
	text := strings.TrimPrefix(sql, "SELECT ")[tokens[0].start:tokens[0].end]
	if tag := dollarTag(text); text[0] == '$' && tag != "" && len(text) >= 2*len(tag) {
		return text[len(tag) : len(text)-len(tag)], true
	}
	if text[0] != '\'' || len(text) < 2 {
		return "", false
	}
	return strings.ReplaceAll(text[1:len(text)-1], "''", "'"), true
}

// statement has the library parse a text, and notes what it names.
func (w *walker) statement(text string) error {
	if err := fits(text); err != nil {
		return err
	}
	trees, err := parse(text)
	if err != nil {
		return err
	}
	for _, tree := range trees {
		w.utility(tree.GetStmt())
	}
	if w.deep {
		return errTooDeep
	}
	return nil
}

// fits says whether a text is one that the library may be given.
func fits(text string) error {
	if len(text) > maxStatement {
		return errTooLong
	}
	depth := 0
	for _, t := range scan(text) {
		switch {
		case t.is("(", "["):
			if depth++; depth > maxBrackets {
				return errTooDeep
			}
		case t.is(")", "]"):
			depth--
		}
	}
	return nil
}

var errParser = errors.New("the parser fails")

// parse calls the library. That it panics would be a mistake of its own: the statement is not understood then.
func parse(text string) (trees []*pg.RawStmt, err error) {
	defer func() {
		if failed := recover(); failed != nil {
			trees, err = nil, fmt.Errorf("%w: %v", errParser, failed)
		}
	}()
	result, err := pg.Parse(text)
	if err != nil {
		return nil, err
	}
	return result.GetStmts(), nil
}
