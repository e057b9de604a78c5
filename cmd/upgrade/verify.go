package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/ovirt/coco/upgrade"
)

// checks are what the database verifies, in the order in which they are shown.
var checks = []struct{ name, what string }{
	{"values", "each task's five moved values are what the engine wrote"},
	{"commands", "each command has an id and a status that the engine knows"},
	{"procedures", "the procedures are the ones that coco installed, each once"},
	{"triggers", "the triggers that log changes are those of the proof"},
}

func (a *app) newVerify() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that the proof still holds",
		Long: `verify checks in one snapshot that every task's values can be read back as they were proved, that the
procedures are ours and that nothing was changed behind their back. It changes nothing and takes no
lock that anybody waits for. Findings name ids and columns, never values.

Exit code 0: everything holds. 3: nothing has been proved yet. 4: something does not hold.`,
		Example: "  upgrade verify\n  upgrade verify --json --limit 1000",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return &usageError{reason: "--limit is at least 1"}
			}
			report := a.newReporter("")
			defer report.end()
			upgrader, err := a.upgrader(report.observe)
			if err != nil {
				return err
			}
			report.doing(elapsed("verifying"))
			result, err := upgrader.Verify(cmd.Context(), upgrade.VerifyOptions{Limit: limit})
			report.progress.idle()
			if err != nil {
				return err
			}
			a.showVerify(result)
			switch {
			case len(result.Findings) > 0:
				return &exitError{exitDrift}
			case result.Receipt == nil:
				return &exitError{exitPending}
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 100, "report at most `N` findings of a check")
	return cmd
}

func (a *app) showVerify(result upgrade.VerifyResult) {
	if a.flags.json {
		for _, finding := range result.Findings {
			a.console.emit("finding", finding)
		}
		a.console.emit("result", struct {
			Version  int64            `json:"version"`
			Receipt  *upgrade.Receipt `json:"receipt,omitempty"`
			Findings int              `json:"findings"`
		}{result.Version, result.Receipt, len(result.Findings)})
		return
	}
	rows := [][]string{}
	for _, check := range checks {
		fails := slices.ContainsFunc(result.Findings, func(f upgrade.Finding) bool { return f.Check == check.name })
		word := wordHolds
		if fails {
			word = wordFails
		}
		rows = append(rows, []string{check.name, check.what, word})
	}
	a.console.resultf("%s", table(rows, a.console.paint))
	if len(result.Findings) > 0 {
		rows = [][]string{}
		for _, finding := range result.Findings {
			rows = append(rows, []string{finding.Check, finding.Object, finding.Detail})
		}
		a.console.resultf("\n%s\n\n%s", table(rows, a.console.paint), counted(int64(len(result.Findings)), "finding"))
	}
	if result.Receipt == nil {
		a.console.resultf("\nnothing has been proved yet: the database is at version %d", result.Version)
		return
	}
	a.console.resultf("\nproof of %s", receiptText(result.Receipt))
}
