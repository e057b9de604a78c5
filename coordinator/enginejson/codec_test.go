package enginejson_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ovirt/coco/coordinator/enginejson"
)

type kinds struct {
	enginejson.Fields `engine:"org.example.Kinds"`

	Bool    bool                 `engine:"bool"`
	Int     int32                `engine:"int"`
	Byte    uint8                `engine:"byte"`
	Float   float64              `engine:"float"`
	Single  float32              `engine:"single"`
	Text    string               `engine:"text"`
	Level   level                `engine:"level,type=org.example.Level"`
	Long    *int64               `engine:"long,type=java.lang.Long"`
	GUID    uuid.UUID            `engine:"guid"`
	Maybe   *uuid.UUID           `engine:"maybe"`
	Date    time.Time            `engine:"date"`
	List    []string             `engine:"list"`
	Plain   []int                `engine:"plain,plain"`
	Linked  [][]int              `engine:"linked,type=java.util.LinkedList"`
	ByName  map[string]int       `engine:"byName"`
	ByGUID  map[uuid.UUID]*inner `engine:"byGuid,type=java.util.TreeMap"`
	Inner   inner                `engine:"inner,type=org.example.Inner"`
	Any     enginejson.Value     `engine:"any"`
	Ignored string               `engine:"-"`
	private func()               //nolint:unused // a field that is not exported is left alone
}

type level string

type inner struct {
	enginejson.Fields

	Name string `engine:"name"`
}

const emptyKinds = `{
  "@class" : "org.example.Kinds",
  "bool" : false,
  "int" : 0,
  "byte" : 0,
  "float" : 0.0,
  "single" : 0.0,
  "text" : "",
  "level" : [ "org.example.Level", "" ],
  "long" : null,
  "guid" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "00000000-0000-0000-0000-000000000000"
  } ],
  "maybe" : null,
  "date" : 0,
  "list" : null,
  "plain" : null,
  "linked" : null,
  "byName" : null,
  "byGuid" : null,
  "inner" : [ "org.example.Inner", {
    "name" : ""
  } ],
  "any" : null
}`

const fullKinds = `{
  "@class" : "org.example.Kinds",
  "bool" : true,
  "int" : -3,
  "byte" : 255,
  "float" : 2.0,
  "single" : 0.1,
  "text" : "a\"\\\b\t\n\f\r\u0000\u001F é🚀/",
  "level" : [ "org.example.Level", "HIGH" ],
  "long" : [ "java.lang.Long", 9223372036854775807 ],
  "guid" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "a1b2c3d4-0000-4000-8000-000000000001"
  } ],
  "maybe" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "a1b2c3d4-0000-4000-8000-000000000002"
  } ],
  "date" : 1410000000123,
  "list" : [ "java.util.ArrayList", [ "one", "two" ] ],
  "plain" : [ 1, 2 ],
  "linked" : [ "java.util.LinkedList", [ [ "java.util.ArrayList", [ 1 ] ], null, [ "java.util.ArrayList", [ ] ] ] ],
  "byName" : [ "java.util.HashMap", {
    "a" : 1,
    "b" : 2
  } ],
  "byGuid" : [ "java.util.TreeMap", {
    "a1b2c3d4-0000-4000-8000-000000000001" : {
      "name" : "x"
    },
    "a1b2c3d4-0000-4000-8000-000000000002" : null
  } ],
  "inner" : [ "org.example.Inner", {
    "name" : "in"
  } ],
  "any" : {
    "anything" : [ 1.50, { } ]
  }
}`

func id(last string) uuid.UUID { return uuid.MustParse("a1b2c3d4-0000-4000-8000-00000000000" + last) }

