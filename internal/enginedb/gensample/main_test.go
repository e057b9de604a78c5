package main

import (
	"os"
	"testing"
)

func TestCommittedSampleIsWhatTheGeneratorWrites(t *testing.T) {
	committed, err := os.ReadFile("../testdata/sample.sql")
	if err != nil {
		t.Fatal(err)
	}
	if string(committed) != sample() {
		t.Error("testdata/sample.sql is out of date: run go generate in internal/enginedb")
	}
}

func TestLayoutIsThatOfTheEnginesSerializer(t *testing.T) {
	doc := object{
		{"@class", "c"},
		{"id", guid("g")},
		{"list", arrayList(guid("h"))},
		{"none", array{}},
		{"map", array{"java.util.HashMap", object{}}},
		{"size", number("1.0")},
		{"inner", object{{"text", "a\"\\\n\x00\x1f\u2028\U0001F600"}}},
	}
	const want = `{
  "@class" : "c",
  "id" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "g"
  } ],
  "list" : [ "java.util.ArrayList", [ [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "h"
  } ] ] ],
  "none" : [ ],
  "map" : [ "java.util.HashMap", { } ],
  "size" : 1.0,
  "inner" : {
    "text" : "a\"\\\n\u0000\u001F` + "\u2028\U0001F600" + `"
  }
}`
	if got := render(doc); got != want {
		t.Errorf("render:\n%s\nwant:\n%s", got, want)
	}
}
