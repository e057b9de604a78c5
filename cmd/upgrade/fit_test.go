package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/ovirt/coco/commands"
)

// aPage, aTree and someEngines are what a server could have answered at this moment.
var theMoment = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func ago(d time.Duration) pgtype.Timestamptz {
	return pgtype.Timestamptz{Time: theMoment.Add(-d), Valid: true}
}

func aCommand(n int, change func(*commands.Command)) commands.Command {
	class, length := "org.ovirt.engine.core.common.action.LiveMigrateDiskParameters", int32(2345)
	command := commands.Command{
		ID: uuid.MustParse(fmt.Sprintf("1dc3f14d-5c8e-4d27-a1ee-%012d", n)), Type: int32(1010 + n), Status: commands.Active,
		CreatedAt: ago(time.Duration(n) * 25 * time.Hour), Class: &class, ParametersBytes: &length,
		Owner: &commands.Owner{
			InstanceID: uuid.MustParse("a0000000-0000-4000-8000-000000000001"), Name: "engine-1.example.org 4242", State: commands.Alive,
			TakenAt: theMoment.Add(-time.Hour),
		},
	}
	change(&command)
	return command
}

func theCommands() []commands.Command {
	held, colourful := theMoment.Add(-time.Hour), "\x1b[31mred\n\u202etxet"
	return []commands.Command{
		aCommand(0, func(c *commands.Command) { c.CreatedAt = ago(42 * time.Second) }),
		aCommand(1, func(c *commands.Command) {
			c.Owner.State, c.Owner.HeldAt, c.Owner.Recoveries = commands.Expired, &held, 5
		}),
		aCommand(2, func(c *commands.Command) { c.Owner, c.Class, c.Status = nil, nil, commands.Unknown }),
		aCommand(3, func(c *commands.Command) { c.Owner.Name, c.Owner.State = "", "" }),
		aCommand(4, func(c *commands.Command) {
			c.Owner, c.FinishedAt, c.Status, c.Class = nil, ago(time.Hour), commands.FailedRestarted, &colourful
		}),
		aCommand(99, func(c *commands.Command) {
			c.Owner, c.FinishedAt, c.Status, c.CreatedAt = nil, ago(time.Hour), commands.Failed, pgtype.Timestamptz{Valid: true, InfinityModifier: -1}
		}),
	}
}

func theTree() *commands.Tree {
	list := theCommands()
	node := func(n int, children ...*commands.Node) *commands.Node {
		return &commands.Node{Command: list[n], Tasks: []uuid.UUID{}, Children: children}
	}
	tree := &commands.Tree{Root: node(4, node(0, node(1), node(2)), node(5)), Commands: 5, Unfinished: 3}
	task := commands.Task{ID: uuid.MustParse("7a5c0000-0000-4000-8000-000000000001"), CommandID: list[0].ID}
	tree.Root.Children[0].Tasks, tree.Tasks = []uuid.UUID{task.ID}, []commands.Task{task}
	return tree
}

func theEngines() []commands.Engine {
	return []commands.Engine{
		{
			InstanceID: uuid.MustParse("a0000000-0000-4000-8000-000000000001"), Name: "engine-1.example.org 4242", State: commands.Alive,
			Lease: 30 * time.Second, StartedAt: theMoment.Add(-50 * time.Hour), SeenAt: theMoment.Add(-3 * time.Second), Commands: 1234,
		},
		{
			InstanceID: uuid.MustParse("a0000000-0000-4000-8000-000000000002"), Name: "engine-2.example.org 17", State: commands.Expired,
			Lease: 30 * time.Second, StartedAt: theMoment.Add(-500 * time.Hour), SeenAt: theMoment.Add(-3 * time.Hour), Commands: 2, Held: 1,
		},
	}
}

