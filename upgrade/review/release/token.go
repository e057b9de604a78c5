package release

import (
	"strings"
	"unicode/utf8"
)

type tokenKind int

const (
	tokenWord   tokenKind = iota // a word or number, in lower case
	tokenString                  // a text with its quotes, as it stands
	tokenName                    // a quoted name, with its quotes
	tokenSign                    // an operator, or one character
)

// token is a piece of SQL. Comments and white space are none.
type token struct {
	kind tokenKind
	text string
}

// name returns the name that a word or a quoted name stands for, empty if it is neither.
func (t token) name() string {
	switch t.kind {
	case tokenWord:
		return t.text
	case tokenName:
		return strings.ReplaceAll(inside(t.text), `""`, `"`)
	default:
		return ""
	}
}

// value returns what stands between the quotes of a string.
func (t token) value() string {
	if quote := dollarQuote(t.text); quote != "" {
		return strings.TrimSuffix(t.text[len(quote):], quote)
	}
	return strings.ReplaceAll(inside(t.text), "''", "'")
}

// inside is what stands between two quotes of one character. The second one may be missing.
func inside(quoted string) string {
	text := quoted[1:]
	if len(text) > 0 && text[len(text)-1] == quoted[0] {
		text = text[:len(text)-1]
	}
	return text
}

// tokens takes SQL apart. It never fails: where a quote is not closed, the rest is one token.
func tokens(sql string) []token {
	var found []token
	for len(sql) > 0 {
		length := blank(sql)
		if length == 0 {
			var t token
			t, length = first(sql)
			found = append(found, t)
		}
		sql = sql[length:]
	}
	return found
}

// blank returns how much of the beginning of an SQL text is one comment, or white space.
func blank(sql string) int {
	switch {
	case strings.HasPrefix(sql, "--"):
		if end := strings.IndexByte(sql, '\n'); end >= 0 {
			return end
		}
		return len(sql)
	case strings.HasPrefix(sql, "/*"):
		return comment(sql)
	}
	return len(sql) - len(strings.TrimLeft(sql, " \t\n\r\f\v"))
}

// comment returns the length of a comment, with those in it.
func comment(sql string) int {
	depth := 0
	for i := 0; i < len(sql); i++ {
		switch {
		case strings.HasPrefix(sql[i:], "/*"):
			depth++
			i++
		case strings.HasPrefix(sql[i:], "*/"):
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(sql)
}

// first returns the token that an SQL text begins with, and its length there.
func first(sql string) (token, int) {
	if quote := dollarQuote(sql); quote != "" {
		length := len(sql)
		if end := strings.Index(sql[len(quote):], quote); end >= 0 {
			length = end + 2*len(quote)
		}
		return token{tokenString, sql[:length]}, length
	}
	switch c := sql[0]; {
	case c == '\'':
		length := quotedLength(sql, '\'', false)
		return token{tokenString, sql[:length]}, length
	case c == '"':
		length := quotedLength(sql, '"', false)
		return token{tokenName, sql[:length]}, length
	case isWord(c):
		length := 1
		for length < len(sql) && (isWord(sql[length]) || sql[length] == '$') {
			length++
		}
		word := strings.ToLower(sql[:length])
		if word == "e" && length < len(sql) && sql[length] == '\'' {
			length += quotedLength(sql[length:], '\'', true)
			return token{tokenString, sql[:length]}, length
		}
		return token{tokenWord, word}, length
	case isOperator(c) || c == ':':
		length := operatorLength(sql)
		return token{tokenSign, sql[:length]}, length
	}
	_, length := utf8.DecodeRuneInString(sql)
	return token{tokenSign, sql[:length]}, length
}

// quotedLength is how long a quoted text is, quotes included; a doubled quote stands for one, and so does one behind a backslash if
// there are escapes.
func quotedLength(sql string, quote byte, escapes bool) int {
	for i := 1; i < len(sql); i++ {
		switch {
		case escapes && sql[i] == '\\':
			i++
		case sql[i] != quote:
		case i+1 < len(sql) && sql[i+1] == quote:
			i++
		default:
			return i + 1
		}
	}
	return len(sql)
}

// dollarQuote returns the quote that a text begins with, such as $body$.
func dollarQuote(sql string) string {
	if len(sql) == 0 || sql[0] != '$' {
		return ""
	}
	for i := 1; i < len(sql); i++ {
		switch c := sql[i]; {
		case c == '$':
			return sql[:i+1]
		case !isWord(c) || i == 1 && c >= '0' && c <= '9':
			return ""
		}
	}
	return ""
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

func isOperator(c byte) bool { return strings.IndexByte("+-*/<>=~!@#%^&|`?", c) >= 0 }

// operatorLength is how long the operator is that a text begins with. As on the server, one of several characters ends in + or - only if
// it has one in it that standard SQL does not know: =- are two.
func operatorLength(sql string) int {
	if sql[0] == ':' {
		for _, known := range []string{":=", "::"} {
			if strings.HasPrefix(sql, known) {
				return len(known)
			}
		}
		return 1
	}
	length := 1
	for length < len(sql) && isOperator(sql[length]) && blank(sql[length:]) == 0 {
		length++
	}
	for length > 1 && strings.IndexByte("+-", sql[length-1]) >= 0 && !strings.ContainsAny(sql[:length], "~!@#%^&|`?") {
		length--
	}
	return length
}
