package upgrade

import "strings"

// span is a piece of a text, in bytes.
type span struct{ start, end int }

// Split cuts a file into its statements, without the comments and blanks before each. It takes a body of BEGIN ATOMIC … END for several.
func Split(sql string) []string {
	var texts []string
	for _, s := range statements(sql) {
		texts = append(texts, sql[s.start:s.end])
	}
	return texts
}

// statements finds the statements of a file, without the comments and blanks before each. It knows as much of SQL as that takes.
func statements(sql string) []span {
	var found []span
	start, depth := -1, 0
	for i := 0; i < len(sql); {
		end := i + 1
		switch rest := sql[i:]; {
		case strings.HasPrefix(rest, "--"):
			i += lineLength(rest)
			continue
		case strings.HasPrefix(rest, "/*"):
			i += commentLength(rest)
			continue
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\n' || rest[0] == '\r':
			i = end
			continue
		case rest[0] == ';' && depth == 0:
			if start >= 0 {
				found = append(found, span{start, end})
			}
			start, i = -1, end
			continue
		case rest[0] == '(':
			depth++
		case rest[0] == ')':
			depth--
		case rest[0] == '\'' || rest[0] == '"':
			escapes := rest[0] == '\'' && i > 0 && (sql[i-1] == 'E' || sql[i-1] == 'e') && (i < 2 || !isWord(sql[i-2]))
			end = i + quotedLength(rest, escapes)
		case rest[0] == '$' && (i == 0 || !isWord(sql[i-1])):
			if tag := dollarTag(rest); tag != "" {
				end = i + dollarLength(rest, tag)
			}
		}
		if start < 0 {
			start = i
		}
		i = end
	}
	if start >= 0 {
		found = append(found, span{start, len(sql)})
	}
	return found
}

func lineLength(text string) int {
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		return end + 1
	}
	return len(text)
}

// commentLength is that of a comment at the beginning of a text; comments nest.
func commentLength(text string) int {
	depth := 0
	for i := 0; i+1 < len(text); i++ {
		switch text[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(text)
}

// quotedLength is that of a literal or a name at the beginning of a text. A doubled quote ends one and begins another.
func quotedLength(text string, escapes bool) int {
	for i := 1; i < len(text); i++ {
		if escapes && text[i] == '\\' {
			i++
		} else if text[i] == text[0] {
			return i + 1
		}
	}
	return len(text)
}

// dollarTag returns the tag, such as $$ or $body$, that a text begins with; empty if it begins with none.
func dollarTag(text string) string {
	for i := 1; i < len(text); i++ {
		if text[i] == '$' {
			return text[:i+1]
		}
		if !isWord(text[i]) || i == 1 && text[i] >= '0' && text[i] <= '9' {
			break
		}
	}
	return ""
}

func dollarLength(text, tag string) int {
	if end := strings.Index(text[len(tag):], tag); end >= 0 {
		return end + 2*len(tag)
	}
	return len(text)
}

func isWord(b byte) bool {
	return b == '_' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b >= 0x80
}

// bodyOf returns where the body of a DO statement begins: behind its first quote.
func bodyOf(statement string) int {
	if i := strings.IndexAny(statement, "$'"); i >= 0 {
		return i
	}
	return 0
}
