package main

import (
	"fmt"
	"io/fs"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/ovirt/coco/sql"
	"github.com/ovirt/coco/upgrade"
)

// version is set by: go build -ldflags "-X main.version=1.2.3".
var version string

// toolVersion is what stands in the journal as the program's version.
func toolVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}

func (a *app) newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program and the newest migration it knows",
		Long: `version prints the version of this program, of the Go it was built with, and the newest migration it knows.
It looks at no database.`,
		Example: "  upgrade version\n  upgrade version --json",
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return a.version() },
	}
}

func (a *app) version() error {
	files, err := fs.Sub(sql.Schema, "schema")
	if err != nil {
		return fmt.Errorf("open the migrations: %w", err)
	}
	chain, err := upgrade.LoadChain(files)
	if err != nil {
		return err
	}
	ups := chain.Ups()
	newest := ups[len(ups)-1]
	if a.flags.json {
		a.console.emit("version", struct {
			Version string       `json:"version"`
			Go      string       `json:"go"`
			Newest  upgrade.Step `json:"newest_migration"`
		}{toolVersion(), runtime.Version(), newest})
		return nil
	}
	a.console.resultf("%s", table([][]string{
		{"upgrade", toolVersion()},
		{"go", runtime.Version()},
		{"newest migration", newest.String()},
	}, plain))
	return nil
}
