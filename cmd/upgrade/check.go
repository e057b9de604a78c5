package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ovirt/coco/upgrade"
)

const checkLong = `check looks at everything that "upgrade up" depends on, and says what it would come to: the server, the
role's privileges, which engine the database belongs to, procedures that were edited by hand, who is
connected, what the tasks are doing, sizes, free disk, how long it takes, and every reason for which up would
refuse, with what to do. It changes nothing, keeps nobody waiting, and shows ids and names, never parameters.

What only other roles may see reads "unknown": membership in pg_monitor shows it. Free disk is seen where the
server runs on this machine.

Exit code 0: up would go. 1: it would refuse. 3: only others who are connected are in the way of retire.
4: it would go, but there is something to decide first. 5: somebody else is upgrading.`

const checkExample = `  upgrade check
  upgrade check --to contract
  upgrade check --engine-conf /etc/ovirt-engine/engine.conf.d/10-setup-database.conf --json`

// The words that findings and the verdict begin with.
const (
	wordRefusal  = "refusal"
	wordDecision = "decision"
	wordWarning  = "warning"
	wordGo       = "go"
	wordRefused  = "refused"
	wordStop     = "stop"
)

func (a *app) newCheck() *cobra.Command {
	var to string
	var long time.Duration
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "Look at everything that up depends on, before it",
		Long:    checkLong,
		Example: checkExample,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			phase, err := phaseNamed(to)
			if err != nil {
				return err
			}
			if long <= 0 {
				return &usageError{reason: "--long-transaction is more than 0"}
			}
			return a.check(cmd.Context(), upgrade.CheckOptions{To: phase, LongTransaction: long})
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "look ahead to the end of this `PHASE` (default: the last one)")
	cmd.Flags().DurationVar(&long, "long-transaction", upgrade.DefaultLongTransaction, "name transactions that are open for longer")
	return cmd
}

// verdictExit is the exit code for each verdict.
func verdictExit(verdict upgrade.Verdict) int {
	switch verdict {
	case upgrade.VerdictGo:
		return exitDone
	case upgrade.VerdictDecide:
		return exitDrift
	case upgrade.VerdictConnected:
		return exitPending
	case upgrade.VerdictBusy:
		return exitBusy
	case upgrade.VerdictRefused:
		return exitFailure
	}
	return exitFailure
}

func (a *app) check(ctx context.Context, options upgrade.CheckOptions) error {
	report := a.newReporter("")
	defer report.end()
	upgrader, err := a.upgrader(report.observe)
	if err != nil {
		return err
	}
	report.doing(elapsed("checking"))
	result, err := upgrader.Check(ctx, options)
	report.progress.idle()
	if err != nil {
		return err
	}
	code := verdictExit(result.Verdict)
	switch {
	case a.flags.json:
		a.console.emit("check", struct {
			upgrade.CheckResult

			ExitCode int `json:"exit_code"`
		}{result, code})
	case a.flags.quiet:
		for _, f := range result.Findings {
			if f.Severity == upgrade.Refusal || f.Severity == upgrade.Decision {
				a.console.complain(f.Reason, "", f.Hint)
			}
		}
	default:
		a.showCheck(result)
	}
	if code != exitDone {
		return &exitError{code}
	}
	return nil
}

func (a *app) showCheck(result upgrade.CheckResult) {
	a.console.resultf("%s\n", table(checkFacts(result, a.flags.verbose), plain))
	if len(result.Findings) > 0 {
		a.console.resultf("%s\n", a.findings(result.Findings))
	}
	a.console.resultf("%s", table([][]string{{verdictWord(result.Verdict), verdictText(result)}}, a.console.paint))
}

