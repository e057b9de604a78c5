package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ovirt/coco/internal/play"
)

func TestWhatIsKeptIsReadBack(t *testing.T) {
	dir := t.TempDir()
	m := measurement{name: "online", group: ofUpgrade}
	found := findings{
		figures: []figure{{what: "a ratio", values: []float64{0.5, 2}, target: target{is: atMost, limit: 1, worst: true, longOnly: true}}},
		runs:    []any{onlineRun{Tasks: 7, Course: course{EngineP99: []float64{0, 1.5}}}},
	}
	if err := keep(dir, m, heading{Command: "make bench"}, found); err != nil {
		t.Fatal(err)
	}
	r, err := read(dir, m.name)
	if err != nil {
		t.Fatal(err)
	}
	if r.Measurement != m.name || !reflect.DeepEqual(r.figures, found.figures) {
		t.Errorf("%+v", r)
	}
	runs, err := runsOf[onlineRun](r)
	if err != nil || len(runs) != 1 || !reflect.DeepEqual(runs[0], found.runs[0]) {
		t.Errorf("%+v, %v", runs, err)
	}
}

func TestResultsNameTheCommandThatMakeWasCalledWith(t *testing.T) {
	t.Setenv("COMMAND", "make bench-online")
	if got := commandOf([]string{"-keep"}); got != "make bench-online" {
		t.Error(got)
	}
	t.Setenv("COMMAND", "")
	if got := commandOf([]string{"-keep"}); got != "go -C bench run . -keep" {
		t.Error(got)
	}
}

func TestLatenciesAreThoseOfTheChosenPhases(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := played{}
	for i, name := range []string{quiet, "expand", after} {
		p.report.Phases = append(p.report.Phases, play.PhaseReport{
			Name: name, Begin: begin.Add(time.Duration(i) * time.Second), End: begin.Add(time.Duration(i+1) * time.Second),
		})
	}
	for i := range 3000 {
		p.engine = append(p.engine, play.Sample{
			Due: begin.Add(time.Duration(i) * time.Millisecond), Latency: time.Duration(i%1000+1) * time.Millisecond,
		})
	}
	engine, control := p.latencies(func(name string) bool { return name != quiet })
	want := latency{Calls: 2000, P50: 500, P99: 990, P999: 999, Max: 1000}
	if engine != want || control != (latency{}) {
		t.Errorf("%+v and %+v, want %+v and none", engine, control, want)
	}
	c := newCourse(p, begin, begin.Add(2500*time.Millisecond))
	if !reflect.DeepEqual(c.EngineMax, []float64{1000, 1000, 1000}) || !reflect.DeepEqual(c.ControlMax, []float64{0, 0, 0}) {
		t.Errorf("%+v", c)
	}
}

func TestOneTransactionHoldsEveryStepAndWaitsForNoClient(t *testing.T) {
	script, err := oneShotScript()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"BEGIN;", "CREATE TABLE public.command_entities", "DROP COLUMN action_parameters", "COMMIT;"} {
		if !strings.Contains(script, want) {
			t.Errorf("there is no %s in it", want)
		}
	}
	if strings.Contains(script, "SELECT coco.require_drained(") {
		t.Error("it waits for clients that wait for it")
	}
}

func TestEventsAreReadAsTheProgramWritesThem(t *testing.T) {
	var got []event
	lines := `{"event":"action_started","time":"t","number":3,"kind":"backfill","phase":"backfill"}
{"event":"proof_written","time":"t","receipt":{"tasks":7}}
`
	if err := readEvents(strings.NewReader(lines), func(e event) { got = append(got, e) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Kind != "backfill" || got[0].Phase != "backfill" || got[1].Receipt.Tasks != 7 {
		t.Errorf("%+v", got)
	}
	if err := readEvents(strings.NewReader("no JSON\n"), func(event) {}); err == nil {
		t.Error("a line that is no event was taken for one")
	}
}

func TestRatioIsByTheLargerOneOfQuietAndControl(t *testing.T) {
	for want, run := range map[float64]onlineRun{
		2:   {Engine: latency{P999: 8}, Quiet: latency{P999: 4}, Control: latency{P999: 2}},
		0.5: {Engine: latency{P999: 8}, Quiet: latency{P999: 4}, Control: latency{P999: 16}},
	} {
		if got := run.ratio(); got != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
	if _, err := json.Marshal(onlineRun{}); err != nil {
		t.Error(err)
	}
}