// shownAt collects what is shown at a width.
func shownAt(width int, json bool) string {
	var text bytes.Buffer
	a := &app{console: newConsole(&text, &text), flags: globalFlags{json: json}}
	a.console.width = width
	a.showPage(commands.Page{Commands: theCommands(), Next: "AQAGYLiEKD7bIAAAAAAAQACAAAAAAAAAAQ"}, theMoment)
	text.WriteString("\n")
	a.showTree(theTree(), theCommands()[1].ID, theMoment)
	text.WriteString("\n")
	a.showEngines(theEngines(), theMoment)
	text.WriteString("\n")
	a.showRemoval(&commands.Removal{Commands: theCommands()[1:3], Blocked: &commands.BlockedError{
		CommandID: theCommands()[1].ID, Unfinished: []uuid.UUID{theCommands()[2].ID}, Tasks: theTree().Tasks,
	}}, theMoment)
	return text.String()
}

func TestTablesOfCommandsAreAsTheyWereReviewed(t *testing.T) {
	for _, width := range []int{80, 120, 200, 0} {
		golden(t, fmt.Sprintf("commands-%d-columns.golden", width), shownAt(width, false))
	}
	volatile := regexp.MustCompile(`"time":"[^"]*"`)
	golden(t, "commands-json.golden", volatile.ReplaceAllString(shownAt(0, true), `"time":"TIME"`))
}

func TestTablesFitTheTerminalAndIdsStayWhole(t *testing.T) {
	for width := 40; width <= 220; width++ {
		var text bytes.Buffer
		a := &app{console: newConsole(&text, &text)}
		a.console.width = width
		a.showPage(commands.Page{Commands: theCommands()}, theMoment)
		for _, command := range theCommands() {
			if !strings.Contains(text.String(), command.ID.String()) {
				t.Errorf("width %d: %s is not whole", width, command.ID)
			}
		}
		const least = 62 // ids, types and ages stay whole
		for line := range strings.Lines(text.String()) {
			if n := utf8.RuneCountInString(line) - 1; n > max(width, least) {
				t.Errorf("width %d: a line of %d: %s", width, n, line)
			}
		}
	}
}

func TestTheTerminalSaysHowWideATableMayBe(t *testing.T) {
	if _, err := exec.LookPath("script"); err != nil {
		t.Skip("no program script, which makes a terminal")
	}
	operated(t)
	widest := func(env ...string) int {
		t.Helper()
		n := 0
		for line := range strings.Lines(onTerminal(t, append(env, "NO_COLOR=1"), "commands", "list", "--limit", "500")) {
			n = max(n, utf8.RuneCountInString(strings.TrimRight(line, "\r\n")))
		}
		return n
	}
	unbound := widest("COLUMNS=1000")
	if narrow, usual := widest("COLUMNS=90"), widest("COLUMNS="); narrow > 90 || usual > 80 || unbound <= 90 {
		t.Errorf("with 90 columns a line of %d, with no word from the terminal one of %d, with 1,000 one of %d", narrow, usual, unbound)
	}
}

func TestControlCharactersAreShownNotSent(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "plain", "größe": "größe", "": "", "a\x1b[31mb": `a\x1b[31mb`, "\a\r\n\t\x00": `\a\r\n\t\x00`,
		"\u202eabc": `\u202eabc`, "\x9b2J": `\ufffd2J`, "\u009b2J": `\u009b2J`, "it's": "it's", `back\slash`: `back\slash`, "\U000e0001": `\U000e0001`,
	} {
		if got := visible(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := visibleLines("{\n\t\"a\": \x1b}\r\n"); got != "{\n\t\"a\": \\x1b}\\r\n" {
		t.Errorf("%q", got)
	}
}

func TestAgesAreShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "0s", 0: "0s", 59 * time.Second: "59s", time.Minute: "1m", 59 * time.Minute: "59m", time.Hour: "1h00m",
		23*time.Hour + 59*time.Minute: "23h59m", 24 * time.Hour: "1d00h", 99*24*time.Hour + 23*time.Hour: "99d23h", 100 * 24 * time.Hour: "100d",
	} {
		if got := age(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}
