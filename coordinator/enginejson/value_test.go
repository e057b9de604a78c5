package enginejson_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ovirt/coco/coordinator/enginejson"
)

func TestWhatIsNotJSONIsRefusedByItsPlace(t *testing.T) {
	deep := func(open, shut string, levels int) string {
		return strings.Repeat(open, levels) + "1" + strings.Repeat(shut, levels)
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                  {"", "no value begins, at byte 0"},
		"blanks":                   {" \n", "no value begins, at byte 2"},
		"what a bytea held":        {"{s3cr3t}", "no name of a member begins, at byte 1"},
		"a word":                   {"nul", "no value begins, at byte 0"},
		"a NUL byte":               {"\x00", "no value begins, at byte 0"},
		"a mark of the byte order": {"\uFEFF{}", "no value begins, at byte 0"},
		"something behind it":      {`{} s3cr3t`, "something follows the value, at byte 3"},
		"a second value":           {`1 2`, "something follows the value, at byte 2"},
		"invalid UTF-8":            {"\"\xff\"", "it is not valid UTF-8"},
		"a surrogate in UTF-8":     {"\"\xed\xa0\x80\"", "it is not valid UTF-8"},
		"a line in a string":       {"\"a\nb\"", "a control character is in a string, at byte 2"},
		"an escape":                {`"\x"`, "no such escape is known, at byte 2"},
		"a short escape":           {`"\u12"`, "an escape has less than four digits, at byte 5"},
		"a backslash at the end":   {`"\`, "a string does not end, at byte 2"},
		"half a string":            {`"s3cr3t`, "a string does not end, at byte 7"},
		"half an array":            {`[1`, "an array does not go on here, at byte 2"},
		"a comma too many":         {`[1,]`, "no value begins, at byte 3"},
		"half an object":           {`{"a":1`, "an object does not go on here, at byte 6"},
		"a member too few":         {`{"a":1,}`, "no name of a member begins, at byte 7"},
		"no colon":                 {`{"a" 1}`, "no colon is behind the name of a member, at byte 5"},
		"no value":                 {`{"a":}`, "no value begins, at byte 5"},
		"a zero too many":          {`01`, "something follows the value, at byte 1"},
		"a point at the end":       {`1.`, "a number has no digits behind its point, at byte 2"},
		"a sign alone":             {`-`, "a number has no digits, at byte 1"},
		"a plus":                   {`+1`, "no value begins, at byte 0"},
		"an exponent alone":        {`1e+`, "a number has no digits in its exponent, at byte 3"},
		"arrays that are too deep": {deep("[", "]", enginejson.MaxDepth+1), fmt.Sprintf("it is too deep, at byte %d", enginejson.MaxDepth+1)},
		"objects without an end":   {strings.Repeat(`{"a":`, 1e6), fmt.Sprintf("it is too deep, at byte %d", 5*(enginejson.MaxDepth+1))},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := enginejson.Parse(c.text)
			if err == nil {
				t.Fatal("it was read")
			}
			same(t, err.Error(), "the engine's JSON: "+c.want)
		})
	}
	if _, err := enginejson.Parse(deep(`{"a":[`, "]}", enginejson.MaxDepth/2)); err != nil {
		t.Error(err)
	}
}

func TestNumbersStayTheirLiterals(t *testing.T) {
	for _, literal := range []string{"0", "-0", "1.50", "1E-7", "1e+999999999", strings.Repeat("9", 10_000), "0.10000000000000000000000000000000000001"} {
		value, err := enginejson.Parse(" " + literal + "\t")
		if err != nil {
			t.Error(err)
			continue
		}
		same(t, value.JSON(), literal)
		same(t, value.Text(), literal)
	}
}

func TestStringsAreRead(t *testing.T) {
	for literal, want := range map[string]string{
		`""`:                         "",
		`"a\"\\\/\b\f\n\r\t"`:        "a\"\\/\b\f\n\r\t",
		`"\u0000\u001F\u001f\u00e9"`: "\x00\x1f\x1fé",
		`"\ud83d\ude80🚀"`:            "🚀🚀",
		`"\ud83d"`:                   "\uFFFD",
		`"\ude80\ud83d\ude80"`:       "\uFFFD🚀",
		`"\ud83d\u0041"`:             "\uFFFDA",
		`"\ud83dx"`:                  "\uFFFDx",
		`"\\u0041"`:                  `\u0041`,
	} {
		value, err := enginejson.Parse(literal)
		if err != nil {
			t.Error(err)
			continue
		}
		same(t, value.Text(), want)
		same(t, value.JSON(), literal)
	}
}

