// Package token takes SQL apart into words, names, texts and signs. It knows nothing of the grammar.
package token

import (
	"strings"
	"unicode/utf8"
)

// Kind is a kind of token.
type Kind int

// The kinds of tokens.
const (
	Word   Kind = iota // a word or number, in lower case
	String             // a text with its quotes, as it stands
	Name               // a quoted name, with its quotes
	Sign               // an operator, or one character
)

// Token is a piece of SQL. Comments and white space are none.
type Token struct {
	Kind Kind
	Text string
	// Start and End are where it stands, in bytes.
	Start, End int
}

// Identifier returns the name that a word or a quoted name stands for, empty if it is neither.
func (t Token) Identifier() string {
	switch t.Kind {
	case Word:
		return t.Text
	case Name:
		return strings.ReplaceAll(inside(t.Text), `""`, `"`)
	default:
		return ""
	}
}

// Value returns what stands between the quotes of a string; empty for another token.
func (t Token) Value() string {
	if t.Kind != String {
		return ""
	}
	if quote := dollarQuote(t.Text); quote != "" {
		return strings.TrimSuffix(t.Text[len(quote):], quote)
	}
	return strings.ReplaceAll(inside(t.Text), "''", "'")
}

// inside is what stands between two quotes of one character. The second one may be missing.
func inside(quoted string) string {
	text := quoted[1:]
	if len(text) > 0 && text[len(text)-1] == quoted[0] {
		text = text[:len(text)-1]
	}
	return text
}

// Split takes SQL apart. It never fails: where a quote is not closed, the rest is one token.
func Split(sql string) []Token {
	var found []Token
	for at := 0; at < len(sql); {
		length := blank(sql[at:])
		if length == 0 {
			var t Token
			t, length = first(sql[at:])
			t.Start, t.End = at, at+length
			found = append(found, t)
		}
		at += length
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
func first(sql string) (Token, int) {
	if quote := dollarQuote(sql); quote != "" {
		length := len(sql)
		if end := strings.Index(sql[len(quote):], quote); end >= 0 {
			length = end + 2*len(quote)
		}
		return Token{Kind: String, Text: sql[:length]}, length
	}
	switch c := sql[0]; {
	case c == '\'':
		length := quotedLength(sql, '\'', false)
		return Token{Kind: String, Text: sql[:length]}, length
	case c == '"':
		length := quotedLength(sql, '"', false)
		return Token{Kind: Name, Text: sql[:length]}, length
	case isWord(c):
		length := 1
		for length < len(sql) && (isWord(sql[length]) || sql[length] == '$') {
			length++
		}
		word := strings.ToLower(sql[:length])
		if word == "e" && length < len(sql) && sql[length] == '\'' {
			length += quotedLength(sql[length:], '\'', true)
			return Token{Kind: String, Text: sql[:length]}, length
		}
		return Token{Kind: Word, Text: word}, length
	case isOperator(c) || c == ':':
		length := operatorLength(sql)
		return Token{Kind: Sign, Text: sql[:length]}, length
	}
	_, length := utf8.DecodeRuneInString(sql)
	return Token{Kind: Sign, Text: sql[:length]}, length
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