func full(t *testing.T) kinds {
	t.Helper()
	long, maybe := int64(math.MaxInt64), id("2")
	anything, err := enginejson.Parse(`{"anything":[1.50,{}]}`)
	if err != nil {
		t.Fatal(err)
	}
	return kinds{
		Bool: true, Int: -3, Byte: 255, Float: 2, Single: 0.1, Text: "a\"\\\b\t\n\f\r\x00\x1f é🚀/", Level: "HIGH", Long: &long,
		GUID: id("1"), Maybe: &maybe, Date: time.UnixMilli(1410000000123).UTC(), List: []string{"one", "two"}, Plain: []int{1, 2},
		Linked: [][]int{{1}, nil, {}}, ByName: map[string]int{"b": 2, "a": 1},
		ByGUID: map[uuid.UUID]*inner{id("2"): nil, id("1"): {Name: "x"}}, Inner: inner{Name: "in"}, Any: anything,
	}
}

func encode[T any](t *testing.T, parameters T) string {
	t.Helper()
	text, err := enginejson.For[T]().Encode(parameters)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	parameters, err := enginejson.For[T]().Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return parameters
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestNewParametersAreWrittenAsTheEngineWouldWriteThem(t *testing.T) {
	same(t, encode(t, kinds{Date: time.UnixMilli(0)}), emptyKinds)
	same(t, encode(t, full(t)), fullKinds)
}

func TestWhatWasWrittenIsReadAgain(t *testing.T) {
	read, want := decode[kinds](t, fullKinds), full(t)
	if read.Class() != "org.example.Kinds" {
		t.Errorf("class %q", read.Class())
	}
	read.Fields, read.Inner.Fields, read.ByGUID[id("1")].Fields = want.Fields, want.Inner.Fields, want.Fields
	got, of := read.Any, want.Any
	read.Any, want.Any = enginejson.Value{}, enginejson.Value{}
	if !reflect.DeepEqual(read, want) || got.JSON() != of.JSON() {
		t.Errorf("read %+v\nwant %+v", read, want)
	}
}

func TestAChangeKeepsTheFormOfWhatWasThere(t *testing.T) {
	for name, c := range map[string]struct {
		before, after string
		change        func(*kinds)
	}{
		"a GUID's class":           {`"guid" : ["org.NGuid", {"uuid" : "A1B2C3D4-0000-4000-8000-000000000001"}]`, `"guid" : ["org.NGuid", {"uuid" : "a1b2c3d4-0000-4000-8000-000000000002"}]`, func(k *kinds) { k.GUID = id("2") }},
		"a GUID's letters":         {`"guid" : ["org.NGuid", {"uuid" : "A1B2C3D4-0000-4000-8000-000000000001"}]`, "", func(k *kinds) { k.GUID = id("1") }},
		"a list's class":           {`"list" : ["java.util.Vector", ["a"]]`, `"list" : ["java.util.Vector", ["a", "b"]]`, func(k *kinds) { k.List = append(k.List, "b") }},
		"a list without class":     {`"list" : ["a.a", "b"]`, `"list" : ["a.a"]`, func(k *kinds) { k.List = k.List[:1] }},
		"a list of two strings":    {`"list" : ["a.a", "b"]`, "", func(*kinds) {}},
		"a list that is null":      {`"list" : null`, `"list" : ["java.util.ArrayList", []]`, func(k *kinds) { k.List = []string{} }},
		"a list that becomes null": {`"list" : ["java.util.Vector", ["a"]]`, `"list" : null`, func(k *kinds) { k.List = nil }},
		"elements that move":       {`"plain" : [1, 2, 3]`, `"plain" : [2, 3]`, func(k *kinds) { k.Plain = k.Plain[1:] }},
		"a map's order": {
			`"byName" : ["java.util.TreeMap", {"z" : 1, "y" : 2, "x" : 3}]`, `"byName" : ["java.util.TreeMap", {"z" : 9, "x" : 3, "a" : 5, "b" : 4}]`,
			func(k *kinds) { delete(k.ByName, "y"); k.ByName["z"], k.ByName["b"], k.ByName["a"] = 9, 4, 5 },
		},
		"a map that has a key twice": {
			`"byName" : {"z" : 1, "z" : 2}`, `"byName" : {"z" : 1, "z" : 3}`, func(k *kinds) { k.ByName["z"]++ },
		},
		"GUIDs for keys": {
			`"byGuid" : {"A1B2C3D4-0000-4000-8000-000000000001" : {"more" : 1, "name" : "x"}}`,
			`"byGuid" : {"A1B2C3D4-0000-4000-8000-000000000001" : {"more" : 1, "name" : "y"}}`,
			func(k *kinds) { k.ByGUID[id("1")].Name = "y" },
		},
		"a member that comes twice":    {`"bool" : false, "bool" : true`, `"bool" : false, "bool" : false`, func(k *kinds) { k.Bool = false }},
		"a string that Go cannot hold": {`"text" : "\ud800"`, "", func(k *kinds) { k.Text = "\uFFFD" }},
		"a float's digits":             {`"float" : 1.50`, "", func(k *kinds) { k.Float = 1.5 }},
		"a float that is no number":    {`"float" : "NaN"`, `"float" : "-Infinity"`, func(k *kinds) { k.Float = math.Inf(-1) }},
		"a float that stays none":      {`"float" : "NaN"`, "", func(k *kinds) { k.Float = math.NaN() }},
		"a float's sign":               {`"float" : -0.0`, `"float" : 0.0`, func(k *kinds) { k.Float = 0 }},
		"a float that is whole":        {`"float" : 1.5`, `"float" : 1e+21`, func(k *kinds) { k.Float = 1e21 }},
		"a date below a millisecond":   {`"date" : 5`, "", func(k *kinds) { k.Date = k.Date.Add(time.Microsecond) }},
		"a date's class":               {`"date" : ["java.util.Date", 5]`, `"date" : ["java.util.Date", 6]`, func(k *kinds) { k.Date = k.Date.Add(time.Millisecond) }},
		"a long that has no class":     {`"long" : 5`, `"long" : 6`, func(k *kinds) { *k.Long = 6 }},
		"a long that is null":          {`"long" : null`, `"long" : ["java.lang.Long", 6]`, func(k *kinds) { six := int64(6); k.Long = &six }},
		"null without a pointer":       {`"guid" : null, "int" : null, "inner" : null, "date" : null`, "", func(*kinds) {}},
		"an object in a typed value": {
			`"inner" : ["org.example.Other", {"a" : 1, "name" : "x", "b" : 2}]`, `"inner" : ["org.example.Other", {"a" : 1, "name" : "y", "b" : 2}]`,
			func(k *kinds) { k.Inner.Name = "y" },
		},
		"an object that is replaced": {
			`"inner" : {"@class" : "org.example.Other", "a" : 1, "name" : "x"}`, `"inner" : {"@class" : "org.example.Inner", "name" : "y"}`,
			func(k *kinds) { k.Inner = inner{Name: "y"} },
		},
		"a typed object that is replaced": {
			`"inner" : ["org.example.Other", {"a" : 1}]`, `"inner" : ["org.example.Inner", {"name" : "y"}]`,
			func(k *kinds) { k.Inner = inner{Name: "y"} },
		},
		"an object that is copied": {
			`"byGuid" : {"a1b2c3d4-0000-4000-8000-000000000001" : {"more" : 1, "name" : "x"}}`,
			`"byGuid" : {"a1b2c3d4-0000-4000-8000-000000000001" : {"more" : 1, "name" : "x"}, "a1b2c3d4-0000-4000-8000-000000000002" : {"more" : 1, "name" : "y"}}`,
			func(k *kinds) { second := *k.ByGUID[id("1")]; second.Name = "y"; k.ByGUID[id("2")] = &second },
		},
	} {
		t.Run(name, func(t *testing.T) {
			whole := func(member string) string {
				return `{"@class" : "org.example.Kinds", "first" : [1, 2], ` + member + `, "last" : null}`
			}
			parameters := decode[kinds](t, whole(c.before))
			c.change(&parameters)
			after := c.after
			if after == "" {
				after = c.before
			}
			same(t, compact(t, encode(t, parameters)), compact(t, whole(after)))
		})
	}
}

func TestAMemberThatWasNotThereIsAddedOnceItSaysSomething(t *testing.T) {
	parameters := decode[kinds](t, `{"@class":"org.example.Kinds","unknown":1}`)
	same(t, compact(t, encode(t, parameters)), `{"@class":"org.example.Kinds","unknown":1}`)
	parameters.Text, parameters.Level = "x", "HIGH"
	same(t, compact(t, encode(t, parameters)), `{"@class":"org.example.Kinds","unknown":1,"text":"x","level":["org.example.Level","HIGH"]}`)
}

func TestWhatTheStructDoesNotKnowIsThereAllTheSame(t *testing.T) {
	parameters := decode[kinds](t, `{"@class":"org.example.Kinds","unknown":{"a":[true]}}`)
	if value, ok := parameters.Get("unknown"); !ok || value.JSON() != "{\n  \"a\" : [ true ]\n}" {
		t.Errorf("%s, %v", value.JSON(), ok)
	}
	if _, ok := parameters.Get("nowhere"); ok {
		t.Error("found what is not there")
	}
	if _, ok := (enginejson.Fields{}).Get("nowhere"); ok || (enginejson.Fields{}).Class() != "" {
		t.Error("found what was never read")
	}
}

func TestWhatDoesNotFitIsRefusedByItsPlaceAndNotByItsValue(t *testing.T) {
	const secret = "s3cr3t"
	for name, c := range map[string]struct{ member, want string }{
		"a string for a boolean":       {`"bool" : "` + secret + `"`, "bool: it is a string, not a boolean"},
		"a number for a string":        {`"text" : 5`, "text: it is a number, not a string"},
		"a point in an integer":        {`"int" : 1.0`, "int: it does not fit Go type int32"},
		"an integer that is too large": {`"int" : 2147483648`, "int: it does not fit Go type int32"},
		"an integer below zero":        {`"byte" : -1`, "byte: it does not fit Go type uint8"},
		"a huge number":                {`"float" : 1e999999999`, "float: it does not fit Go type float64"},
		"a huge single":                {`"single" : 1e39`, "single: it does not fit Go type float32"},
		"a word for a number":          {`"float" : "` + secret + `"`, "float: it is a string, not a number"},
		"a long with too many digits":  {`"long" : ["java.lang.Long", 9223372036854775808]`, "long: it does not fit Go type int64"},
		"a date in words":              {`"date" : "` + secret + `"`, "date: it is a string, not a number"},
		"a date with a point":          {`"date" : 1.5`, "date: it is no integer of 64 bits"},
		"a GUID without its class":     {`"guid" : {"uuid" : "` + secret + `"}`, "guid: it is an object, not a GUID"},
		"a GUID of another class":      {`"guid" : ["org.Other", {"uuid" : "a1b2c3d4-0000-4000-8000-000000000001"}]`, "guid: it is an array, not a GUID"},
		"a GUID that is none":          {`"guid" : ["org.Guid", {"uuid" : "` + secret + `"}]`, "guid: it is not a GUID"},
		"a GUID in braces":             {`"guid" : ["org.Guid", {"uuid" : "{a1b2c3d4-0000-4000-8000-000000000001}"}]`, "guid: it is not a GUID"},
		"a list that is none":          {`"list" : "` + secret + `"`, "list: it is a string, not a list"},
		"an element":                   {`"linked" : ["java.util.LinkedList", [[1], [1, "` + secret + `"]]]`, "linked[1][1]: it does not fit Go type int"},
		"a map that is none":           {`"byName" : []`, "byName: it is an array, not a map"},
		"a key":                        {`"byGuid" : {"` + secret + `" : null}`, "byGuid{0}: its key is no GUID"},
		"an entry":                     {`"byGuid" : {"a1b2c3d4-0000-4000-8000-000000000001" : {"name" : 1}}`, "byGuid{0}.name: it is a number, not a string"},
		"an object that is none":       {`"inner" : "` + secret + `"`, "inner: it is a string, not an object"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := enginejson.For[kinds]().Decode(`{"@class":"org.example.Kinds", ` + c.member + `}`)
			typed, ok := errors.AsType[*enginejson.Error](err)
			if !ok {
				t.Fatalf("%v", err)
			}
			same(t, typed.Reason(), c.want)
			if strings.Contains(err.Error(), secret) {
				t.Error(err)
			}
		})
	}
}