func TestMembersKeepTheirOrderAlsoThoseThatComeTwice(t *testing.T) {
	value, err := enginejson.Parse(`{"b":1,"a":{},"b":[true,null],"\u0061":false}`)
	if err != nil {
		t.Fatal(err)
	}
	same(t, value.JSON(), "{\n  \"b\" : 1,\n  \"a\" : { },\n  \"b\" : [ true, null ],\n  \"\\u0061\" : false\n}")
	if b, _ := value.Get("b"); b.Kind() != enginejson.Array || len(b.Items()) != 2 || len(value.Members()) != 4 {
		t.Errorf("%v, %d members", b, len(value.Members()))
	}
	if a, _ := value.Get("a"); a.Kind() != enginejson.Bool || a.Text() != "false" {
		t.Errorf("%v", a)
	}
}

func TestClassesAreTold(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":1,"@class":"org.example.A"}`:            "org.example.A",
		`{"@class":"org.example.A","@class":"other"}`: "org.example.A",
		`["java.lang.Long",5]`:                        "java.lang.Long",
		`["plain",5]`:                                 "",
		`["java.lang.Long"]`:                          "",
		`{"@class":5}`:                                "",
		`5`:                                           "",
	} {
		value, err := enginejson.Parse(text)
		if err != nil {
			t.Error(err)
			continue
		}
		same(t, value.Class(), want)
	}
}

func TestPrintingAValueDoesNotShowIt(t *testing.T) {
	value, err := enginejson.Parse(`{"password":["s3cr3t"]}`)
	if err != nil {
		t.Fatal(err)
	}
	type parameters struct {
		enginejson.Fields

		Password enginejson.Value `engine:"password"`
	}
	for _, printed := range []string{
		fmt.Sprintf("%v %+v %#v %s", value, value, value, value),
		fmt.Sprintf("%v %+v %#v", decode[parameters](t, value.JSON()), decode[parameters](t, value.JSON()), decode[parameters](t, value.JSON())),
	} {
		if strings.Contains(printed, "s3cr3t") {
			t.Error(printed)
		}
	}
	for text, want := range map[string]string{
		"null": "null", "true": "a boolean", "1": "a number", `"s3cr3t"`: "a string", "[1]": "an array of 1", "{}": "an object of 0 members",
	} {
		value, err := enginejson.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		same(t, value.String(), want)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		removeSnapshot, fullKinds, emptyKinds, `{"a":1,"a":2}`, `"\ud800\u0000"`, `[ "a.b", [ 1e9999 ] ]`, "\xff", "{", `{legacy}`, "1 2", "\x00",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := enginejson.Parse(text)
		valid := json.Valid([]byte(text)) && utf8.ValidString(text)
		if err != nil {
			if valid && !strings.Contains(err.Error(), "too deep") {
				t.Fatalf("refused: %v", err)
			}
			return
		}
		if !valid {
			t.Fatal("read what is not JSON")
		}
		written := value.JSON()
		if compact(t, written) != compact(t, text) {
			t.Fatalf("another text: %q", written)
		}
		var any1 any
		if json.Unmarshal([]byte(text), &any1) == nil && value.Kind() == enginejson.String && value.Text() != any1 {
			t.Fatalf("string %q, want %q", value.Text(), any1)
		}
		roundTripOfStructs(t, text)
	})
}

// roundTripOfStructs looks that what can be read as a struct is written as it was.
func roundTripOfStructs(t *testing.T, text string) {
	t.Helper()
	for _, again := range []func(string) (string, error){throughCodec[kinds], throughCodec[few], throughCodec[*inner]} {
		written, err := again(text)
		if err == nil && compact(t, written) != compact(t, text) {
			t.Fatalf("another text: %q", written)
		}
	}
}

func throughCodec[T any](text string) (string, error) {
	codec := enginejson.For[T]()
	parameters, err := codec.Decode(text)
	if err != nil {
		return "", err
	}
	return codec.Encode(parameters)
}
