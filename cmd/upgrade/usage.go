package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// usageError says that the command line is wrong: exit code 2. Its texts never repeat values of flags or stray arguments, which may
// be connection strings.
type usageError struct {
	reason, hint string
}

func (e *usageError) Error() string { return e.reason }

// unknownCommand refuses what is no command and says what may have been meant. It is the Args of commands that have others below them.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	return unknownName(cmd, "command", args[0], cmd.SuggestionsFor(args[0]))
}

// unknownTopic refuses what there is no help on.
func unknownTopic(cmd *cobra.Command, args []string) error {
	cmd.SuggestionsMinimumDistance = 2
	meant := cmd.SuggestionsFor(args[0])
	for _, topic := range cmd.Commands() {
		if topic.IsAdditionalHelpTopicCommand() && similar(args[0], topic.Name()) {
			meant = append(meant, topic.Name())
		}
	}
	return unknownName(cmd, "command", args[0], meant)
}

func unknownName(cmd *cobra.Command, kind, name string, meant []string) error {
	return &usageError{
		reason: fmt.Sprintf("there is no %s %s", kind, quotedBelow(cmd, name)),
		hint:   didYouMean(meant, fmt.Sprintf("%q lists the commands.", helpOf(cmd))),
	}
}

// quotedBelow quotes a name behind those of the commands that it was typed behind.
func quotedBelow(cmd *cobra.Command, name string) string {
	if !cmd.HasParent() || looksLikeConnection(name) {
		return quoted(name)
	}
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	return quoted(path + " " + name)
}

// unknownAmong refuses a value that is none of a few.
func unknownAmong(kind, value string, known []string) error {
	if slices.Contains(known, value) {
		return nil
	}
	var meant []string
	for _, name := range known {
		if similar(value, name) {
			meant = append(meant, name)
		}
	}
	return &usageError{
		reason: fmt.Sprintf("there is no %s %s", kind, quoted(value)),
		hint:   didYouMean(meant, fmt.Sprintf("The %s are %s.", plural(kind), strings.Join(known, ", "))),
	}
}

func plural(noun string) string {
	if strings.HasSuffix(noun, "s") {
		return noun + "es"
	}
	return noun + "s"
}

// similar says whether one word may have been meant by another.
func similar(typed, name string) bool {
	typed, name = strings.ToLower(typed), strings.ToLower(name)
	return distance(typed, name) <= 2 || typed != "" && strings.HasPrefix(name, typed)
}

// noArguments is the Args of all commands.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := fmt.Sprintf("%q lists the flags.", helpOf(cmd))
	if looksLikeConnection(args[0]) {
		hint = "A database is named with --database."
	}
	return &usageError{reason: fmt.Sprintf("%s takes no arguments, but was given %s", cmd.Name(), quoted(args[0])), hint: hint}
}

// flagError turns an error of the flag parser into ours. The parser's own texts repeat values. Its types belong to a module that is
// cobra's, so they are told apart by what they can say.
func flagError(cmd *cobra.Command, err error) error {
	result := &usageError{reason: "the flags cannot be understood", hint: fmt.Sprintf("%q lists the flags.", helpOf(cmd))}
	var (
		named interface {
			GetSpecifiedName() string
			GetSpecifiedShortnames() string
		}
		valued interface{ GetValue() string }
	)
	switch {
	case errors.As(err, &valued):
		_, rest, _ := strings.Cut(err.Error(), fmt.Sprintf("invalid argument %q for ", valued.GetValue()))
		_, name, _ := strings.Cut(rest, "--")
		name, _, _ = strings.Cut(name, `"`)
		if flag := cmd.Flags().Lookup(name); flag != nil {
			result.reason = fmt.Sprintf("the value of --%s is not a %s", name, kindOfValue(flag.Value.Type()))
		}
	case !errors.As(err, &named):
	case strings.HasPrefix(err.Error(), "flag needs an argument"):
		result.reason = fmt.Sprintf("%s needs a value", dashed(named.GetSpecifiedName()))
	default:
		result.reason = fmt.Sprintf("there is no flag %s", dashed(named.GetSpecifiedName()))
		word := named.GetSpecifiedName()
		if short := named.GetSpecifiedShortnames(); short != "" {
			word, _, _ = strings.Cut(short, "=")
		}
		result.hint = didYouMean(similarFlags(cmd, word), result.hint)
	}
	return result
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

func helpOf(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return "upgrade help"
	}
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	return "upgrade help " + path
}

func kindOfValue(kind string) string {
	switch kind {
	case "duration":
		return "duration, such as 250ms, 10s or 2m"
	case "int", "int32Slice":
		return "whole number"
	case "bool":
		return "yes or no: true or false"
	}
	return kind
}

var flagName = regexp.MustCompile(`--[a-z-]+`)

func similarFlags(cmd *cobra.Command, name string) []string {
	flags := flagName.FindAllString(cmd.Flags().FlagUsages(), -1)
	slices.Sort(flags)
	return slices.DeleteFunc(slices.Compact(flags), func(flag string) bool {
		flag = strings.TrimPrefix(flag, "--")
		return len(name) < 2 || distance(name, flag) > 2 && !strings.HasPrefix(flag, name)
	})
}

func didYouMean(names []string, otherwise string) string {
	if len(names) == 0 {
		return otherwise
	}
	return "Did you mean " + strings.Join(names, " or ") + "?"
}

// quoted shows a stray argument unless it may hold a secret.
func quoted(arg string) string {
	if looksLikeConnection(arg) {
		return "a connection string"
	}
	if len(arg) > 40 {
		return "a text of " + count(int64(len(arg))) + " bytes"
	}
	return fmt.Sprintf("%q", arg)
}

func looksLikeConnection(arg string) bool { return strings.ContainsAny(arg, ":=@") }

// distance is the number of letters to change, add or remove to make one word of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
