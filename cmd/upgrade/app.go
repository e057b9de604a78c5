package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
)

// app is one invocation of the program.
type app struct {
	args         []string
	stdin        io.Reader
	interactive  bool // somebody can be asked on stdin
	console      *console
	flags        globalFlags
	databaseName string // of the database that upgrader was asked for
}

// globalFlags are those that all commands have.
type globalFlags struct {
	database, engineConf          string
	json, quiet, verbose, noColor bool
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{args: args, stdin: stdin, interactive: isTerminal(stdin), console: newConsole(stdout, stderr)}
	root := a.newRoot()                       //nolint:contextcheck // commands get theirs from ExecuteContext
	root.SetArgs(append([]string{}, args...)) // nil would mean os.Args
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if slices.Contains(args, "--json") || slices.Contains(args, "--json=true") { // errors in the flags themselves are reported before flags are read
		a.flags.json = true
	}
	return a.report(root.ExecuteContext(ctx))
}

// upgrader returns the library over the database that flags and environment name. Observe may be nil.
func (a *app) upgrader(observe func(upgrade.Event)) (*upgrade.Upgrader, error) {
	config, err := a.config()
	if err != nil {
		return nil, err
	}
	return upgrade.New(upgrade.Options{Config: config, ToolVersion: toolVersion(), Observe: observe})
}

// config returns how to connect to the database that flags and environment name.
func (a *app) config() (*pgx.ConnConfig, error) {
	if connect.HasPassword(a.flags.database) {
		a.console.warn("the password on the command line can be seen by others on this machine",
			"Put it into ~/.pgpass, PGPASSWORD or DATABASE_URL.")
	}
	config, err := connect.Config(connect.Options{Database: a.flags.database, EngineConf: a.flags.engineConf})
	if errors.Is(err, connect.ErrConflict) || errors.Is(err, connect.ErrInvalid) {
		return nil, &usageError{reason: err.Error(), hint: `"upgrade help connection" lists the ways to name a database.`}
	}
	if err != nil {
		return nil, &hintedError{err, `"upgrade help connection" lists the ways to name a database, and what their files are like.`}
	}
	if a.flags.engineConf != "" && config.Password != "" && connect.ReadableByAll(a.flags.engineConf) {
		a.console.warn("every user of this machine can read the password in "+a.flags.engineConf, "Take that away: chmod o-r.")
	}
	a.databaseName = cmp.Or(config.Database, config.User)
	return config, nil
}
