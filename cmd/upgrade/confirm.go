package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ovirt/coco/upgrade"
)

// confirm asks on a terminal. Elsewhere nobody could answer: it refuses unless told yes before.
func (a *app) confirm(ctx context.Context, yes bool, question string) error {
	if yes {
		return nil
	}
	if !a.interactive || a.flags.json {
		return &usageError{reason: "nobody can be asked here", hint: "Add --yes."}
	}
	a.console.ask(question + " [y/N]")
	answers := make(chan string, 1)
	go func() { // a read cannot be canceled; the process ends soon after
		line, _ := bufio.NewReader(io.LimitReader(a.stdin, 100)).ReadString('\n')
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		a.console.notef("") // the question's line has no end yet
		return fmt.Errorf("%w: nothing was changed", upgrade.ErrInterrupted)
	case answer := <-answers:
		if answer == "y" || answer == "yes" {
			return nil
		}
		return errors.New("nothing was changed")
	}
}
