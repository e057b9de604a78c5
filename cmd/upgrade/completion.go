package main

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ovirt/coco/commands"
	"github.com/ovirt/coco/upgrade"
)

const completionLong = `completion writes a script that makes a shell complete commands, flags, phases and file names.

bash (with the package bash-completion), for this session or for all:
  source <(upgrade completion bash)
  upgrade completion bash > /etc/bash_completion.d/upgrade

zsh (with compinit), then start a new shell:
  upgrade completion zsh > "${fpath[1]}/_upgrade"

fish, for all sessions:
  upgrade completion fish > ~/.config/fish/completions/upgrade.fish

PowerShell, for this session; a line of the profile does it for all:
  upgrade completion powershell | Out-String | Invoke-Expression`

// shells are those that a script can be written for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func (a *app) newCompletion() *cobra.Command {
	return &cobra.Command{
		Use:       "completion bash|zsh|fish|powershell",
		Short:     "Write a script that makes a shell complete what is typed",
		Long:      completionLong,
		Example:   "  upgrade completion bash > /etc/bash_completion.d/upgrade\n  upgrade completion zsh",
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return &usageError{reason: "no shell was given", hint: "The shells are " + strings.Join(shells, ", ") + "."}
			case len(args) > 1:
				return &usageError{reason: "only one shell at a time", hint: "The shells are " + strings.Join(shells, ", ") + "."}
			}
			return unknownAmong("shell", args[0], shells)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			script, err := completionScript(cmd.Root(), args[0])
			if err != nil {
				return err
			}
			if a.flags.json {
				a.console.emit("completion", struct {
					Shell  string `json:"shell"`
					Script string `json:"script"`
				}{args[0], script})
				return nil
			}
			a.console.resultf("%s", strings.TrimSuffix(script, "\n"))
			return nil
		},
	}
}

func completionScript(root *cobra.Command, shell string) (string, error) {
	var (
		script bytes.Buffer
		err    error
	)
	switch shell {
	case "bash":
		err = root.GenBashCompletionV2(&script, true)
	case "zsh":
		err = root.GenZshCompletion(&script)
	case "fish":
		err = root.GenFishCompletion(&script, true)
	case "powershell":
		err = root.GenPowerShellCompletionWithDesc(&script)
	}
	return script.String(), err
}

// completeValues says for every command below one what its arguments and the values of its flags can be: a shell offers the names of
// files only where a file is meant.
func completeValues(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 {
		cmd.ValidArgsFunction = completionOf(cmd.Use)
	}
	for _, name := range flagNames(cmd) {
		flag := cmd.Flag(name)
		if _, done := cmd.GetFlagCompletionFunc(name); done || flag.Value.Type() == "bool" {
			continue
		}
		_ = cmd.RegisterFlagCompletionFunc(name, completionOf(flag.Usage)) // it fails for an unknown flag only
	}
	for _, child := range cmd.Commands() {
		completeValues(child)
	}
}

// completionOf goes by the word that stands for a value in usage texts.
func completionOf(usage string) cobra.CompletionFunc {
	switch {
	case strings.Contains(usage, "PHASE"):
		var phases []string
		for _, phase := range upgrade.Phases() {
			phases = append(phases, string(phase))
		}
		return cobra.FixedCompletions(phases, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder)
	case strings.Contains(usage, "`STATUS`"):
		return cobra.FixedCompletions(commands.Statuses(), cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder)
	case strings.Contains(usage, "FILE"):
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	case strings.Contains(usage, "DIR"):
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	}
	return cobra.NoFileCompletions
}

var flagInUsage = regexp.MustCompile(`(?m)^ +(?:-\w, |    )--([a-z-]+)`)

// flagNames returns the long names of the flags that a command itself has.
func flagNames(cmd *cobra.Command) []string {
	var names []string
	for _, match := range flagInUsage.FindAllStringSubmatch(cmd.LocalFlags().FlagUsages(), -1) {
		names = append(names, match[1])
	}
	return names
}
