package routine

import (
	"slices"
	"strings"
)

// block reads a block, from its label to its END.
func (p *reader) block() {
	if p.depth++; p.depth > maxDepth {
		panic(syntax{errTooDeep})
	}
	outside, guards := p.visible, p.guards
	p.label()
	if p.accept("declare") {
		for !p.peek().is("begin") {
			if !p.accept("declare") { // it may be said again
				p.declaration()
			}
		}
	}
	p.expect("begin")
	p.statements("exception", "end")
	p.guards = guards
	if p.accept("exception") {
		p.handlers()
	}
	p.expect("end")
	if p.peek().isName() {
		p.at++ // its label
	}
	p.accept(";")
	p.visible, p.guards = outside, guards
	p.depth--
}

func (p *reader) label() {
	if p.accept("<<") {
		p.take()
		p.expect(">>")
	}
}

// statements reads statements up to one of the words.
func (p *reader) statements(words ...string) {
	for !p.peek().is(words...) {
		p.statement()
	}
}

func (p *reader) handlers() {
	outside, guards := p.visible, p.guards
	p.declareImplicit("sqlstate", "text")
	p.declareImplicit("sqlerrm", "text")
	for p.peek().is("when") {
		line := p.take().line
		conditions := conditions(p.until("then"))
		p.at++
		p.body.Handlers = append(p.body.Handlers, Handler{Conditions: conditions, Line: line})
		p.guards = guards
		p.statements("when", "end")
	}
	p.visible = outside
}

// conditions takes WHEN a OR SQLSTATE '23505' apart.
func conditions(text string) []string {
	var all []string
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		if word != "or" && word != "sqlstate" {
			all = append(all, strings.Trim(word, "'"))
		}
	}
	return all
}

// declaration reads the declaration of a variable.
func (p *reader) declaration() {
	name := p.take()
	if !name.isName() {
		p.at--
		p.fail("expected a variable")
	}
	v := Variable{Name: name.word, Line: name.line}
	p.accept("no")
	p.accept("scroll")
	if p.accept("cursor") {
		p.declareCursor(v)
		return
	}
	p.accept("constant")
	v.Type = p.until("collate", "not", "default", ":=", "=", ";")
	p.declare(v)
	if p.accept("collate") {
		p.name()
	}
	if p.accept("not") {
		p.expect("null")
	}
	if p.accept(";") {
		return
	}
	p.at++ // DEFAULT, := or =
	p.emitExpression(v.Line, p.expression(";"))
}

// declareCursor reads the declaration of a cursor behind that word: its arguments are variables of its query.
func (p *reader) declareCursor(v Variable) {
	v.Type = "refcursor"
	outside := p.visible
	if p.accept("(") {
		for !p.accept(")") {
			argument := p.take()
			p.declare(Variable{Name: argument.word, Type: p.until(",", ")"), Line: argument.line})
			p.accept(",")
		}
	}
	if !p.accept("for") {
		p.expect("is")
	}
	query := p.until(";")
	p.at++
	p.cursors[v.Name] = cursor{query: query, inside: p.visible}
	p.emit(Statement{Use: UseCursor, SQL: query, Line: v.Line})
	p.visible = outside
	p.declare(v)
}

// conditional reads IF, up to END IF. Where one of its branches leaves, its tests decide about all that follows in the block, too.
func (p *reader) conditional(line int) {
	guards := p.guards
	p.guard(line, p.expression("then"))
	for left := false; ; {
		p.leaves = false
		p.statements("elsif", "elseif", "else", "end")
		left = left || p.leaves
		switch t := p.take(); {
		case t.is("elsif", "elseif"):
			p.guard(t.line, p.expression("then"))
		case t.is("end"):
			p.expect("if", ";")
			if !left {
				p.guards = guards
			}
			p.leaves = false
			return
		}
	}
}

// choice reads CASE, up to END CASE.
func (p *reader) choice(line int) {
	guards := p.guards
	value := ""
	if !p.peek().is("when") {
		value = p.until("when")
		p.emitExpression(line, "SELECT "+value)
	}
	for p.peek().is("when") {
		line := p.take().line
		test := p.until("then")
		p.at++
		if value != "" {
			test = "(" + value + "\n) IN (" + test + "\n)"
		}
		p.guard(line, "SELECT "+test)
		p.statements("when", "else", "end")
	}
	if p.accept("else") {
		p.statements("end")
	}
	p.expect("end", "case", ";")
	p.guards = guards
}

// loop reads the statements of a loop behind LOOP, up to END LOOP.
func (p *reader) loop() {
	if p.depth++; p.depth > maxDepth {
		panic(syntax{errTooDeep})
	}
	guards := p.guards
	p.statements("end")
	p.expect("end", "loop")
	if p.peek().isName() {
		p.at++
	}
	p.expect(";")
	p.guards = guards
	p.depth--
}

// forLoop reads FOR, in all its forms.
func (p *reader) forLoop(line int) {
	targets := p.names()
	p.expect("in")
	reverse := p.accept("reverse")
	outside := p.visible
	switch {
	case p.accept("execute"):
		p.dynamicUntil(line, targets, "loop")
	case reverse || p.isRange():
		p.emitExpression(line, p.expression(".."))
		p.emitExpression(line, "SELECT "+p.until("by", "loop"))
		if p.accept("by") {
			p.emitExpression(line, "SELECT "+p.until("loop"))
		}
		p.at++
		p.declare(Variable{Name: unquoted(targets[0]), Type: "integer", Implicit: true, Line: line})
	default:
		p.rowsFor(line, targets)
	}
	p.loop()
	p.visible = outside
}

// isRange says whether what is looped over are numbers.
func (p *reader) isRange() bool {
	depth := 0
	for n := 0; p.at+n < len(p.tokens); n++ {
		switch t := p.ahead(n); {
		case t.is("(", "["):
			depth++
		case t.is(")", "]"):
			depth--
		case depth == 0 && t.is(".."):
			return true
		case depth == 0 && t.is("loop", ";"):
			return false
		}
	}
	return false
}

// rowsFor reads what FOR runs over: a cursor, or a query.
func (p *reader) rowsFor(line int, targets []string) {
	c, known := p.cursors[p.peek().word]
	if !known || !p.ahead(1).is("(", "loop") {
		p.emit(Statement{Use: UseQuery, SQL: p.until("loop"), Line: line, Into: targets})
		p.at++
		return
	}
	p.mention(p.take().word, false)
	p.cursorArguments(line)
	p.expect("loop")
	if len(targets) == 1 && find(p.visible, unquoted(targets[0])) == nil { // it is a record of the loop's own
		p.declare(Variable{Name: unquoted(targets[0]), Type: "record", Implicit: true, Line: line})
		c.inside = append(slices.Clip(c.inside), p.visible[len(p.visible)-1])
	}
	p.emit(Statement{Use: UseCursor, SQL: c.query, Line: line, Into: targets, Inside: c.inside})
}

// cursorArguments reads the values that a cursor is opened with.
func (p *reader) cursorArguments(line int) {
	if !p.accept("(") || p.accept(")") {
		return
	}
	for _, text := range p.list(")") {
		p.emitExpression(line, "SELECT "+withoutName(text))
	}
}

// withoutName takes the name off an argument that is given by it.
func withoutName(text string) string {
	tokens := scan(text)
	if len(tokens) > 1 && tokens[0].isName() && tokens[1].is(":=") {
		return strings.TrimSpace(text[tokens[1].end:])
	}
	return text
}
