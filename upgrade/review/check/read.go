package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/routine"
)

// errTooDeep says that blocks stand in one another more often than anybody writes.
var errTooDeep = errors.New("blocks are nested too deeply")

const maxDepth = 200

// reader reads the statements of a body in PL/pgSQL. It takes for granted that the server has compiled it: what it does not understand it
// reports, rather than guess.
type reader struct {
	text    string
	tokens  []token
	at      int
	depth   int
	body    *routine.Body
	visible []routine.Variable
	cursors map[string]cursor
}

// cursor is the query that a cursor stands for.
type cursor struct {
	query  string
	inside []routine.Variable
}

// syntax stops the reading; read recovers it.
type syntax struct{ error }

// read returns what stands in a body.
func read(r catalog.Routine) (body *routine.Body, err error) {
	p := &reader{text: r.Body, tokens: scan(r.Body), body: &routine.Body{Object: r.Object}, cursors: map[string]cursor{}}
	defer func() {
		switch stopped := recover().(type) {
		case nil:
		case syntax:
			body, err = nil, stopped.error
		default:
			panic(stopped)
		}
	}()
	p.declareImplicit("found", "boolean")
	if r.Trigger {
		p.declareOfTriggers(r.Result)
	}
	for p.peek().is("#") { // an option of the compiler, up to the end of its line
		for line := p.peek().line; !p.done() && p.peek().line == line; {
			p.at++
		}
	}
	p.block()
	return p.body, nil
}

func (p *reader) declareOfTriggers(result string) {
	if result == "event_trigger" {
		p.declareImplicit("tg_event", "text")
		p.declareImplicit("tg_tag", "text")
		return
	}
	p.declareImplicit("new", "record")
	p.declareImplicit("old", "record")
	for _, name := range []string{"tg_when", "tg_level", "tg_op"} {
		p.declareImplicit(name, "text")
	}
	for _, name := range []string{"tg_name", "tg_relname", "tg_table_name", "tg_table_schema"} {
		p.declareImplicit(name, "name")
	}
	p.declareImplicit("tg_relid", "oid")
	p.declareImplicit("tg_nargs", "integer")
	p.declareImplicit("tg_argv", "text[]")
}

func (p *reader) declareImplicit(name, kind string) {
	p.declare(routine.Variable{Name: name, Type: kind, Implicit: true})
}

// declare makes a variable visible. The slices of statements before it stay as they are.
func (p *reader) declare(v routine.Variable) {
	p.body.Variables = append(p.body.Variables, v)
	p.visible = append(slices.Clip(p.visible), v)
}

// What moves through the tokens.

func (p *reader) done() bool { return p.at >= len(p.tokens) }

func (p *reader) peek() token { return p.ahead(0) }

func (p *reader) ahead(n int) token {
	if p.at+n < len(p.tokens) {
		return p.tokens[p.at+n]
	}
	return token{start: len(p.text), end: len(p.text)}
}

func (p *reader) take() token {
	t := p.peek()
	if p.done() {
		p.fail("it ends too early")
	}
	p.at++
	return t
}

// accept takes the words if they come next, one after the other.
func (p *reader) accept(words ...string) bool {
	for i, w := range words {
		if !p.ahead(i).is(w) {
			return false
		}
	}
	p.at += len(words)
	return true
}

func (p *reader) expect(words ...string) {
	if !p.accept(words...) {
		p.fail("expected " + strings.Join(words, " "))
	}
}

func (p *reader) fail(what string) {
	panic(syntax{fmt.Errorf("line %d: %s at %q", p.peek().line, what, p.text[p.peek().start:p.peek().end])})
}

// until returns the text up to one of the words outside of brackets, which stays where it is.
func (p *reader) until(words ...string) string {
	start := p.peek().start
	for depth := 0; depth > 0 || !p.peek().is(words...); {
		switch t := p.take(); {
		case t.is("(", "["):
			depth++
		case t.is(")", "]"):
			depth--
		}
	}
	return strings.TrimSpace(p.text[start:p.peek().start])
}

// expression returns an expression as the server would prepare it, up to one of the words, which it takes.
func (p *reader) expression(words ...string) string {
	text := p.until(words...)
	p.at++
	return "SELECT " + text
}

// emit notes a statement that sees what is visible now.
func (p *reader) emit(s routine.Statement) {
	if s.Inside == nil {
		s.Inside = p.visible
	}
	p.body.Statements = append(p.body.Statements, s)
}

func (p *reader) emitExpression(line int, text string, into ...string) {
	p.emit(routine.Statement{Use: routine.UseExpression, SQL: text, Line: line, Into: into})
}

func (p *reader) emitTest(line int, text string) {
	p.emit(routine.Statement{Use: routine.UseExpression, SQL: text, Line: line, Test: true})
}

// list returns the expressions of a list, up to one of the words, which it takes.
func (p *reader) list(words ...string) []string {
	var texts []string
	for {
		texts = append(texts, p.until(append(words, ",")...))
		if !p.accept(",") {
			p.at++
			return texts
		}
	}
}

// name returns a name that may have parts, as SQL writes it.
func (p *reader) name() string {
	var text strings.Builder
	for {
		t := p.take()
		if !t.isName() {
			p.at--
			p.fail("expected a name")
		}
		if t.quoted {
			text.WriteString(quote(t.word))
		} else {
			text.WriteString(t.word)
		}
		for p.peek().is("[") { // an element of it
			p.at++
			p.until("]")
			p.at++
		}
		if !p.accept(".") {
			return text.String()
		}
		text.WriteByte('.')
	}
}

// names returns a list of them.
func (p *reader) names() []string {
	names := []string{p.name()}
	for p.accept(",") {
		names = append(names, p.name())
	}
	return names
}