// findings are listed with what to do under each reason.
func (a *app) findings(findings []upgrade.CheckFinding) string {
	var rows [][]string
	for n, f := range findings {
		rows = append(rows, []string{string(f.Severity), f.Reason})
		for i, session := range f.Sessions {
			if i == maxClients && !a.flags.verbose {
				rows = append(rows, []string{"", fmt.Sprintf("  and %d more (--verbose lists them)", len(f.Sessions)-i)})
				break
			}
			rows = append(rows, []string{"", "  " + session.String()})
		}
		if f.Hint != "" && (n+1 == len(findings) || findings[n+1].Hint != f.Hint) { // once for all that it helps against
			rows = append(rows, []string{"", "hint: " + f.Hint})
		}
	}
	return table(rows, a.console.paint)
}

func verdictWord(verdict upgrade.Verdict) string {
	switch verdict {
	case upgrade.VerdictGo:
		return wordGo
	case upgrade.VerdictDecide:
		return wordDecision
	case upgrade.VerdictConnected, upgrade.VerdictBusy:
		return wordStop
	case upgrade.VerdictRefused:
	}
	return wordRefused
}

// verdictText is the last line, and what to do next.
func verdictText(result upgrade.CheckResult) string {
	refusals, decisions := 0, 0
	for _, f := range result.Findings {
		switch f.Severity {
		case upgrade.Refusal:
			refusals++
		case upgrade.Decision:
			decisions++
		case upgrade.Caution, upgrade.Remark:
		}
	}
	command := `"upgrade up --to ` + string(result.To) + `"`
	if result.To == upgrade.Retire {
		command = `"upgrade up"`
	}
	switch result.Verdict {
	case upgrade.VerdictGo:
		if result.Chain.Idle() {
			return "nothing to do: the database is at " + string(result.Chain.Phase)
		}
		return command + " would go"
	case upgrade.VerdictDecide:
		return fmt.Sprintf("%s: %s to make first", command, counted(int64(decisions), "decision"))
	case upgrade.VerdictConnected:
		return `"upgrade up" would stop before retire: others are connected; "upgrade up --to contract" would go`
	case upgrade.VerdictBusy:
		return "somebody else is upgrading this database"
	case upgrade.VerdictRefused:
	}
	return fmt.Sprintf("%s would refuse: %s above", command, counted(int64(refusals), "reason"))
}

func checkFacts(r upgrade.CheckResult, verbose bool) [][]string {
	rows := [][]string{
		{"server", serverText(r.Server)},
		{"connection", connectionText(r.Connection)},
		{"database", r.Database.Name},
	}
	if r.Engine == nil { // the server is too old to be asked more
		return rows
	}
	rows[2][1] = fmt.Sprintf("%s, %s, %s", r.Database.Name, r.Database.Encoding, size(r.Database.Size))
	rows = append(rows, []string{"engine", engineText(*r.Engine)}, []string{"upgrade", chainText(r.Chain)})
	rows = append(rows, clientRows(r.Clients, verbose)...)
	rows = append(rows,
		[]string{"transactions", transactionsText(r)},
		[]string{"tasks", tasksText(r.Tasks)},
		[]string{"size", sizesText(r.Sizes)},
		[]string{"expected", planText(r)},
	)
	return append(rows, diskRows(r.Disks)...)
}

func serverText(s upgrade.CheckServer) string {
	text := "PostgreSQL " + s.Version
	switch {
	case !s.Served:
		text += ", too old"
	case !s.Tested:
		text += ", newer than what was tested"
	}
	if s.Standby {
		text += ", a standby"
	}
	return text
}

func connectionText(c upgrade.CheckConnection) string {
	text := "as " + c.User
	if c.Superuser {
		text += ", a superuser"
	}
	text += ", over " + c.Address
	if c.TLS == "" {
		return text + ", not encrypted"
	}
	return text + ", " + c.TLS
}

