package routine

import (
	"slices"
	"strings"
)

// statement reads one statement.
func (p *reader) statement() {
	if p.isBlock() {
		p.block()
		return
	}
	p.label()
	if p.isAssignment() {
		p.assignment()
		return
	}
	t := p.take()
	if t.quoted || !p.control(t) && !p.simple(t) {
		p.at--
		p.sql(t.line)
	}
}

func (p *reader) isBlock() bool {
	n := 0
	if p.peek().is("<<") {
		n = 3
	}
	return p.ahead(n).is("declare", "begin")
}

// control reads a statement that others stand in, if it is one.
func (p *reader) control(t token) bool {
	switch t.word {
	case "if":
		p.conditional(t.line)
	case "case":
		p.choice(t.line)
	case "loop":
		p.loop()
	case "while":
		guards := p.guards
		p.guard(t.line, p.expression("loop"))
		p.loop()
		p.guards = guards
	case "for":
		p.forLoop(t.line)
	case "foreach":
		target := p.name()
		if p.accept("slice") {
			p.take()
		}
		p.expect("in", "array")
		p.emitExpression(t.line, p.expression("loop"), target)
		p.loop()
	default:
		return false
	}
	return true
}

// simple reads a statement of PL/pgSQL's own, if it is one.
func (p *reader) simple(t token) bool {
	switch t.word {
	case "exit", "continue":
		p.until("when", ";")
		if p.take().is("when") {
			p.guard(t.line, p.expression(";"))
		} else {
			p.leaves = true
		}
	case "return":
		p.returning(t.line)
	case "get":
		p.diagnostics()
	case "raise":
		p.raising(t.line)
	case "assert":
		for _, text := range p.list(";") {
			p.emitTest(t.line, "SELECT "+text)
		}
	case "execute":
		p.dynamic(t.line)
	case "perform":
		p.emit(Statement{Use: UsePerform, SQL: "SELECT " + p.until(";"), Line: t.line})
		p.at++
	case "open":
		p.opening(t.line)
	case "fetch":
		p.fetching(t.line)
	case "move", "close", "null", "commit", "rollback": // nothing that could fail for the tables' sake stands in it
		for !p.peek().is(";") {
			p.mention(p.take().word, false)
		}
		p.at++
	default:
		return false
	}
	return true
}

// isAssignment says whether a variable comes next, and a sign that gives it a value.
func (p *reader) isAssignment() bool {
	n := 0
	for p.ahead(n).isName() {
		n++
		for p.ahead(n).is("[") {
			for !p.ahead(n).is("]") && p.at+n < len(p.tokens) {
				n++
			}
			n++
		}
		if !p.ahead(n).is(".") {
			break
		}
		n++
	}
	return n > 0 && p.ahead(n).is(":=", "=")
}

func (p *reader) assignment() {
	line := p.peek().line
	target := p.name()
	p.at++
	p.emitExpression(line, p.expression(";"), target)
}

// returning reads RETURN, in all its forms.
func (p *reader) returning(line int) {
	leaves := !p.peek().is("query", "next")
	switch {
	case p.accept(";"):
	case p.accept("query", "execute"):
		p.dynamicUntil(line, nil, ";")
	case p.accept("query"):
		p.emit(Statement{Use: UseQuery, SQL: p.until(";"), Line: line})
		p.at++
	case p.accept("next", ";"): // the row is that of the OUT arguments
	default:
		p.accept("next")
		p.emitExpression(line, p.expression(";"))
	}
	p.leaves = leaves
}

// diagnostics reads GET DIAGNOSTICS: it sets variables.
func (p *reader) diagnostics() {
	for !p.peek().is(";") {
		if t := p.take(); t.isName() && p.peek().is("=", ":=") {
			p.mention(t.word, true)
		}
	}
	p.at++
}

// raising reads RAISE: of what stands in it, expressions are those behind the format and behind USING.
func (p *reader) raising(line int) {
	p.until(",", "using", ";")
	for p.accept(",") {
		p.emitExpression(line, "SELECT "+p.until(",", "using", ";"))
	}
	if p.accept("using") {
		for {
			p.take() // MESSAGE, HINT, …
			if !p.accept("=") {
				p.expect(":=")
			}
			p.emitExpression(line, "SELECT "+p.until(",", ";"))
			if !p.accept(",") {
				break
			}
		}
	}
	p.expect(";")
}

// dynamic reads EXECUTE behind that word.
func (p *reader) dynamic(line int) { p.dynamicUntil(line, nil, ";") }

// dynamicUntil reads a dynamic statement up to the word, which it takes. INTO and USING may come in either order.
func (p *reader) dynamicUntil(line int, into []string, end string) {
	s := Statement{Use: UseDynamic, SQL: "SELECT " + p.until("into", "using", end), Line: line, Into: into}
	for {
		switch t := p.take(); {
		case t.is("into"):
			p.accept("strict")
			s.Into = p.names()
		case t.is("using"):
			for more := true; more; more = p.accept(",") {
				s.Arguments = append(s.Arguments, p.until(",", "into", end))
			}
		default:
			p.at--
			p.expect(end)
			p.emit(s)
			return
		}
	}
}

// opening reads OPEN: what a cursor is opened for is its query from here on.
func (p *reader) opening(line int) {
	name := p.take()
	p.mention(name.word, false)
	if p.peek().is("(") {
		p.cursorArguments(line)
	}
	p.accept("no")
	p.accept("scroll")
	if p.accept("for", "execute") {
		p.dynamicUntil(line, nil, ";")
		delete(p.cursors, name.word)
		return
	}
	if p.accept("for") {
		query := p.until(";")
		p.cursors[name.word] = cursor{query: query, inside: p.visible}
		p.emit(Statement{Use: UseCursor, SQL: query, Line: line})
	}
	p.expect(";")
}

// fetching reads FETCH: its targets get their columns from the cursor's query.
func (p *reader) fetching(line int) {
	words := strings.Fields(p.until("into", ";"))
	if !p.accept("into") {
		p.expect(";")
		return
	}
	targets := p.names()
	p.expect(";")
	if len(words) == 0 {
		p.fail("expected a cursor")
	}
	name := unquoted(strings.ToLower(words[len(words)-1]))
	p.mention(name, false)
	c, known := p.cursors[name]
	if !known {
		c.query = "" // which one it is, is known only when it runs
	}
	p.emit(Statement{Use: UseCursor, SQL: c.query, Line: line, Into: targets, Inside: p.merge(c.inside)})
}

// merge returns what a cursor's query sees and, for the targets, what is visible here. A cursor's own arguments come last.
func (p *reader) merge(inside []Variable) []Variable {
	return append(slices.Clip(p.visible), inside...)
}

// sql reads an SQL statement, and takes its INTO out.
func (p *reader) sql(line int) {
	start := p.peek().start
	var (
		text  strings.Builder
		into  []string
		depth int
		last  token
	)
	for depth > 0 || !p.peek().is(";") {
		t := p.take()
		switch {
		case t.is("(", "["):
			depth++
		case t.is(")", "]"):
			depth--
		case depth == 0 && into == nil && t.is("into") && !last.is("insert", "merge"):
			text.WriteString(p.text[start:t.start])
			p.accept("strict")
			into = p.names()
			start = p.peek().start
		}
		last = t
	}
	text.WriteString(p.text[start:p.peek().start])
	p.at++
	use := UseStatement
	if into != nil {
		use = UseInto
	}
	p.emit(Statement{Use: use, SQL: strings.TrimSpace(text.String()), Line: line, Into: into})
}
