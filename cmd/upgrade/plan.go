package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ovirt/coco/upgrade"
)

const planLong = `plan lists what "upgrade up" would do from where the database stands, or with --down what
"upgrade down" would: every step, in order, with the strongest lock on a table of the engine, who waits for
it, rows, time and how it is taken back. It is the very list that up and down work off. plan changes nothing
and blocks nobody.

Rows, time, log (WAL) and space are estimated from a sample of the tasks, which takes about a second at
most. Waiting for others is not in them. A step waits for a lock no longer than --lock-timeout of up (10ms),
and so do clients behind it; then they wait until the step is done.

--sql writes every statement in full, for review, and nothing else. --json gives one object with everything.

--rehearse runs the steps on a throw-away copy and shows the locks that each really took, and its time. The
copy has the schema of the database and generated rows: of its rows none is read but those that say where
the upgrade stands. It lives on a PostgreSQL server that is started for it, or on the one of --scratch, which
cannot be the database's own. A lock that a step does not declare ends it with exit code 4.`

const planExample = `  upgrade plan
  upgrade plan --to contract
  upgrade plan --sql > plan.sql
  upgrade plan --down --json
  upgrade plan --rehearse
  upgrade plan --rehearse --rehearse-tasks 100000 --scratch postgres://postgres@test.example.org/postgres`

func (a *app) newPlan() *cobra.Command {
	var (
		to        string
		down, sql bool
		rehearsal rehearsalFlags
	)
	cmd := &cobra.Command{
		Use:     "plan",
		Short:   "List what up or down would do, step by step",
		Long:    planLong,
		Example: planExample,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if sql && a.flags.json {
				return &usageError{reason: "--sql and --json exclude one another", hint: "The JSON has all statements too."}
			}
			if err := rehearsal.check(cmd, sql); err != nil {
				return err
			}
			phase, err := phaseNamed(to)
			if err != nil {
				return err
			}
			if rehearsal.rehearse {
				return a.rehearse(cmd.Context(), phase, down, rehearsal)
			}
			return a.plan(cmd.Context(), phase, down, sql)
		},
	}
	set := cmd.Flags()
	set.StringVar(&to, "to", "", "stop at the end of this `PHASE`")
	set.BoolVar(&down, "down", false, "list what down would do")
	set.BoolVar(&sql, "sql", false, "write the statements")
	rehearsal.add(cmd)
	return cmd
}

func (a *app) plan(ctx context.Context, to upgrade.Phase, down, sql bool) error {
	report := a.newReporter("")
	defer report.end()
	upgrader, err := a.upgrader(report.observe)
	if err != nil {
		return err
	}
	report.doing(elapsed("taking a sample"))
	ask := upgrader.PlanUp
	if down {
		ask = upgrader.PlanDown
	}
	plan, err := ask(ctx, to)
	report.progress.idle()
	if err != nil {
		return err
	}
	at := place(plan.From, phaseOf(upgrader.Chain(), plan.From))
	switch {
	case a.flags.json:
		a.console.emit("plan", plan)
	case sql && len(plan.Steps) == 0:
		a.console.resultf("-- Nothing to do: the database is at version %s.", at)
	case sql:
		a.console.resultf("%s", planScript(plan))
	case len(plan.Steps) == 0 && plan.From == 0:
		a.console.resultf("nothing to do: the upgrade of this database has not begun")
	case len(plan.Steps) == 0:
		a.console.resultf("nothing to do: the database is at version %s", at)
	default:
		a.console.resultf("%s\n\n%s", table(planRows(plan), plain), planTotal(plan))
	}
	return nil
}

func planRows(plan upgrade.Plan) [][]string {
	rows := [][]string{{"step", "phase", "action", "lock on existing tables", "waits", "     rows", "   time", "reversible"}}
	for _, s := range plan.Steps {
		rows = append(rows, []string{
			fmt.Sprintf("%4d", s.Number), string(s.Phase), planAction(s), planLock(s), string(s.Blocks),
			fmt.Sprintf("%9s", planNumber(s.Rows)), fmt.Sprintf("%7s", took(s.Time)), planUndo(s),
		})
	}
	return rows
}

// planAction names an action, and the migration if it runs one.
func planAction(s upgrade.Action) string {
	if s.Kind == upgrade.KindApply || s.Kind == upgrade.KindTakeBack {
		return fmt.Sprintf("%s %d %s", s.Kind.Words(), s.Version, s.Name)
	}
	return s.Kind.Words()
}