func engineText(e upgrade.CheckEngine) string {
	text := "engine " + e.Release
	switch e.Kind {
	case upgrade.EngineNone:
		return "none: the database is empty"
	case upgrade.EngineOther:
		return "none: the database is something else's"
	case upgrade.EngineKnown, upgrade.EngineLater:
	}
	if e.SchemaVersion != "" {
		text += ", schema_version " + e.SchemaVersion
	}
	if e.Marks > 0 {
		text += ", " + counted(int64(e.Marks), "mark") + " for a later engine-setup"
	}
	return text
}

func chainText(c *upgrade.CheckChain) string {
	if c == nil {
		return unknown
	}
	text := "version " + place(c.Version, c.Phase)
	if c.Version == 0 {
		text = "not begun"
	}
	if c.Dirty {
		text += ", marked dirty"
	}
	return fmt.Sprintf("%s, %s pending", text, counted(int64(c.Pending), "step"))
}

// unknown is what cannot be seen.
const unknown = "unknown"

func clientRows(clients []upgrade.CheckClient, verbose bool) [][]string {
	if len(clients) == 0 {
		return [][]string{{"connected", "nobody else"}}
	}
	rows := [][]string{{"connected", counted(int64(len(clients)), "other client")}}
	for i, client := range clients {
		if i == maxClients && !verbose {
			return append(rows, []string{"", fmt.Sprintf("and %d more (--verbose lists them)", len(clients)-i)})
		}
		rows = append(rows, []string{"", client.String() + ": " + client.State})
	}
	return rows
}

func transactionsText(r upgrade.CheckResult) string {
	hidden := 0
	for _, client := range r.Clients {
		if client.State == unknown {
			hidden++
		}
	}
	text := "none older than " + took(r.LongTransaction)
	if len(r.Transactions) > 0 {
		text = fmt.Sprintf("%d older than %s", len(r.Transactions), took(r.LongTransaction))
	}
	if hidden > 0 {
		text += fmt.Sprintf("; unknown for %s", counted(int64(hidden), "client"))
	}
	return text
}

func tasksText(t *upgrade.CheckTasks) string {
	if t == nil {
		return unknown
	}
	if t.Total == 0 {
		return "none"
	}
	var states []string
	left := t.Total
	for _, status := range upgrade.TaskStatuses() {
		if n := t.ByStatus[status]; n > 0 {
			states = append(states, count(n)+" "+status)
			left -= n
		}
	}
	if left > 0 {
		states = append(states, count(left)+" with another status")
	}
	return fmt.Sprintf("%s of %s: %s; %s", counted(t.Total, "task"), counted(t.Commands, "command"), strings.Join(states, ", "),
		counted(t.Placeholders, "placeholder"))
}

func sizesText(s *upgrade.CheckSizes) string {
	if s == nil {
		return unknown
	}
	text := "async_tasks " + size(s.Table)
	if s.Moving > 0 {
		text += fmt.Sprintf(", %s of it moves", size(s.Moving))
	}
	if s.Entities > 0 {
		text += fmt.Sprintf("; command_entities and schema coco %s", size(s.Entities))
	}
	return text
}

func planText(r upgrade.CheckResult) string {
	p := r.Plan
	switch {
	case r.Verdict == upgrade.VerdictGo && r.Chain.Idle():
		return "nothing is left to do"
	case p == nil:
		return unknown
	}
	return fmt.Sprintf("roughly %s, %s of log (WAL), the database grows by %s", took(p.Estimate), size(p.WAL), size(p.Space))
}

// diskRows says how much is free, once for each place.
func diskRows(disks []upgrade.CheckDisk) [][]string {
	var rows [][]string
	seen := map[string]bool{}
	for _, d := range disks {
		text := unknown + ": " + d.Unknown
		if d.Free != nil {
			text = size(*d.Free) + " free for " + d.Holds + " in " + d.Path
		}
		if seen[d.Path+d.Unknown] {
			continue
		}
		seen[d.Path+d.Unknown] = true
		rows = append(rows, []string{"", text})
	}
	if len(rows) > 0 {
		rows[0][0] = "disk"
	}
	return rows
}
