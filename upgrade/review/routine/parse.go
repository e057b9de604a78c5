package routine

import (
	"errors"
	"regexp"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

// Parse reads a routine in PL/pgSQL or SQL, and what its statements name. A *LanguageError is one that is written in something else. Where
// it fails, or a statement of the body is Unclear, nothing may be concluded from what is missing.
func Parse(r catalog.Routine) (*Body, error) {
	arguments := argumentsOf(r)
	read := readBlock
	if r.Language == "sql" {
		read = readStatements
	}
	p, err := read(r, arguments)
	if err != nil {
		return nil, err
	}
	for i := range p.body.Statements {
		p.refer(&p.body.Statements[i])
	}
	for _, u := range p.uses {
		if u.set {
			p.body.Variables[u.at].Set++
		} else {
			p.body.Variables[u.at].Read++
		}
	}
	p.body.Ignored = ignored(p.text)
	return p.body, nil
}

// Refers is what all statements together name.
func (b *Body) Refers() Refers {
	var all names
	for _, s := range b.Statements {
		for _, t := range s.Refers.Tables {
			all.merge(t)
		}
		for _, n := range s.Refers.Routines {
			all.call(n)
		}
	}
	return all.refers()
}

// Unclear says of how many statements it is not known what they name, and why of the first one. What a dynamic statement names is known
// only when it runs: that is none of them.
func (b *Body) Unclear() (n int, why string) {
	for _, s := range b.Statements {
		if s.Unclear == "" {
			continue
		}
		if n++; n == 1 {
			why = s.Unclear
		}
	}
	return n, why
}

var errNoText = errors.New("it has no text")

// readStatements reads a routine in SQL: its statements stand there one after the other, or between BEGIN ATOMIC and END.
func readStatements(r catalog.Routine, arguments []Variable) (*reader, error) {
	p := &reader{text: r.Body, body: &Body{Object: r.Object}}
	if strings.TrimSpace(p.text) == "" {
		p.text = standardBody(r.Definition)
	}
	switch {
	case p.text == "":
		return nil, errNoText
	case len(p.text) > maxBytes:
		return nil, errTooLong
	}
	for _, a := range arguments {
		p.declare(a)
	}
	p.tokens = scan(p.text)
	start, depth := 0, 0
	for i, t := range p.tokens {
		switch {
		case t.is("(", "["):
			depth++
		case t.is(")", "]"):
			depth--
		case t.is(";") && depth == 0:
			p.emitSQL(start, i)
			start = i + 1
		}
	}
	p.emitSQL(start, len(p.tokens))
	return p, nil
}

// emitSQL notes the statement that some of the tokens are.
func (p *reader) emitSQL(from, to int) {
	if from >= to {
		return
	}
	first, last := p.tokens[from], p.tokens[to-1]
	use := UseStatement
	if first.is("select", "with", "values", "table", "(") {
		use = UseQuery
	}
	p.emit(Statement{Use: use, SQL: p.text[first.start:last.end], Line: first.line})
}

// standardBody is a body as standard SQL has it, out of the statement that makes the routine: of RETURN, a query of the value.
func standardBody(definition string) string {
	tokens := scan(definition)
	for i, t := range tokens {
		last := tokens[len(tokens)-1]
		switch {
		case t.is("begin") && i+1 < len(tokens) && tokens[i+1].is("atomic") && last.is("end"):
			return definition[tokens[i+1].end:last.start]
		case t.is("return"):
			return "SELECT " + definition[t.end:]
		case t.is("as"):
			return ""
		}
	}
	return ""
}

var ignorePattern = regexp.MustCompile(`^--[ \t]*coco:ignore[ \t]+([a-z0-9-]+)(?:[ \t]+(\S.*?))?[ \t\r]*$`)

// ignored returns the rules that comments silence.
func ignored(text string) []Ignore {
	var all []Ignore
	line := 1
	for at := 0; at < len(text); {
		size := skipBlank(text[at:])
		if match := ignorePattern.FindStringSubmatch(text[at : at+size]); match != nil {
			all = append(all, Ignore{Rule: match[1], Reason: match[2], Line: line})
		}
		if size == 0 {
			size = next(text, at).end - at
		}
		line += strings.Count(text[at:at+size], "\n")
		at += size
	}
	return all
}
