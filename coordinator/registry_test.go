package coordinator

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
)

const secret = "s3cr3t"

type volume struct {
	Name string `json:"name"`
	Size int    `json:"size"`
}

// codecOf is a codec out of two functions.
type codecOf[T any] struct {
	encode func(T) (string, error)
	decode func(string) (T, error)
}

func (c codecOf[T]) Encode(value T) (string, error) { return c.encode(value) }
func (c codecOf[T]) Decode(text string) (T, error)  { return c.decode(text) }
func must(t *testing.T, err error)                  { t.Helper(); fatal(t, err) }
func writes(text string) func(volume) (string, error) {
	return func(volume) (string, error) { return text, nil }
}
func failsToRead(err error) func(string) (volume, error) {
	return func(string) (volume, error) { return volume{}, err }
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRegisteredParametersAreReadAndWritten(t *testing.T) {
	r := NewRegistry()
	key := Key{Type: 32, Class: "volume"}
	must(t, Register(r, key, JSON[volume]()))
	text, err := r.encode(key, volume{Name: "base", Size: 3})
	must(t, err)
	value, err := r.decode(key, text)
	must(t, err)
	if value != (volume{Name: "base", Size: 3}) {
		t.Errorf("%+v from %s", value, text)
	}
}

func TestTwoTypesForOneKeyAreRefusedAndTheFirstStays(t *testing.T) {
	r := NewRegistry()
	key := Key{Type: 32, Class: "volume"}
	must(t, Register(r, key, JSON[volume]()))
	err := Register(r, key, JSON[string]())
	duplicate, ok := errors.AsType[*DuplicateError](err)
	if !ok || !errors.Is(err, ErrDuplicate) {
		t.Fatalf("not a duplicate: %v", err)
	}
	if duplicate.Key != key || duplicate.Registered != "coordinator.volume" || duplicate.Refused != "string" {
		t.Errorf("%+v", duplicate)
	}
	if err := Register(r, key, JSON[volume]()); !errors.Is(err, ErrDuplicate) {
		t.Errorf("the same type again: %v", err)
	}
	if value, err := r.decode(key, `{"name":"base","size":1}`); err != nil || value != (volume{"base", 1}) {
		t.Errorf("%v, %v", value, err)
	}
}

func TestNothingIsRegisteredWithoutARegistryAndACodec(t *testing.T) {
	if err := Register[volume](nil, Key{}, JSON[volume]()); err == nil {
		t.Error("registered nowhere")
	}
	r := NewRegistry()
	if err := Register[volume](r, Key{}, nil); err == nil {
		t.Error("registered without a codec")
	}
	if _, err := r.decode(Key{}, "{}"); !errors.Is(err, ErrNotRegistered) {
		t.Error(err)
	}
}

type misfit struct{ codecOf[volume] }

func (misfit) Check() error { return errors.New("cannot hold a channel") }

func TestACodecThatDoesNotFitItsTypeIsRefused(t *testing.T) {
	r := NewRegistry()
	if err := Register(r, Key{Type: 1}, misfit{}); err == nil || !strings.Contains(err.Error(), "cannot hold a channel") {
		t.Errorf("%v", err)
	}
	if _, err := r.decode(Key{Type: 1}, "{}"); !errors.Is(err, ErrNotRegistered) {
		t.Error(err)
	}
}

func TestTheVeryTypeComesBeforeTheClassAlone(t *testing.T) {
	r := NewRegistry()
	must(t, Register(r, Key{Type: AnyType, Class: "c"}, JSON[int]()))
	must(t, Register(r, Key{Type: 7, Class: "c"}, JSON[string]()))
	for _, c := range []struct {
		key  Key
		text string
		want any
	}{
		{Key{Type: 0, Class: "c"}, `1`, 1},
		{Key{Type: 2147483647, Class: "c"}, `1`, 1},
		{Key{Type: 7, Class: "c"}, `"x"`, "x"},
	} {
		if got, err := r.decode(c.key, c.text); err != nil || got != c.want {
			t.Errorf("%s: %v, %v; want %v", c.key, got, err, c.want)
		}
	}
	for _, key := range []Key{{Type: 7, Class: "d"}, {Type: 7}} {
		if _, err := r.decode(key, `1`); !errors.Is(err, ErrNotRegistered) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestWhatCannotBeReadIsOpaqueWithAReasonThatDoesNotHoldTheText(t *testing.T) {
	key := Key{Type: 32, Class: "volume"}
	for name, c := range map[string]struct {
		codec Codec[volume]
		text  string
		want  string
	}{
		"no JSON": {JSON[volume](), secret, "it is not JSON at byte 1"},
		"another type": {
			JSON[volume](), `{"name":"base","size":"` + secret + `"}`, "the value at byte 30 does not fit Go type int",
		},
		"a number that is too large": {JSON[volume](), `{"size":1e999}`, "the value at byte 13 does not fit Go type int"},
		"an unknown field":           {JSON[volume](), `{"` + secret + `":1}`, "a field is unknown, or a value does not fit its field"},
		"more than a value":          {JSON[volume](), `{} ` + secret, "there is more than one value, from byte 3 on"},
		"half a value":               {JSON[volume](), `{"name":"` + secret, "it ends before the value does"},
		"nothing":                    {JSON[volume](), ``, "it ends before the value does"},
		"a codec that quotes":        {codecOf[volume]{decode: failsToRead(errors.New(secret))}, secret, "the codec failed (*errors.errorString)"},
		"a codec that panics": {
			codecOf[volume]{decode: func(text string) (volume, error) { panic(text) }}, secret, "the codec panicked (string)",
		},
		"a codec that runs beyond its slice": {
			codecOf[volume]{decode: func(text string) (volume, error) { _ = text[len(text):][1]; return volume{}, nil }}, secret,
			"the codec panicked (runtime.boundsError)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewRegistry()
			must(t, Register(r, key, c.codec))
			value, err := r.decode(key, c.text)
			opaque, ok := errors.AsType[*OpaqueError](err)
			if !ok || !errors.Is(err, ErrOpaque) || value != nil {
				t.Fatalf("not opaque: %v, %v", value, err)
			}
			if want := "cannot be read as coordinator.volume: " + c.want; opaque.Reason != want {
				t.Errorf("reason %q, want %q", opaque.Reason, want)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %s", err, opaque, opaque.Error()), secret) {
				t.Errorf("the text is in the error: %v", err)
			}
		})
	}
}

func TestWhatNobodyRegisteredIsOpaqueAndSaysSo(t *testing.T) {
	var none *Registry
	for _, r := range []*Registry{NewRegistry(), none} {
		_, err := r.decode(Key{Type: 3}, secret)
		if !errors.Is(err, ErrOpaque) || !errors.Is(err, ErrNotRegistered) {
			t.Errorf("%v", err)
		}
		if want := "parameters of a command of type 3, no class are opaque: no type is registered for type 3, no class"; err.Error() != want {
			t.Errorf("%s", err)
		}
		if _, err := r.encode(Key{Type: 3}, volume{}); !errors.Is(err, ErrNotRegistered) || errors.Is(err, ErrOpaque) {
			t.Errorf("%v", err)
		}
	}
}

func TestWhatTheDatabaseCannotHoldIsRefusedBeforeItIsSent(t *testing.T) {
	key := Key{Type: 32, Class: "volume"}
	for name, c := range map[string]struct {
		codec Codec[volume]
		value any
		want  string
	}{
		"a NUL byte":    {codecOf[volume]{encode: writes("a\x00" + secret)}, volume{}, "the text has a NUL byte at byte 1"},
		"invalid UTF-8": {codecOf[volume]{encode: writes("\xff" + secret)}, volume{}, "the text is not valid UTF-8"},
		"invalid UTF-8 in a string of JSON": {
			JSON[volume](), volume{Name: `\` + "\xff" + secret}, "a string is not valid UTF-8",
		},
		"another type": {JSON[volume](), secret, "string was given, and coordinator.volume is registered"},
		"a codec that fails": {
			codecOf[volume]{encode: func(volume) (string, error) { return "", errors.New(secret) }}, volume{}, "the codec failed",
		},
		"a codec that panics": {codecOf[volume]{encode: func(volume) (string, error) { panic(secret) }}, volume{}, "the codec panicked"},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewRegistry()
			must(t, Register(r, key, c.codec))
			text, err := r.encode(key, c.value)
			if _, ok := errors.AsType[*ParametersError](err); !ok || !errors.Is(err, ErrParameters) || text != "" {
				t.Fatalf("%q, %v", text, err)
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), secret) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestJSONRefusesWhatEncodingJSONCannotWrite(t *testing.T) {
	if _, err := JSON[float64]().Encode(math.NaN()); err == nil || err.Error() != "encoding/json refuses float64" {
		t.Error(err)
	}
}

func TestJSONWritesEveryStringThatIsUTF8(t *testing.T) {
	for _, text := range []string{"", "a\x00b", "\uFFFD", `\ufffd`, `\\ufffd`, "\u2028<>&\"", "😀"} {
		written, err := JSON[string]().Encode(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if read, err := JSON[string]().Decode(written); err != nil || read != text {
			t.Errorf("%q: read %q from %s, %v", text, read, written, err)
		}
	}
}

func TestJSONKeepsWhatATypeLeavesOpen(t *testing.T) {
	type open struct {
		Known string
		Rest  json.RawMessage
	}
	const text = `{"Known":"x","Rest":{"n":1.50,"big":123456789012345678901234567890}}`
	value, err := JSON[open]().Decode(text)
	must(t, err)
	if again, err := JSON[open]().Encode(value); err != nil || again != text {
		t.Errorf("%s, %v", again, err)
	}
}

func TestTypesAreRegisteredWhileOthersRead(t *testing.T) {
	r := NewRegistry()
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 200 {
				key := Key{Type: int32(i)}
				if err := Register(r, key, JSON[volume]()); err != nil && !errors.Is(err, ErrDuplicate) {
					t.Errorf("worker %d: %v", worker, err)
				}
				if _, err := r.decode(key, `{"size":1}`); err != nil {
					t.Errorf("worker %d: %v", worker, err)
				}
			}
		})
	}
	wg.Wait()
}
