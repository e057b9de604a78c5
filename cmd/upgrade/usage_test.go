package main

import (
	"strings"
	"testing"
)

func TestWrongUsageIsCode2AndSaysWhatWasMeant(t *testing.T) {
	clearEnvironment(t)
	secret := "postgres://engine:" + canaryPassword + "@db/engine"
	for _, c := range []struct {
		args   []string
		reason string
		hint   string
	}{
		{[]string{"statu"}, `there is no command "statu"`, "Did you mean status?"},
		{[]string{"rollback"}, `there is no command "rollback"`, "Did you mean down?"},
		{[]string{"migrate"}, `there is no command "migrate"`, "Did you mean up?"},
		{[]string{"something"}, `there is no command "something"`, `"upgrade help"`},
		{[]string{"help", "connectio"}, `there is no command "connectio"`, "Did you mean connection?"},
		{[]string{"help", "exit"}, `there is no command "exit"`, "Did you mean exit-codes?"},
		{[]string{"help", "up", "now"}, `there is no command "up now"`, `"upgrade help up"`},
		{[]string{"help", secret}, "there is no command a connection string", `"upgrade help"`},
		{[]string{"help", "verfy"}, `there is no command "verfy"`, "Did you mean verify?"},
		{[]string{secret}, "a connection string", `"upgrade help"`},
		{[]string{"status", secret}, "takes no arguments", "--database"},
		{[]string{"status", "now"}, `takes no arguments, but was given "now"`, `"upgrade help status"`},
		{[]string{"up", "--lock-timeot", "1s"}, "there is no flag --lock-timeot", "Did you mean --lock-timeout?"},
		{[]string{"--databse", secret, "up"}, "there is no flag --databse", "Did you mean --database?"},
		{[]string{"up", "-database=" + secret}, "there is no flag -d", "Did you mean --database?"},
		{[]string{"down", "--batch", "5"}, "there is no flag --batch", `"upgrade help down"`},
		{[]string{"up", "--batch", secret}, "the value of --batch is not a whole number", `"upgrade help up"`},
		{[]string{"up", "--pause", canaryPassword}, "the value of --pause is not a duration", `"upgrade help up"`},
		{[]string{"up", "--json=" + canaryPassword}, "the value of --json is not a yes or no", `"upgrade help up"`},
		{[]string{"up", "--to"}, "--to needs a value", `"upgrade help up"`},
		{[]string{"up", "--to", "contrct"}, `there is no phase "contrct"`, "Did you mean contract?"},
		{[]string{"up", "--to", "nowhere"}, `there is no phase "nowhere"`, "expand, backfill, prove, switch, contract, retire"},
		{[]string{"up", "--to", secret}, "there is no phase a connection string", "expand"},
		{[]string{"plan", "--to", "contrct"}, `there is no phase "contrct"`, "Did you mean contract?"},
		{[]string{"up", "--batch", "0"}, "--batch is at least 1", ""},
		{[]string{"up", "--pause", "-1s"}, "--pause is not negative", ""},
		{[]string{"up", "--jobs", "0"}, "--jobs is a number from 1 to 16", ""},
		{[]string{"up", "--jobs", "17"}, "--jobs is a number from 1 to 16", ""},
		{[]string{"up", "--max-lag", "-1s"}, "--max-lag is not negative", ""},
		{[]string{"up", "--lag-budget", "0"}, "--lag-budget is at least 1ms", ""},
		{[]string{"up", "--lock-timeout", "0"}, "--lock-timeout is at least 1ms", ""},
		{[]string{"down", "--lock-budget", "-1s"}, "--lock-budget is at least 1ms", ""},
		{[]string{"up", "--drain-budget", "1us"}, "--drain-budget is at least 1ms", ""},
		{[]string{"up", "--force"}, "--force goes together with --to retire", ""},
		{[]string{"verify", "--limit", "0"}, "--limit is at least 1", ""},
		{[]string{"status", "--database", secret, "--engine-conf", "x"}, "not both", "upgrade help connection"},
		{[]string{"status", "--database", "postgres://a b:" + canaryPassword + "@:x:y/"}, "not valid", "upgrade help connection"},
		{[]string{"plan", "--scratch", secret}, "go together with --rehearse", ""},
		{[]string{"plan", "--rehearse", "--sql"}, "--sql and --rehearse exclude one another", ""},
		{[]string{"plan", "--rehearse", "--rehearse-tasks", "0"}, "--rehearse-tasks is at least 1 and at most 1,000,000", ""},
		{[]string{"demo", "--database", secret}, "a database of its own", "upgrade status"},
		{[]string{"demo", "--tasks", "-1"}, "--tasks is not negative", ""},
	} {
		t.Run(strings.ReplaceAll(strings.Join(c.args, " "), "/", "|"), func(t *testing.T) {
			got := want(t, exitUsage, c.args...)
			if got.stdout != "" {
				t.Errorf("stdout: %s", got.stdout)
			}
			if !strings.Contains(got.stderr, "upgrade: ") || !strings.Contains(got.stderr, c.reason) {
				t.Errorf("want %q in:\n%s", c.reason, got.stderr)
			}
			if c.hint != "" && (!strings.Contains(got.stderr, "\nhint: ") || !strings.Contains(got.stderr, c.hint)) {
				t.Errorf("want the hint %q in:\n%s", c.hint, got.stderr)
			}
		})
	}
}

func TestWithoutACommandTheHelpComes(t *testing.T) {
	got := want(t, exitUsage)
	got.says(t, "upgrade demo", "no command was given")
}

func TestDistanceCountsLetters(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"up", "", 2}, {"", "up", 2}, {"up", "up", 0}, {"contrct", "contract", 1}, {"swithc", "switch", 2}, {"abc", "xyz", 3}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
