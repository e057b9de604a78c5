package routine

import (
	"strings"
	"unicode/utf8"
)

// token is a word, a sign or a literal of a body.
type token struct {
	// word is an unquoted name or keyword in lower case, a quoted name as it is, a sign as it is; empty for a literal.
	word       string
	quoted     bool
	start, end int // in the text
	line       int // from 1
}

// is says whether the token is one of the keywords or signs.
func (t token) is(words ...string) bool {
	for _, w := range words {
		if !t.quoted && t.word == w {
			return true
		}
	}
	return false
}

// isName says whether it can be the name of a variable.
func (t token) isName() bool {
	return t.quoted || t.word != "" && (isLetter(t.word[0]) || t.word[0] == '$')
}

// scan splits a body into tokens; comments are not among them.
func scan(text string) []token {
	var tokens []token
	line := 1
	for at := 0; at < len(text); {
		size := skipBlank(text[at:])
		if size == 0 {
			t := next(text, at)
			t.line = line
			tokens = append(tokens, t)
			size = t.end - t.start
		}
		line += strings.Count(text[at:at+size], "\n")
		at += size
	}
	return tokens
}

// skipBlank returns how long the white space or the comment is that the text begins with.
func skipBlank(text string) int {
	switch {
	case strings.ContainsRune(" \t\r\n\f\v", rune(text[0])):
		return 1
	case strings.HasPrefix(text, "--"):
		if end := strings.IndexByte(text, '\n'); end >= 0 {
			return end
		}
		return len(text)
	case strings.HasPrefix(text, "/*"):
		return commentSize(text)
	}
	return 0
}

// commentSize returns how long a comment is; such comments may stand in one another.
func commentSize(text string) int {
	depth := 0
	for at := 0; at < len(text); at++ {
		switch {
		case strings.HasPrefix(text[at:], "/*"):
			depth++
			at++
		case strings.HasPrefix(text[at:], "*/"):
			depth--
			at++
			if depth == 0 {
				return at + 1
			}
		}
	}
	return len(text)
}

// next returns the token that begins there.
func next(text string, at int) token {
	rest := text[at:]
	t := token{start: at}
	switch c := rest[0]; {
	case c == '\'':
		t.end = at + stringSize(rest, false)
	case (c == 'e' || c == 'E') && strings.HasPrefix(rest[1:], "'"):
		t.end = at + 1 + stringSize(rest[1:], true)
	case strings.ContainsRune("bBxXnN", rune(c)) && strings.HasPrefix(rest[1:], "'"):
		t.end = at + 1 + stringSize(rest[1:], false)
	case c == '"':
		t.end = at + quotedSize(rest)
		t.quoted = true
		t.word = strings.ReplaceAll(strings.Trim(text[at:t.end], `"`), `""`, `"`)
	case c == '$' && dollarTag(rest) != "":
		tag := dollarTag(rest)
		if end := strings.Index(rest[len(tag):], tag); end >= 0 {
			t.end = at + 2*len(tag) + end
		} else {
			t.end = len(text)
		}
	case isLetter(c) || c == '$':
		t.end = at + wordSize(rest)
		t.word = strings.ToLower(text[at:t.end])
	case c >= '0' && c <= '9':
		t.end = at + numberSize(rest)
	default:
		t.end = at + signSize(rest)
		t.word = text[at:t.end]
	}
	return t
}

// quoted is a name as SQL takes it, whatever stands in it.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// unquoted is the name that a text stands for, in which capitals were made small.
func unquoted(name string) string {
	if !strings.HasPrefix(name, `"`) {
		return name
	}
	return strings.ReplaceAll(strings.Trim(name, `"`), `""`, `"`)
}

func stringSize(text string, escapes bool) int {
	for at := 1; at < len(text); at++ {
		switch {
		case escapes && text[at] == '\\':
			at++
		case strings.HasPrefix(text[at:], "''"):
			at++
		case text[at] == '\'':
			return at + 1
		}
	}
	return len(text)
}

func quotedSize(text string) int {
	for at := 1; at < len(text); at++ {
		switch {
		case strings.HasPrefix(text[at:], `""`):
			at++
		case text[at] == '"':
			return at + 1
		}
	}
	return len(text)
}

// dollarTag returns the $tag$ that the text begins with.
func dollarTag(text string) string {
	for at := 1; at < len(text); at++ {
		if text[at] == '$' {
			return text[:at+1]
		}
		if !isLetter(text[at]) && (at == 1 || text[at] < '0' || text[at] > '9') {
			break
		}
	}
	return ""
}

func isLetter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

func wordSize(text string) int {
	at := 1
	for at < len(text) && (isLetter(text[at]) || text[at] == '$' || text[at] >= '0' && text[at] <= '9') {
		at++
	}
	return at
}

// numberSize leaves 1..10 apart.
func numberSize(text string) int {
	at := 1
	for at < len(text) {
		digit := text[at] >= '0' && text[at] <= '9'
		point := text[at] == '.' && !strings.HasPrefix(text[at:], "..")
		if !digit && !point {
			break
		}
		at++
	}
	return at
}

func signSize(text string) int {
	for _, sign := range []string{":=", "..", "<<", ">>", "::"} {
		if strings.HasPrefix(text, sign) {
			return len(sign)
		}
	}
	return 1
}
