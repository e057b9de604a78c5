package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ovirt/coco/upgrade"
)

func TestProgressIsARewrittenLineOnATerminal(t *testing.T) {
	var out, errs bytes.Buffer
	c := newConsole(&out, &errs)
	c.live = true
	p := &progress{console: c}
	p.doing(elapsed("copying"))
	p.show(p.busy.Add(500 * time.Millisecond))
	if errs.Len() > 0 {
		t.Errorf("progress before a second: %q", errs.String())
	}
	p.show(p.busy.Add(2 * time.Second))
	p.show(p.busy.Add(2200 * time.Millisecond))
	p.idle()
	c.resultf("done")
	if want := clearLine + "copying: 2.0s" + clearLine + "copying: 2.2s" + clearLine; errs.String() != want {
		t.Errorf("got %q, want %q", errs.String(), want)
	}
	if out.String() != "done\n" {
		t.Errorf("stdout: %q", out.String())
	}
}

func TestProgressIsALineNowAndThenElsewhere(t *testing.T) {
	var out, errs bytes.Buffer
	p := &progress{console: newConsole(&out, &errs)}
	p.doing(elapsed("copying"))
	for _, at := range []time.Duration{500 * time.Millisecond, 1100 * time.Millisecond, 2 * time.Second, 4200 * time.Millisecond} {
		p.show(p.busy.Add(at))
	}
	if want := "copying: 1.1s\ncopying: 4.2s\n"; errs.String() != want {
		t.Errorf("got %q, want %q", errs.String(), want)
	}
}

func TestBatchesHaveRateAndETA(t *testing.T) {
	e := upgrade.BatchDone{Work: "commands", Done: 45210, Total: 100000, Rate: 8120.4, ByteRate: 31.4 * (1 << 20), ETA: 7 * time.Second}
	if got, want := batch(e, 0), "backfill, commands: 45,210 of 100,000, 8,120 rows/s, 31 MB/s, 7s left"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := batch(upgrade.BatchDone{Work: "roots", Done: 5, Total: 4}, 0), "backfill, roots: 5 of 5"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestARestSaysWhyAndForHowLong(t *testing.T) {
	standby := upgrade.Throttled{
		Reason: upgrade.ThrottledByLag, Waited: 2 * time.Second, Budget: 10 * time.Minute, Lag: 14 * time.Second,
		Sessions: []upgrade.Session{{PID: 7, Application: "standby1"}},
	}
	want := `backfill: resting 2.5s of 10m00s, a standby is 14.0s behind: pid 7, "standby1"`
	if got := throttled(standby, 500*time.Millisecond); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	clients := upgrade.Throttled{Reason: upgrade.ThrottledByWaits, Budget: time.Second, Sessions: []upgrade.Session{{PID: 8, User: "engine"}}}
	if got, want := throttled(clients, 0), "backfill: resting 0ms of 1.0s, clients wait for a lock: pid 8, user engine"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheCommandLineToRepeatIsAsItWasTypedAndHoldsNoPassword(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"up", "--to", "backfill", "--jobs", "2"}, "upgrade up --to backfill --jobs 2"},
		{[]string{"up", "--database", "postgres://engine@db/engine?sslmode=require"},
			"upgrade up --database 'postgres://engine@db/engine?sslmode=require'"},
		{[]string{"down", "--export-journal", "it's.jsonl", ""}, `upgrade down --export-journal 'it'\''s.jsonl' ''`},
		{[]string{"up", "--database", "postgres://engine:secret@db/engine"}, ""},
		{[]string{"up", "--database=postgres://engine:secret@db/engine"}, ""},
		{[]string{"up", "--database", "host=db password=secret"}, ""},
		{[]string{"up", "--database=host=db password=secret"}, ""},
	} {
		if got := typed(c.args); got != c.want {
			t.Errorf("%q: got %q, want %q", c.args, got, c.want)
		}
	}
}

func TestColoursOnlyWhereSomebodySeesThem(t *testing.T) {
	var out, errs bytes.Buffer
	c := newConsole(&out, &errs)
	c.configure(globalFlags{})
	if c.color || c.live {
		t.Error("a buffer is taken for a terminal")
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if isTerminal(null) {
		t.Error("/dev/null is taken for a terminal")
	}
	c.color = true
	if got := c.paint("applied  "); got != "\x1b[32mapplied  \x1b[0m" {
		t.Errorf("got %q", got)
	}
	if got := c.paint("contract"); got != "contract" {
		t.Errorf("got %q", got)
	}
}

func TestNumbersAreReadable(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0ms", 12 * time.Millisecond: "12ms", 1500 * time.Millisecond: "1.5s",
		83 * time.Second: "1m23s", 90 * time.Minute: "1h30m",
	} {
		if got := took(d); got != want {
			t.Errorf("took(%s) = %q, want %q", d, got, want)
		}
	}
	rows := [][]string{{"a", "äöü", "x"}, {"long", "b", "y"}}
	if got, want := table(rows, plain), "a     äöü  x\nlong  b    y"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := shorten(strings.Repeat("ä", 100), 10); got != strings.Repeat("ä", 9)+"…" {
		t.Errorf("got %q", got)
	}
}
