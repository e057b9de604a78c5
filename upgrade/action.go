package upgrade

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ovirt/coco/upgrade/connect"
)

// Kind is what an action does.
type Kind string

// The kinds of actions. Either way: the first two. Going up: all but the last two.
const (
	// KindMend puts coco's procedures back that the engine's own tools have replaced, and takes over what was written meanwhile.
	KindMend Kind = "mend"
	// KindMoveIn makes a restored copy of an upgraded database one of its own.
	KindMoveIn Kind = "move_in"
	// KindAlone makes sure that no other client is connected.
	KindAlone Kind = "alone"
	// KindBackfill copies rows in batches, each committed.
	KindBackfill Kind = "backfill"
	// KindDrain waits for the end of transactions that were open when a migration was committed.
	KindDrain Kind = "drain"
	// KindCatchUp applies the change log, in batches.
	KindCatchUp Kind = "catch_up"
	// KindApply runs a migration.
	KindApply Kind = "apply"
	// KindExport writes the commands that the old schema cannot hold to the caller's export.
	KindExport Kind = "export"
	// KindTakeBack runs a migration's way back.
	KindTakeBack Kind = "take_back"
	// KindInstall runs a file of procedures. No run of coco's own migrations has one: a review of other files does.
	KindInstall Kind = "install"
)

// Words name a kind as people do: wait for older transactions.
func (k Kind) Words() string {
	switch k {
	case KindMend:
		return "put procedures back"
	case KindMoveIn:
		return "compare the copy"
	case KindAlone:
		return "wait until alone"
	case KindBackfill:
		return "copy in batches"
	case KindDrain:
		return "wait for older transactions"
	case KindCatchUp:
		return "catch up"
	case KindApply:
		return "apply"
	case KindExport:
		return "export commands"
	case KindTakeBack:
		return "take back"
	case KindInstall:
		return "install"
	}
	return strings.ReplaceAll(string(k), "_", " ")
}

// Action is one thing that a run does. A run is the list of its actions, in their order, and nothing else.
type Action struct {
	// Number counts from 1.
	Number int  `json:"number"`
	Kind   Kind `json:"kind"`
	// Phase, Version and Name are those of the migration that is run, or that the action prepares or follows.
	Phase   Phase  `json:"phase"`
	Version int64  `json:"version"`
	Name    string `json:"name"`
	// Summary says in one line what is done.
	Summary string `json:"summary"`
	// SQL is what is sent to the server: the migration's file, or the statements of the program itself.
	SQL string `json:"sql"`
	// Locks are on tables that were there before coco, the strongest first. Blocks says which clients they keep waiting: while the
	// action waits for the lock itself, at most LockTimeout at a time, and then until its transaction ends.
	Locks       []Lock        `json:"locks"`
	Blocks      Waiters       `json:"blocks"`
	LockTimeout time.Duration `json:"lock_timeout_ns"`
	// Rewrites are tables of the engine that are written anew.
	Rewrites []string `json:"rewrites"`
	// Rows, Time and WAL are estimates: rows written, or compared where none is written; bytes of the write-ahead log.
	Rows int64         `json:"rows"`
	Time time.Duration `json:"time_ns"`
	WAL  int64         `json:"wal_bytes"`
	// Undo is the file that takes the action back, empty when it changes nothing that stays. Offline says that this needs the engine
	// stopped.
	Undo    string `json:"undo"`
	Offline bool   `json:"undo_offline"`

	step Step
}

// migrates says whether the action runs a migration.
func (a Action) migrates() bool { return a.Kind == KindApply || a.Kind == KindTakeBack }

// actionsUp returns what leads up from where a database is to a version. A run that was stopped owes what stands between what it did and
// what comes next. Alone is what is done before the retire phase.
func (c *Chain) actionsUp(now state, to int64, alone bool) []Action {
	from, list := now.version, c.actionsFirst(now)
	add := func(kind Kind, step Step) { list = append(list, c.action(kind, step)) }
	for i, step := range c.between(from, to) {
		if alone && c.isFirstOf(step, Retire) {
			add(KindAlone, step)
		}
		if c.isFirstOf(step, Backfill) {
			add(KindBackfill, step)
		}
		if last, ok := c.at(from); i == 0 && ok && last.Phase == Switch {
			add(KindDrain, last)
		}
		if step.Phase.catchesUp() {
			add(KindCatchUp, step)
		}
		add(KindApply, step)
		if step.Phase == Switch {
			add(KindDrain, step)
		}
	}
	return numbered(list)
}

// Program returns everything that Up may do on the way from nothing to the end of a phase, empty for the last one: the same list wherever a
// database stands, and whatever of it is done. Behind the steps stands what may have to be put right between them.
func (c *Chain) Program(to Phase) ([]Action, error) {
	target, err := c.upTarget(to)
	if err != nil {
		return nil, err
	}
	list := c.actionsUp(state{}, target, true)
	if last, ok := c.at(target); ok {
		list = append(list, c.action(KindMend, last), c.action(KindMoveIn, last))
	}
	return numbered(list), nil
}

