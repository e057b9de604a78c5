package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/ovirt/coco/upgrade"
)

func TestOnlyAClearYesIsYes(t *testing.T) {
	for answer, yes := range map[string]bool{
		"y\n": true, "Yes\n": true, "yes": true, "y": true,
		"\n": false, "": false, "n\n": false, "yeah\n": false, strings.Repeat("y", 1000) + "\n": false,
	} {
		var stderr bytes.Buffer
		a := &app{stdin: strings.NewReader(answer), interactive: true, console: newConsole(io.Discard, &stderr)}
		if err := a.confirm(t.Context(), false, "Really?"); (err == nil) != yes {
			t.Errorf("%.10q: %v", answer, err)
		}
		if stderr.String() != "Really? [y/N] " {
			t.Errorf("asked %q", stderr.String())
		}
	}
}

func TestTheQuestionCanBeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	stdin, end := io.Pipe()
	defer end.Close()
	a := &app{stdin: stdin, interactive: true, console: newConsole(io.Discard, io.Discard)}
	if err := a.confirm(ctx, false, "Really?"); !errors.Is(err, upgrade.ErrInterrupted) {
		t.Errorf("got %v", err)
	}
}
