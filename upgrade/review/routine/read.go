package routine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

// What nobody writes is not read.
var (
	errTooDeep = errors.New("blocks are nested too deeply")
	errTooLong = errors.New("it is too long")
)

const (
	maxDepth = 200
	maxBytes = 1 << 20
)

// LanguageError says that a routine is written in a language that is not read: what stands in it is not known.
type LanguageError struct{ Language string }

func (e *LanguageError) Error() string { return "what is written in " + e.Language + " is not read" }

// Read reads the statements of a routine in PL/pgSQL: what they are for, and which variables they see. What they name is left open. A
// *LanguageError is one that is written in something else.
func Read(r catalog.Routine) (*Body, error) {
	p, err := readBlock(r, nil)
	if err != nil {
		return nil, err
	}
	return p.body, nil
}

// reader reads the statements of a body in PL/pgSQL. It takes for granted that the server has compiled it: what it does not understand it
// reports, rather than guess.
type reader struct {
	text    string
	tokens  []token
	at      int
	depth   int
	body    *Body
	visible []Variable
	cursors map[string]cursor
	// guards are the tests that decide whether what comes next runs: their places among the statements. leaves says that the statements of
	// the branch that was read last end in RETURN or EXIT.
	guards []int
	leaves bool
	// uses are variables that are read or set outside of statements.
	uses []use
}

// use is a mention of a variable.
type use struct {
	at  int
	set bool
}

// cursor is the query that a cursor stands for.
type cursor struct {
	query  string
	inside []Variable
}

// syntax stops the reading; readBlock recovers it.
type syntax struct{ error }

// readBlock reads a body in PL/pgSQL, in which the arguments are visible.
func readBlock(r catalog.Routine, arguments []Variable) (p *reader, err error) {
	switch {
	case r.Language != "plpgsql":
		return nil, &LanguageError{r.Language}
	case len(r.Body) > maxBytes:
		return nil, errTooLong
	}
	p = &reader{text: r.Body, tokens: scan(r.Body), body: &Body{Object: r.Object}, cursors: map[string]cursor{}}
	defer func() {
		switch stopped := recover().(type) {
		case nil:
		case syntax:
			p, err = nil, stopped.error
		default: // a mistake of the reader's: no text is worth the review of the others
			p, err = nil, fmt.Errorf("the reader fails: %v", stopped)
		}
	}()
	for _, a := range arguments {
		p.declare(a)
	}
	p.declareImplicit("found", "boolean")
	if r.Trigger {
		p.declareOfTriggers(r.Result)
	}
	for p.peek().is("#") { // an option of the compiler, up to the end of its line
		for line := p.peek().line; !p.done() && p.peek().line == line; {
			p.at++
		}
	}
	p.body.Label, p.body.Labels = labels(p.tokens)
	p.block()
	return p, nil
}

// labels returns the label of the outermost block, and those of inner blocks and loops.
func labels(tokens []token) (outer string, inner []string) {
	started := false
	for i, t := range tokens {
		started = started || t.is("begin", "declare")
		if !t.is("<<") || i+2 >= len(tokens) || !tokens[i+2].is(">>") {
			continue
		}
		label := tokens[i+1].word
		if !started {
			outer = label
		} else if !slices.Contains(inner, label) {
			inner = append(inner, label)
		}
	}
	return outer, inner
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
	p.declare(Variable{Name: name, Type: kind, Implicit: true})
}

// declare makes a variable visible. The slices of statements before it stay as they are.
func (p *reader) declare(v Variable) {
	v.at = len(p.body.Variables)
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
func (p *reader) emit(s Statement) {
	if s.Inside == nil {
		s.Inside = p.visible
	}
	p.leaves = false
	for _, test := range p.guards {
		s.Guards = append(s.Guards, len(p.body.Statements)-test)
	}
	p.body.Statements = append(p.body.Statements, s)
}

func (p *reader) emitExpression(line int, text string, into ...string) {
	p.emit(Statement{Use: UseExpression, SQL: text, Line: line, Into: into})
}

func (p *reader) emitTest(line int, text string) {
	p.emit(Statement{Use: UseExpression, SQL: text, Line: line, Test: true})
}

// guard notes a test that decides whether what comes next runs.
func (p *reader) guard(line int, text string) {
	p.emitTest(line, text)
	p.guards = append(slices.Clip(p.guards), len(p.body.Statements)-1)
}

// mention notes that a variable is read or set outside of a statement. The innermost one of a name is meant.
func (p *reader) mention(name string, set bool) {
	if v := find(p.visible, name); v != nil {
		p.uses = append(p.uses, use{v.at, set})
	}
}

// find returns the innermost variable of a name, nil for none.
func find(visible []Variable, name string) *Variable {
	for i := range slices.Backward(visible) {
		if visible[i].Name == name {
			return &visible[i]
		}
	}
	return nil
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
			text.WriteString(quoted(t.word))
		} else {
			text.WriteString(t.word)
		}
		for p.accept("[") { // an element of it
			for depth := 1; depth > 0; {
				switch t := p.take(); {
				case t.is("["):
					depth++
				case t.is("]"):
					depth--
				default:
					p.mention(t.word, false)
				}
			}
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
