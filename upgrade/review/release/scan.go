package release

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
		statement []token
	)
	for _, t := range tokens(script) {
		if t.text != ";" {
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
func definition(statement []token) (Definition, bool) {
	for len(statement) > 0 && statement[0].text != "create" {
		statement = statement[1:]
	}
	words := statement
	next := func() token {
		if len(words) == 0 {
			return token{}
		}
		t := words[0]
		words = words[1:]
		return t
	}
	next()
	t := next()
	if t.text == "or" {
		next()
		t = next()
	}
	if t.text != "function" && t.text != "procedure" {
		return Definition{}, false
	}
	d := Definition{Name: next().name()}
	if len(words) > 1 && words[0].text == "." {
		next()
		d.Schema, d.Name = d.Name, next().name()
	}
	for i, t := range words {
		if t.text == "as" && i+1 < len(words) && words[i+1].kind == tokenString {
			d.Body = words[i+1].value()
			return d, d.Name != ""
		}
	}
	return Definition{}, false
}
