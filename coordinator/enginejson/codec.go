package enginejson

import "reflect"

// Codec is a codec for parameters of type T, made by For.
type Codec[T any] struct {
	types types
	wrong error
}

// For returns the codec for T: a struct that embeds Fields, a pointer to one, or Value for parameters of any class. When T is none of
// these, each call of the codec says so, and Check does.
func For[T any]() Codec[T] {
	known := types{}
	return Codec[T]{types: known, wrong: known.root(reflect.TypeFor[T]())}
}

// Check tells what is wrong with T. A coordinator's registry asks it.
func (c Codec[T]) Check() error { return c.wrong }

// Decode reads the text of parameters. The error is an *Error.
func (c Codec[T]) Decode(text string) (T, error) {
	var parameters, none T
	if c.wrong != nil {
		return none, c.wrong
	}
	value, err := Parse(text)
	if err != nil {
		return none, err
	}
	if err := c.types.read(value, reflect.ValueOf(&parameters).Elem(), nil); err != nil {
		return none, err
	}
	return parameters, nil
}

// Encode writes parameters as text. The error is an *Error.
func (c Codec[T]) Encode(parameters T) (string, error) {
	if c.wrong != nil {
		return "", c.wrong
	}
	value, err := c.types.write(reflect.ValueOf(&parameters).Elem(), options{}, nil, nil)
	if err != nil {
		return "", err
	}
	return value.JSON(), nil
}
