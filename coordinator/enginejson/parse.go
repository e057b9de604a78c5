package enginejson

import (
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may be in each other. The engine's own texts are less than ten deep.
const MaxDepth = 1000

// Parse reads one value. Whatever is not JSON, is not UTF-8 or is deeper than MaxDepth gives an *Error.
func Parse(text string) (Value, error) {
	if !utf8.ValidString(text) {
		return Value{}, &Error{reason: "it is not valid UTF-8"}
	}
	p := parser{text: text}
	value, err := p.value(0)
	if err != nil {
		return Value{}, err
	}
	p.space()
	if p.at < len(text) {
		return Value{}, p.wrong("something follows the value")
	}
	return value, nil
}

type parser struct {
	text string
	at   int
}

func (p *parser) wrong(reason string) error {
	return &Error{reason: reason, offset: p.at, syntax: true}
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// next skips spaces and returns the byte behind them, 0 at the end: a NUL byte begins nothing.
func (p *parser) next() byte {
	p.space()
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *parser) value(depth int) (Value, error) {
	if depth > MaxDepth {
		return Value{}, p.wrong("it is too deep")
	}
	switch c := p.next(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		literal, err := p.str()
		return Value{kind: String, literal: literal}, err
	case c == '-', '0' <= c && c <= '9':
		return p.number()
	}
	for _, word := range []struct {
		literal string
		kind    Kind
	}{{"null", Null}, {"true", Bool}, {"false", Bool}} {
		if strings.HasPrefix(p.text[p.at:], word.literal) {
			p.at += len(word.literal)
			return Value{kind: word.kind, literal: word.literal}, nil
		}
	}
	return Value{}, p.wrong("no value begins")
}

func (p *parser) array(depth int) (Value, error) {
	p.at++
	value := Value{kind: Array}
	if p.next() == ']' {
		p.at++
		return value, nil
	}
	for {
		item, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		value.items = append(value.items, item)
		switch p.next() {
		case ',':
			p.at++
		case ']':
			p.at++
			return value, nil
		default:
			return Value{}, p.wrong("an array does not go on here")
		}
	}
}

func (p *parser) object(depth int) (Value, error) {
	p.at++
	value := Value{kind: Object}
	if p.next() == '}' {
		p.at++
		return value, nil
	}
	for {
		member, err := p.member(depth)
		if err != nil {
			return Value{}, err
		}
		value.members = append(value.members, member)
		switch p.next() {
		case ',':
			p.at++
		case '}':
			p.at++
			return value, nil
		default:
			return Value{}, p.wrong("an object does not go on here")
		}
	}
}

func (p *parser) member(depth int) (Member, error) {
	if p.next() != '"' {
		return Member{}, p.wrong("no name of a member begins")
	}
	literal, err := p.str()
	if err != nil {
		return Member{}, err
	}
	if p.next() != ':' {
		return Member{}, p.wrong("no colon is behind the name of a member")
	}
	p.at++
	value, err := p.value(depth + 1)
	return Member{Name: unquote(literal), Value: value, literal: literal}, err
}

// str reads a string and returns it as it stands there.
func (p *parser) str() (string, error) {
	start := p.at
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return p.text[start:p.at], nil
		case c < ' ':
			return "", p.wrong("a control character is in a string")
		case c == '\\':
			if err := p.escape(); err != nil {
				return "", err
			}
		}
	}
	return "", p.wrong("a string does not end")
}

// escape reads what a backslash begins, up to its last byte.
func (p *parser) escape() error {
	p.at++
	if p.at == len(p.text) {
		return p.wrong("a string does not end")
	}
	if p.text[p.at] != 'u' {
		if strings.IndexByte(`"\/bfnrt`, p.text[p.at]) < 0 {
			return p.wrong("no such escape is known")
		}
		return nil
	}
	for range 4 {
		p.at++
		if p.at == len(p.text) || strings.IndexByte("0123456789abcdefABCDEF", p.text[p.at]) < 0 {
			return p.wrong("an escape has less than four digits")
		}
	}
	return nil
}

func (p *parser) number() (Value, error) {
	start := p.at
	p.accept("-")
	if !p.accept("0") && !p.digits() {
		return Value{}, p.wrong("a number has no digits")
	}
	if p.accept(".") && !p.digits() {
		return Value{}, p.wrong("a number has no digits behind its point")
	}
	if p.accept("eE") {
		p.accept("+-")
		if !p.digits() {
			return Value{}, p.wrong("a number has no digits in its exponent")
		}
	}
	return Value{kind: Number, literal: p.text[start:p.at]}, nil
}

// accept steps over one of these bytes, if one is there.
func (p *parser) accept(bytes string) bool {
	if p.at == len(p.text) || strings.IndexByte(bytes, p.text[p.at]) < 0 {
		return false
	}
	p.at++
	return true
}

func (p *parser) digits() bool {
	start := p.at
	for p.accept("0123456789") {
	}
	return p.at > start
}
