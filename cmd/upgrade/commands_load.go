package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/ovirt/coco/commands"
	"github.com/ovirt/coco/upgrade"
)

const commandsLoadLong = `load takes commands in again that "upgrade down" has written to a file, because async_tasks could not hold
them as they were, or that "upgrade commands remove" or "upgrade cleanup" has removed. FILE is that file;
- reads it from stdin.
The database has to be upgraded to the switch or further. No instance owns what was loaded, and nothing
that a live instance drives is replaced.

Every command becomes what it was, its status and times included. One that is there exactly so is left alone,
so loading twice changes nothing. One that is there otherwise is left alone too and named, unless --overwrite:
after "upgrade up" a command that tasks name is there, made of what the tasks say. Tasks go on reading the
values that were stored for them either way.

It is all or nothing: a damaged line, or a parent that is neither in the database nor in the file, stops it.`

const commandsLoadExample = `  upgrade commands load coco-commands-engine-20260102T030405Z.jsonl --dry-run
  upgrade commands load coco-commands-engine-20260102T030405Z.jsonl --overwrite`

type loadFlags struct {
	overwrite, dryRun bool
}

func (a *app) newCommandsLoad() *cobra.Command {
	var flags loadFlags
	cmd := &cobra.Command{
		Use:     "load FILE",
		Short:   "Take commands in again that down, remove or cleanup has written to a file",
		Long:    commandsLoadLong,
		Example: commandsLoadExample,
		Args:    oneArgument("FILE"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.loadCommands(cmd.Context(), args[0], flags) },
	}
	set := cmd.Flags()
	set.BoolVar(&flags.overwrite, "overwrite", false, "replace commands that are there otherwise")
	set.BoolVar(&flags.dryRun, "dry-run", false, "say what would be done, and change nothing")
	return cmd
}

func (a *app) loadCommands(ctx context.Context, path string, flags loadFlags) error {
	name, export, err := a.openExport(ctx, path)
	if err != nil {
		return err
	}
	defer func() { _ = export.Close() }()
	report := a.newReporter("")
	defer report.end()
	upgrader, err := a.upgrader(report.observe)
	if err != nil {
		return err
	}
	report.doing(elapsed("taking commands in"))
	var result commands.Result
	options := upgrade.TransactOptions{DryRun: flags.dryRun, LockTimeout: changeLockTimeout}
	err = upgrader.Transact(ctx, options, func(ctx context.Context, tx pgx.Tx) error {
		var err error
		result, err = commands.Load(ctx, tx, export, flags.overwrite)
		return loadError(name, err)
	})
	report.progress.idle()
	if err != nil {
		return err
	}
	a.showLoaded(result, flags)
	return nil
}

// openExport opens the file, or stdin.
func (a *app) openExport(ctx context.Context, path string) (name string, export io.ReadCloser, err error) {
	if path == "-" {
		return "stdin", io.NopCloser(&interruptible{ctx, a.stdin}), nil
	}
	file, err := os.Open(path)
	if err != nil {
		return "", nil, fmt.Errorf("load commands: %w", err)
	}
	return path, file, nil
}

// interruptible is a reader that gives up when its context ends, even while nobody writes to its other end.
type interruptible struct {
	ctx    context.Context //nolint:containedctx // io.Reader has no place for it
	reader io.Reader
}

func (r *interruptible) Read(p []byte) (int, error) {
	type read struct {
		n   int
		err error
	}
	own, done := make([]byte, len(p)), make(chan read, 1)
	go func() {
		n, err := r.reader.Read(own)
		done <- read{n, err}
	}()
	select {
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	case got := <-done:
		return copy(p, own[:got.n]), got.err
	}
}

// loadError adds the file and the next step to what the library says.
func loadError(name string, err error) error {
	var (
		line    *commands.LineError
		missing *commands.MissingError
	)
	switch {
	case errors.As(err, &line):
		return &upgrade.Error{
			Cause: err, Reason: name + ": " + line.Error(),
			Hint: `Nothing was loaded. Take a file as "upgrade down", "upgrade commands remove" or "upgrade cleanup" has written it.`,
		}
	case errors.As(err, &missing):
		return &upgrade.Error{
			Cause: err, Reason: name + ": " + missing.Error(),
			Hint: "Nothing was loaded. Load the export that has them as well: files can be put one behind the other.",
		}
	}
	return commandsError(err)
}

func (a *app) showLoaded(result commands.Result, flags loadFlags) {
	if a.flags.json {
		a.console.emit("result", struct {
			commands.Result

			DryRun bool `json:"dry_run"`
		}{result, flags.dryRun})
	} else {
		parts := []string{counted(result.Loaded, "command") + " loaded"}
		if flags.overwrite {
			parts = append(parts, count(result.Replaced)+" replaced")
		}
		parts = append(parts, count(result.There)+" already there")
		if len(result.Kept) > 0 {
			parts = append(parts, count(int64(len(result.Kept)))+" there otherwise and left alone")
		}
		text := strings.Join(parts, ", ")
		if flags.dryRun {
			text = "dry run, nothing was changed: " + text
		}
		a.console.resultf("%s", text)
	}
	if len(result.Kept) == 0 {
		return
	}
	var names []string
	for _, id := range result.Kept[:min(len(result.Kept), maxNamed)] {
		names = append(names, id.String())
	}
	if more := len(result.Kept) - maxNamed; more > 0 {
		names = append(names, count(int64(more))+" more")
	}
	a.console.warn("there otherwise than in the export: "+strings.Join(names, ", "), "--overwrite replaces them.")
}
