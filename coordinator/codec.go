package coordinator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Codec writes parameters of type T as the text that a command has in the database, and reads them from it. It may be used by
// several goroutines at once.
//
// Texts may hold secrets, so an error of a codec is not repeated to anybody: of an error that has a method Reason() string, and
// promises by it that nothing of the text is in the reason, the reason is told; of any other, only its type.
type Codec[T any] interface {
	Encode(parameters T) (string, error)
	Decode(text string) (T, error)
}

// JSON is the codec of parameters that are written as encoding/json writes them. It is strict where a later write would lose
// something: a text with a field that T does not have, or with anything behind the value, is not read, and a string that is no valid
// UTF-8 is not written.
func JSON[T any]() Codec[T] { return jsonCodec[T]{} }

type jsonCodec[T any] struct{}

func (jsonCodec[T]) Encode(parameters T) (string, error) {
	text, err := json.Marshal(parameters)
	if err != nil {
		return "", &codecError{reason: fmt.Sprintf("encoding/json refuses %T", parameters), cause: err}
	}
	if escapesReplacement(text) {
		return "", &codecError{reason: "a string is not valid UTF-8"}
	}
	return string(text), nil
}

func (jsonCodec[T]) Decode(text string) (T, error) {
	var parameters, none T
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&parameters); err != nil {
		return none, &codecError{reason: jsonReason(err), cause: err}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return none, &codecError{reason: fmt.Sprintf("there is more than one value, from byte %d on", decoder.InputOffset())}
	}
	return parameters, nil
}

// jsonReason says what is wrong without the letters and values that the errors of encoding/json quote.
func jsonReason(err error) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("it is not JSON at byte %d", syntax.Offset)
	}
	if misfit, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("the value at byte %d does not fit Go type %s", misfit.Offset, misfit.Type)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends before the value does"
	}
	return "a field is unknown, or a value does not fit its field"
}

// escapesReplacement tells whether encoding/json has put a replacement character for bytes that are no UTF-8. It writes one that was
// in the string itself without an escape.
func escapesReplacement(text []byte) bool {
	const replacement = `\ufffd`
	for {
		i := bytes.Index(text, []byte(replacement))
		if i < 0 {
			return false
		}
		backslashes := i - len(bytes.TrimRight(text[:i], `\`))
		if backslashes%2 == 0 {
			return true
		}
		text = text[i+len(replacement):]
	}
}

// storable looks whether PostgreSQL's text can hold a text.
func storable(text string) error {
	if i := strings.IndexByte(text, 0); i >= 0 {
		return &codecError{reason: fmt.Sprintf("the text has a NUL byte at byte %d, which PostgreSQL cannot store", i)}
	}
	if !utf8.ValidString(text) {
		return &codecError{reason: "the text is not valid UTF-8, which PostgreSQL cannot store"}
	}
	return nil
}

// codecError is an error whose reason holds nothing of the text. Its cause may.
type codecError struct {
	reason string
	cause  error
}

func (e *codecError) Error() string  { return e.reason }
func (e *codecError) Reason() string { return e.reason }
func (e *codecError) Unwrap() error  { return e.cause }