// planLock is the strongest lock, and how many more there are.
func planLock(s upgrade.Action) string {
	if len(s.Locks) == 0 {
		return "none"
	}
	text := s.Locks[0].String()
	if more := len(furtherLocks(s)); more > 0 {
		text += fmt.Sprintf(" +%d", more)
	}
	return text
}

// furtherLocks are those beside the strongest one that somebody could notice.
func furtherLocks(s upgrade.Action) []upgrade.Lock {
	if len(s.Locks) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.Locks[1:]), func(lock upgrade.Lock) bool { return lock.Mode == upgrade.AccessShare })
}

func planNumber(n int64) string {
	if n == 0 {
		return "-"
	}
	return count(n)
}

func planUndo(s upgrade.Action) string {
	switch {
	case s.Undo == "":
		return "-"
	case s.Offline:
		return "by down"
	}
	return "by up"
}

// planTotal sums up, in a few lines.
func planTotal(plan upgrade.Plan) string {
	growth := ", the database grows by " + size(plan.Space)
	end := "\"upgrade up\" runs these steps; down, which takes them back, is run offline"
	if plan.Direction == upgrade.DirectionDown {
		growth = fmt.Sprintf(", the database takes up to %s more while it runs", size(plan.Space))
		end = "\"upgrade down\" runs these steps, offline: the engine is stopped"
	}
	if plan.Space == 0 {
		growth = ""
	}
	lines := []string{
		fmt.Sprintf("total   %s, %s: roughly %s, %s of log (WAL)%s", counted(int64(len(plan.Steps)), "step"),
			counted(plan.Tasks, "task"), took(plan.Estimate), size(plan.WAL), growth),
		"        " + end,
	}
	if !plan.Measured {
		lines = slices.Insert(lines, 1, "        the tasks could not be read: these are the catalog's statistics, and may be far off")
	}
	for _, s := range plan.Steps {
		for _, name := range s.Rewrites {
			lines = append(lines, fmt.Sprintf("        step %d writes %s anew", s.Number, name))
		}
		for _, lock := range furtherLocks(s) {
			lines = append(lines, fmt.Sprintf("        +1: step %d also takes %s", s.Number, lock))
		}
	}
	if plan.Unheld > 0 {
		lines = append(lines, fmt.Sprintf("        %s without a task would be lost: down needs --discard-commands",
			counted(plan.Unheld, "command")))
	}
	return strings.Join(lines, "\n")
}

// planScript writes every statement, each step behind a comment.
func planScript(plan upgrade.Plan) string {
	var script strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&script, format+"\n", args...) }
	line("-- What \"upgrade %s\" does to lead a database from version %d to version %d, for review.", plan.Direction, plan.From, plan.To)
	line("-- The program sends each migration in one transaction with its version and its row of coco.journal, repeats batches until")
	line("-- nothing is left, waits for others and tries again when a lock is not to be had. Let it: this script would do none of that.")
	for text := range strings.SplitSeq(planTotal(plan), "\n") {
		line("-- %s", text)
	}
	for _, s := range plan.Steps {
		line("\n-- %d of %d: %s", s.Number, len(plan.Steps), planAction(s))
		line("--   phase       %s", s.Phase)
		line("--   what        %s", s.Summary)
		line("--   locks       %s", planLocks(s))
		line("--   estimate    %s, %s, %s of log", counted(s.Rows, "row"), took(s.Time), size(s.WAL))
		line("--   reversible  %s", planUndoFile(s))
		line("BEGIN;\n%s\nCOMMIT;", strings.TrimSpace(s.SQL))
	}
	return strings.TrimSuffix(script.String(), "\n")
}

// planLocks names all locks, who waits for them and for how long.
func planLocks(s upgrade.Action) string {
	if len(s.Locks) == 0 {
		return "none on existing tables"
	}
	var names []string
	for _, lock := range s.Locks {
		names = append(names, lock.String())
	}
	text := strings.Join(names, ", ")
	if s.Blocks == upgrade.Nobody {
		return text + ": nobody waits"
	}
	waits := map[upgrade.Waiters]string{upgrade.Writers: "writers wait", upgrade.Everybody: "everybody waits"}[s.Blocks]
	text += fmt.Sprintf(": %s, at most %s at a time for the lock, then ", waits, took(s.LockTimeout))
	switch {
	case len(s.Rewrites) > 0:
		return text + "while " + strings.Join(s.Rewrites, ", ") + " is written anew"
	case s.Kind == upgrade.KindApply:
		return text + "for a change of the catalog"
	}
	return text + "until the step is done"
}

func planUndoFile(s upgrade.Action) string {
	switch {
	case s.Undo == "":
		return "nothing to take back"
	case s.Offline:
		return "by " + s.Undo + ", offline"
	}
	return "by " + s.Undo
}
