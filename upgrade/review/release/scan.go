package release

import "github.com/ovirt/coco/upgrade/review/token"

// Definition is a routine that a script creates.
type Definition struct {
	// Schema and Name are as the server folds them; Schema is empty where the script names none.
	Schema, Name string
	// Body is the text between the quotes, as the catalog holds it.
	Body string
}

// Scan returns the routines that a script creates, in their order. What else stands in it is passed over: a script need not be one that a
// server would take.
func Scan(script string) []Definition {
	var (
		found     []Definition
		statement []token.Token
	)
	for _, t := range token.Split(script) {
		if t.Text != ";" {
			statement = append(statement, t)
			continue
		}
		if d, ok := definition(statement); ok {
			found = append(found, d)
		}
		statement = statement[:0]
	}
	if d, ok := definition(statement); ok {
		found = append(found, d)
	}
	return found
}

// definition reads CREATE [OR REPLACE] FUNCTION name … AS 'body'. Words of psql ahead of it are passed over: they end with their line,
// not with a semicolon.
func definition(statement []token.Token) (Definition, bool) {
	for len(statement) > 0 && statement[0].Text != "create" {
		statement = statement[1:]
	}
	words := statement
	next := func() token.Token {
		if len(words) == 0 {
			return token.Token{}
		}
		t := words[0]
		words = words[1:]
		return t
	}
	next()
	t := next()
	if t.Text == "or" {
		next()
		t = next()
	}
	if t.Text != "function" && t.Text != "procedure" {
		return Definition{}, false
	}
	d := Definition{Name: next().Identifier()}
	if len(words) > 1 && words[0].Text == "." {
		next()
		d.Schema, d.Name = d.Name, next().Identifier()
	}
	for i, t := range words {
		if t.Text == "as" && i+1 < len(words) && words[i+1].Kind == token.String {
			d.Body = words[i+1].Value()
			return d, d.Name != ""
		}
	}
	return Definition{}, false
}