// actionsDown returns what leads down from where a database is to a version.
func (c *Chain) actionsDown(now state, to int64) []Action {
	list := c.actionsFirst(now)
	for i := range list {
		list[i].step.Direction = DirectionDown
	}
	steps := c.between(now.version, to)
	for _, step := range steps {
		if c.isFirstOf(step, Backfill) {
			list = append(list, c.action(KindExport, step))
		}
	}
	for _, step := range steps {
		list = append(list, c.action(KindTakeBack, step))
	}
	return numbered(list)
}

func numbered(list []Action) []Action {
	for i := range list {
		list[i].Number = i + 1
	}
	return list
}

func (c *Chain) action(kind Kind, step Step) Action {
	a := Action{
		Kind: kind, Phase: step.Phase, Version: step.Version, Name: step.Name, step: step,
		Locks: []Lock{}, Rewrites: []string{}, LockTimeout: DefaultLockTimeout,
	}
	onTasks := func(mode LockMode) []Lock { return []Lock{{Table: "async_tasks", Mode: mode}} }
	switch kind {
	case KindApply, KindTakeBack:
		a.Summary, a.SQL = step.Summary, step.SQL
		a.Locks, a.Rewrites = append(a.Locks, step.Locks...), append(a.Rewrites, step.Rewrites...)
		a.Undo, a.Offline = step.String()+".down.sql", true
		if kind == KindTakeBack {
			a.Undo, a.Offline = step.String()+".up.sql", false
		}
		if a.Summary == "" {
			a.Summary = "Runs " + step.file()
		}
	case KindMend:
		a.Summary = "Puts the procedures back that the engine's own tools have replaced, and takes over what was written meanwhile"
		a.SQL = statement(reinstall, "") + "\n" + statement(adoptRest, "")
		a.Locks = onTasks(RowShare)
	case KindMoveIn:
		a.Summary = "Makes this copy a database of its own: compares all rows again, and forgets whom the other one waited for"
		a.SQL = statement(moveIn, "true")
		a.Locks = onTasks(AccessShare)
	case KindInstall: // a chain has none
	case KindAlone:
		a.Summary = "Stops here while other clients are connected"
		a.SQL = statement(otherClients, quoteLiteral(connect.ApplicationName))
	case KindBackfill:
		a.Summary = "Copies the rows in batches, each committed, until nothing is left to copy"
		a.SQL = statement(batchSettings, "") + "\n" + statement(backfillBatch, fmt.Sprint(firstBatch))
		a.Locks, a.Undo, a.Offline = onTasks(AccessShare), step.String()+".down.sql", true
	case KindCatchUp:
		a.Summary = "Copies what clients have changed meanwhile, in batches, until the change log gets no shorter"
		a.SQL = statement(catchUpBatch, fmt.Sprint(firstBatch))
		a.Locks = onTasks(RowShare)
		if first, ok := c.first(Backfill); ok {
			a.Undo, a.Offline = first.String()+".down.sql", true
		}
	case KindDrain:
		a.Summary = "Waits for the end of the transactions that were open then: they may still run what was replaced"
		version := fmt.Sprint(step.Version)
		a.SQL = statement(beginDrain, version) + "\n" + statement(drainBlockers, version)
	case KindExport:
		a.Summary = "Writes the commands that async_tasks cannot hold to a file, and stops here if they are not to be given up"
		a.SQL = statement(exportCommands, "")
		a.Locks = onTasks(AccessShare)
	}
	a.Blocks = waiters(a.Locks)
	return a
}

// statement ends a statement, with its only parameter in its place.
func statement(text, parameter string) string {
	return strings.ReplaceAll(text, "$1", parameter) + ";"
}

func quoteLiteral(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// each runs a list of actions one by one and tells the observer.
func (r *run) each(ctx context.Context, list []Action, do func(context.Context, Action) error) error {
	for _, a := range list {
		about := ActionRef{
			Number: a.Number, Total: len(list), Kind: a.Kind, Phase: a.Phase, Version: a.Version, Name: a.Name, Summary: a.Summary,
		}
		r.observe(ActionStarted{ActionRef: about})
		started := time.Now()
		if err := do(ctx, a); err != nil {
			return err
		}
		r.observe(ActionFinished{ActionRef: about, Duration: time.Since(started)})
	}
	return nil
}

// tally counts the migrations of a list while they are run.
type tally struct{ n, total int }

func newTally(done int, list []Action) *tally {
	t := &tally{n: done, total: done}
	for _, a := range list {
		if a.migrates() {
			t.total++
		}
	}
	return t
}
