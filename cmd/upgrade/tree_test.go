package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// allCommands returns every command that does something, however deep it stands, so that tests cover new ones as well.
func allCommands(t *testing.T) []*cobra.Command {
	t.Helper()
	var found []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, child := range cmd.Commands() {
			if child.Runnable() && !child.HasSubCommands() && child.Name() != "help" {
				found = append(found, child)
			}
			walk(child)
		}
	}
	walk((&app{console: newConsole(nil, nil)}).newRoot())
	if len(found) < 6 {
		t.Fatalf("only %d commands were found", len(found))
	}
	return found
}

// words returns the words that name a command, without the program's.
func words(cmd *cobra.Command) []string { return strings.Fields(cmd.CommandPath())[1:] }

// withoutDatabase are the commands that work without a database.
var withoutDatabase = map[string]bool{
	"upgrade demo": true, "upgrade version": true, "upgrade completion": true, "upgrade man": true,
}

// needed is what a command does not run without.
var needed = map[string][]string{
	"upgrade down": {"--yes"}, "upgrade demo": {"--tasks", "20"}, "upgrade completion": {"bash"}, "upgrade man": {"pages"},
	"upgrade commands load": {"-"}, "upgrade commands tree": {nobody}, "upgrade commands show": {nobody},
	"upgrade commands remove": {nobody}, "upgrade commands resume": {nobody}, "upgrade cleanup": {"--before", "30d"},
}

// databaseCommands returns a complete command line of each command that works on a database.
func databaseCommands(t *testing.T) [][]string {
	t.Helper()
	var lines [][]string
	for _, cmd := range allCommands(t) {
		if !withoutDatabase[cmd.CommandPath()] {
			lines = append(lines, append(words(cmd), needed[cmd.CommandPath()]...))
		}
	}
	return lines
}
