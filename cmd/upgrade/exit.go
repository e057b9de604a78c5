package main

import (
	"errors"
	"regexp"
	"strings"

	"github.com/ovirt/coco/commands"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
	"github.com/ovirt/coco/upgrade/rehearse"
	"github.com/ovirt/coco/upgrade/review/approval"
)

// The exit codes; "upgrade help exit-codes" explains them.
const (
	exitDone    = 0
	exitFailure = 1
	exitUsage   = 2
	exitPending = 3
	exitDrift   = 4
	exitBusy    = 5
)

// exitFailure ends the program with a code when everything has been said already.
type exitError struct{ code int }

func (e *exitError) Error() string { return "see the output" }

// hintedError is an error outside of the library's, with what to do about it.
type hintedError struct {
	error

	hint string
}

// Unwrap returns the error.
func (e *hintedError) Unwrap() error { return e.error }

// failure is an error as it is shown.
type failure struct {
	ExitCode int               `json:"exit_code"`
	Kind     string            `json:"kind"`
	Reason   string            `json:"reason"`
	Hint     string            `json:"hint,omitempty"`
	Sessions []upgrade.Session `json:"sessions,omitempty"`
	Excerpt  *upgrade.Excerpt  `json:"excerpt,omitempty"`
	Differs  []approval.Part   `json:"differs,omitempty"`
}

// kinds are the errors that a caller may act on, their names in JSON and their exit codes.
var kinds = []struct {
	err  error
	name string
	code int
}{
	{upgrade.ErrRefused, "refused", exitFailure},
	{upgrade.ErrUnheld, "unheld_commands", exitFailure},
	{upgrade.ErrDrift, "drift", exitDrift},
	{upgrade.ErrUnapproved, "unapproved", exitDrift},
	{upgrade.ErrBusy, "busy", exitBusy},
	{upgrade.ErrConnected, "others_connected", exitPending},
	{upgrade.ErrDirty, "dirty", exitFailure},
	{upgrade.ErrMismatch, "version_mismatch", exitFailure},
	{upgrade.ErrNewerSchema, "newer_schema", exitFailure},
	{upgrade.ErrEdited, "edited_migration", exitFailure},
	{upgrade.ErrOutOfOrder, "out_of_order", exitFailure},
	{upgrade.ErrNotUpgraded, "not_upgraded", exitPending},
	{upgrade.ErrUnreachable, "unreachable", exitFailure},
	{upgrade.ErrInterrupted, "interrupted", exitFailure},
	{rehearse.ErrUndeclared, "undeclared_lock", exitDrift},
	{commands.ErrNotFound, "not_found", exitFailure},
	{commands.ErrBlocked, "blocked", exitFailure},
}

func describe(err error) failure {
	result := failure{ExitCode: exitFailure, Kind: "error", Reason: err.Error()}
	for _, kind := range kinds {
		if errors.Is(err, kind.err) {
			result.Kind, result.ExitCode = kind.name, kind.code
			break
		}
	}
	var (
		usage   *usageError
		hinted  *hintedError
		library *upgrade.Error
	)
	switch {
	case errors.As(err, &usage):
		result.Kind, result.ExitCode, result.Hint = "usage", exitUsage, usage.hint
	case errors.As(err, &hinted):
		result.Hint = hinted.hint
	case errors.As(err, &library):
		result.Hint, result.Sessions, result.Excerpt = library.Hint, library.Sessions, library.Excerpt
		bare := *library
		bare.Hint = "" // it has a line of its own
		result.Reason = bare.Error()
	}
	if mismatch, ok := errors.AsType[*approval.MismatchError](err); ok {
		result.Differs = mismatch.Parts
	}
	switch {
	case errors.Is(err, upgrade.ErrUnheld):
		result.Hint = "Add --discard-commands to give them up: they are written to a file first."
	case errors.Is(err, upgrade.ErrConnected):
		result.Hint += ` "upgrade up --to retire --force" does not wait for them.`
	}
	result.Reason = strings.Join(strings.Fields(result.Reason), " ")
	return result
}

// report shows how a command ended and returns the exit code.
func (a *app) report(err error) int {
	if err == nil {
		return exitDone
	}
	if silent, ok := errors.AsType[*exitError](err); ok {
		return silent.code
	}
	what := describe(err)
	if line := typed(a.args); errors.Is(err, upgrade.ErrInterrupted) && line != "" {
		what.Hint += " That was: " + line
	}
	if a.flags.json {
		a.console.emit("error", what)
	}
	a.console.complain(what.Reason, excerptText(what.Excerpt), what.Hint)
	return what.ExitCode
}

// safeInShell is what a shell takes as it is.
var safeInShell = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// typed is what somebody types to get the same again; empty if it holds a password, which is not repeated.
func typed(args []string) string {
	words := []string{"upgrade"}
	for _, arg := range args {
		if connect.HasPassword(arg) || connect.HasPassword(strings.TrimPrefix(arg, "--database=")) {
			return ""
		}
		if !safeInShell.MatchString(arg) {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}
