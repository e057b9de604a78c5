package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ovirt/coco/upgrade"
)

// statusReport is what status says in JSON.
type statusReport struct {
	upgrade.Status

	Problem string            `json:"problem,omitempty"`
	Clients []upgrade.Session `json:"clients"`
}

func (a *app) newStatus() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show where a database stands and what is pending",
		Long: `status shows the version, what is pending, the newest proof, who applied what, and who is connected. It
changes nothing and takes no lock.

Exit code 0: nothing is pending. 3: steps are pending, or the migrate program broke off and
left a mark that up or down puts right. 4: procedures are not as the upgrade left them, as
after an engine-setup; up puts them back.`,
		Example: "  upgrade status\n  upgrade status --database postgres://engine@db.example.org/engine --json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report := a.newReporter("")
			defer report.end()
			upgrader, err := a.upgrader(report.observe)
			if err != nil {
				return err
			}
			report.doing(elapsed("asking the database"))
			clients, err := upgrader.Clients(cmd.Context())
			if err != nil {
				return err
			}
			status, err := upgrader.Status(cmd.Context())
			if err != nil {
				return err
			}
			report.progress.idle()
			a.showStatus(status, clients)
			if status.Problem != nil {
				return status.Problem
			}
			if len(status.Procedures) > 0 || status.Mending {
				return &exitError{exitDrift}
			}
			if status.Pending > 0 || status.Dirty != nil {
				return &exitError{exitPending}
			}
			return nil
		},
	}
}

func (a *app) showStatus(status upgrade.Status, clients []upgrade.Session) {
	if a.flags.json {
		report := statusReport{Status: status, Clients: clients}
		if status.Problem != nil {
			report.Problem = describe(status.Problem).Reason
		}
		a.console.emit("status", report)
		return
	}
	rows := [][]string{
		{"database", status.Database + " on PostgreSQL " + status.ServerVersion + encryptionText(status.Encryption)},
		{"version", versionText(status)},
		{"pending", pendingText(status)},
		{"proof", receiptText(status.Receipt)},
		{"upgrading now", "nobody"},
		{"connected", "nobody else"},
	}
	if len(status.Running) > 0 {
		rows[4][1] = status.Running[0].String()
	}
	if len(clients) > 0 {
		rows[5][1] = counted(int64(len(clients)), "other client")
	}
	for i, client := range clients {
		if i == maxClients && !a.flags.verbose {
			rows = append(rows, []string{"", fmt.Sprintf("and %d more (--verbose lists them)", len(clients)-i)})
			break
		}
		rows = append(rows, []string{"", client.String()})
	}
	if status.Dirty != nil {
		rows = append(rows, []string{"dirty", dirtyText(status)})
	}
	if status.Copied {
		rows = append(rows, []string{"copy", `restored from another database; "upgrade up" compares all rows again before it goes on`})
	}
	if status.TakenOver {
		rows = append(rows, []string{"engine", takenOverText})
	}
	rows = append(rows, procedureRows(status)...)
	a.console.resultf("%s\n\n%s", table(rows, plain), table(a.stepRows(status), a.console.paint))
}

const takenOverText = "an engine of version 3.5 or later has taken this database over"

// maxClients is how many clients are listed unless --verbose asks for all.
const maxClients = 5

func (a *app) stepRows(status upgrade.Status) [][]string {
	head := []string{"version", "phase", "step", "state", "when", "by", "with", "took"}
	if a.flags.verbose {
		head = append(head, "sha256")
	}
	rows := [][]string{head}
	for _, step := range status.Steps {
		row := []string{fmt.Sprint(step.Step.Version), string(step.Step.Phase), step.Step.Name, string(step.State)}
		switch {
		case step.Journal != nil:
			j := step.Journal
			row = append(row, timestamp(j.AppliedAt), j.AppliedBy, "upgrade "+j.ToolVersion, took(j.Duration))
		case step.State == upgrade.StepApplied:
			row = append(row, "", "", "another program", "")
		}
		if a.flags.verbose {
			for len(row) < len(head)-1 {
				row = append(row, "")
			}
			row = append(row, step.Step.SHA256)
		}
		rows = append(rows, row)
	}
	return rows
}

// versionText says where the database is, and how that is known where the version table does not say it.
func versionText(status upgrade.Status) string {
	switch {
	case errors.Is(status.Problem, upgrade.ErrMismatch):
		return "in doubt: version table and database contradict one another"
	case status.Dirty != nil:
		return place(status.Dirty.Proven, status.Phase)
	}
	return place(status.Version, status.Phase)
}

// procedureRows names each procedure that is not as the upgrade left it, and what to do about it.
func procedureRows(status upgrade.Status) [][]string {
	var rows [][]string
	decide := false
	for _, found := range status.Procedures {
		rows = append(rows, []string{"procedure", string(found.What) + ": " + found.Signature})
		decide = decide || found.What == upgrade.ProcedureEdited || found.What == upgrade.ProcedureOverload
	}
	switch {
	case decide:
		rows = append(rows, []string{"", `save what was edited or added and drop it; "upgrade up" puts back what is missing then`})
	case len(rows) > 0:
		rows = append(rows, []string{"", `"upgrade up" puts them back and takes over what was written meanwhile`})
	case status.Mending:
		rows = append(rows, []string{"procedures", `put back; "upgrade up" takes over the rest of what was written meanwhile`})
	}
	return rows
}

func dirtyText(status upgrade.Status) string {
	if len(status.Running) > 0 {
		return fmt.Sprintf("another program is at work on the way to version %d", max(status.Dirty.Marked, 0))
	}
	return dirtyLine(*status.Dirty) + `; "upgrade up" or "upgrade down" goes on from there`
}

func place(version int64, phase upgrade.Phase) string {
	if version == 0 {
		return "none: the upgrade has not begun"
	}
	return fmt.Sprintf("%d (%s)", version, phase)
}

func pendingText(status upgrade.Status) string {
	if status.Pending == 0 {
		return "nothing"
	}
	next := status.Steps[len(status.Steps)-status.Pending].Step
	return fmt.Sprintf("%s, next is %d (%s)", counted(int64(status.Pending), "step"), next.Version, next.Phase)
}

func encryptionText(encryption string) string {
	switch encryption {
	case "":
		return ""
	case "none":
		return ", not encrypted"
	}
	return ", encrypted with " + encryption
}

func receiptText(receipt *upgrade.Receipt) string {
	if receipt == nil {
		return "none"
	}
	return fmt.Sprintf("%s: %s, %s, %s in the archive", timestamp(receipt.ProvedAt),
		counted(receipt.Tasks, "task"), counted(receipt.Commands, "command"), count(receipt.Archived))
}