func TestAnObjectOfAnotherClassIsRefused(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"@class":"org.example.Other"}`, `{"@class":5}`, `{"@class":"org.example.Other","@class":"org.example.Kinds"}`,
		`["org.example.Other",{"@class":"org.example.Kinds"}]`,
	} {
		_, err := enginejson.For[kinds]().Decode(text)
		if err == nil || err.Error() != "the engine's JSON: it is not of class org.example.Kinds" {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := enginejson.For[kinds]().Decode(`["org.example.Kinds",{}]`); err != nil {
		t.Error(err)
	}
}

func TestNullIsNoParametersUnlessTheyAreAPointer(t *testing.T) {
	if _, err := enginejson.For[kinds]().Decode("null"); err == nil {
		t.Error("null was read")
	}
	if parameters := decode[*kinds](t, "null"); parameters != nil {
		t.Errorf("%v", parameters)
	}
	same(t, encode[*kinds](t, nil), "null")
}

func TestWhatHasNoFormIsRefusedWhenItIsWritten(t *testing.T) {
	type loop struct {
		enginejson.Fields

		Next *loop `engine:"next"`
	}
	around := &loop{}
	around.Next = around
	if _, err := enginejson.For[*loop]().Encode(around); err == nil || !strings.Contains(err.Error(), "holds itself") {
		t.Errorf("%v", err)
	}
	for name, c := range map[string]struct {
		parameters kinds
		want       string
	}{
		"a string": {kinds{Text: "a\xff"}, "text: it is not valid UTF-8"},
		"a key":    {kinds{ByName: map[string]int{"\xff": 1}}, "byName{0}: its key is not valid UTF-8"},
		"deeper":   {kinds{List: []string{"", "\xff"}}, "list[1]: it is not valid UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := enginejson.For[kinds]().Encode(c.parameters)
			if err == nil || err.Error() != "the engine's JSON: "+c.want || text != "" {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
}

func TestTypesWithoutAFormAreNamed(t *testing.T) {
	type fields = enginejson.Fields
	for want, codec := range map[string]interface{ Check() error }{
		"string is neither a struct that embeds enginejson.Fields nor enginejson.Value": enginejson.For[string](),
		"does not embed enginejson.Fields":                                              enginejson.For[struct{}](),
		"field A of": enginejson.For[struct {
			fields

			A int
		}](),
		"chan int has no form": enginejson.For[struct {
			enginejson.Fields

			A chan int `engine:"a"`
		}](),
		"interface {} has no form": enginejson.For[struct {
			enginejson.Fields

			A []any `engine:"a"`
		}](),
		"[]uint8 has no form": enginejson.For[struct {
			enginejson.Fields

			A []byte `engine:"a"`
		}](),
		"points twice": enginejson.For[struct {
			enginejson.Fields

			A **int `engine:"a"`
		}](),
		"the keys of map[int]int": enginejson.For[struct {
			enginejson.Fields

			A map[int]int `engine:"a"`
		}](),
		"is another field's": enginejson.For[struct {
			enginejson.Fields

			A int `engine:"a"`
			B int `engine:"a"`
		}](),
		`"@class" cannot be its name`: enginejson.For[struct {
			enginejson.Fields

			A int `engine:"@class"`
		}](),
		`"typed" is neither plain nor type=CLASS`: enginejson.For[struct {
			enginejson.Fields

			A int `engine:"a,typed"`
		}](),
		"needs a tag and an exported name": enginejson.For[struct {
			enginejson.Fields

			a int `engine:"a"`
		}](),
	} {
		if err := codec.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	wrong := enginejson.For[struct{}]()
	if _, err := wrong.Decode("{}"); err == nil {
		t.Error("decoded")
	}
	if _, err := wrong.Encode(struct{}{}); err == nil {
		t.Error("encoded")
	}
}

func TestTypesMayHoldThemselves(t *testing.T) {
	type tree struct {
		enginejson.Fields

		Below []tree          `engine:"below,plain"`
		Named map[string]tree `engine:"named,plain"`
	}
	const text = `{"below":[{"below":[],"named":{"a":{"x":1}}}],"named":null}`
	same(t, compact(t, encode(t, decode[tree](t, text))), text)
}
