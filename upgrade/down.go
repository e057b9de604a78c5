package upgrade

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade/driver"
)

// DownOptions say how far to go back. The zero value takes everything back.
type DownOptions struct {
	// To is the phase whose last version stays; empty for the database as it was found.
	To Phase
	// Export, when set, gets every command that async_tasks cannot hold as it is, parameters included: one JSON object a line, with
	// one call of Write for each. It is written before anything is changed and once more, with what has changed since, in the
	// transaction that drops the commands; if it has a method Sync() error, that is called before the transaction commits. An
	// error of either rolls the step back. Without Export Down refuses while there are such commands, unless DiscardCommands.
	Export io.Writer
	// DiscardCommands drops commands that no task names; without it Down refuses while there are any, with Export too.
	DiscardCommands bool
	// Journal, when set, gets the journal in the transaction that drops it. An error rolls that step back.
	Journal func([]JournalRow) error
	// LockTimeout and LockBudget are those of UpOptions.
	LockTimeout, LockBudget time.Duration
	// ReconnectBudget is that of UpOptions. Export and Journal are used on when the connection was lost.
	ReconnectBudget time.Duration
	// AcceptDrift goes down although tasks read back other values than were stored for them, and writes those into async_tasks.
	AcceptDrift bool
	// Force goes down with files whose counterparts were edited since they were applied.
	Force bool
}

// DownResult is what a run took back. From and To are the versions before and after, 0 for none.
type DownResult struct {
	From    int64     `json:"from"`
	To      int64     `json:"to"`
	Applied []Applied `json:"applied"`
	// Mended are the procedures that this run put right before it took anything back.
	Mended []ProcedureFinding `json:"mended,omitempty"`
	// Exported is how many commands were written to the export; one that changed meanwhile was written, and counts, again.
	Exported int64 `json:"exported"`
	// Journal is the journal as it was when this run dropped it; empty if it is still there.
	Journal []JournalRow `json:"journal,omitempty"`
}

// Down goes back to the end of a phase, or all the way. With an error the result says how far it came; the same call goes on from
// there. After the last step nothing of coco is left in the database, the version table included.
func (u *Upgrader) Down(ctx context.Context, options DownOptions) (DownResult, error) {
	target, err := u.downTarget(options.To)
	if err != nil {
		return DownResult{}, err
	}
	d := &down{chain: u.chain, options: options, target: target, written: map[string][sha256.Size]byte{}}
	gently := limits{lockTimeout: options.LockTimeout, lockBudget: options.LockBudget}
	err = u.persevere(ctx, gently, hooks{before: d.before, after: d.after}, options.ReconnectBudget, func(ctx context.Context, r *run) error {
		d.run = r
		return d.all(ctx)
	})
	return d.result, err
}

func (u *Upgrader) downTarget(to Phase) (int64, error) {
	if to == "" {
		return 0, nil
	}
	if to.order() < 0 {
		_, err := ParsePhase(string(to))
		return 0, err
	}
	return u.chain.End(to), nil
}

// down is one call of Down.
type down struct {
	*run
	chain   *Chain
	options DownOptions
	target  int64
	result  DownResult
	written map[string][sha256.Size]byte // hashes of the last line of each command that was exported
	tally   *tally
	journal []JournalRow // as it was before the step that is being run
}

// all does what is left to do from where the database stands.
func (d *down) all(ctx context.Context) error {
	now, err := look(ctx, func() (state, error) { return inspect(ctx, d.conn, d.chain) })
	if err != nil {
		return d.explain(ctx, err, nil)
	}
	if d.result.Applied == nil {
		d.result.From, d.result.Applied = now.version, []Applied{}
	}
	d.result.To = now.version
	d.settle(now)
	if now.problem != nil && (!d.options.Force || !isEdited(now.problem)) {
		return now.problem
	}
	if now.takenOver {
		return takenOver()
	}
	if err := d.clean(ctx, now); err != nil {
		return err
	}
	list := d.chain.actionsDown(now, min(d.target, now.version))
	d.tally = newTally(len(d.result.Applied), list)
	return d.each(ctx, list, d.do)
}

// settle makes the result true where the connection was lost, as that of ascent does.
func (d *down) settle(now state) {
	d.result.Applied = slices.DeleteFunc(d.result.Applied, func(a Applied) bool { return a.Step.Version <= now.version })
	if len(now.journal) > 0 {
		d.result.Journal = nil // its drop was rolled back
	}
	d.result.Mended = append(d.result.Mended, d.mendedBefore(now)...)
	if applied, ok := d.landed(now); ok {
		d.tell(applied, d.tally)
		d.result.Applied = append(d.result.Applied, applied)
	}
}

func (d *down) do(ctx context.Context, a Action) error {
	switch a.Kind {
	case KindMend:
		mended, err := d.mend(ctx, a.step, d.options.AcceptDrift)
		d.result.Mended = append(d.result.Mended, mended...)
		return err
	case KindMoveIn:
		return d.moveIn(ctx, a.step, false)
	case KindExport:
		return d.explain(ctx, d.exportBefore(ctx), nil)
	case KindTakeBack:
		applied, err := d.apply(ctx, a.step, d.tally)
		if err != nil {
			return err
		}
		d.result.Applied, d.result.To = append(d.result.Applied, applied), d.chain.below(a.Version)
		return nil
	default:
		return fmt.Errorf("%s is no action of going down", a.Kind)
	}
}

// drops says whether a step, going down, drops commands: it is the one that undoes the backfill.
func (d *down) drops(step Step) bool { return d.chain.isFirstOf(step, Backfill) }

// before runs in the transaction of each step, before its body.
func (d *down) before(ctx context.Context, tx pgx.Tx, move driver.Move) error {
	var err error
	if d.journal, err = readJournal(ctx, tx); err != nil {
		return err
	}
	if d.options.AcceptDrift {
		if _, err := tx.Exec(ctx, `SET LOCAL coco.accept_drift = on`); err != nil {
			return fmt.Errorf("accept drift: %w", err)
		}
	}
	step, ok := d.chain.at(move.Version())
	if !ok || !d.drops(step) {
		return nil
	}
	return d.exportWithin(ctx, tx)
}

// after hands the journal over in the transaction that has dropped it.
func (d *down) after(ctx context.Context, tx pgx.Tx, _ driver.Move) error {
	if len(d.journal) == 0 {
		return nil
	}
	there, err := exists(ctx, tx, `SELECT to_regclass('coco.journal') IS NOT NULL`)
	if err != nil || there {
		return err
	}
	d.result.Journal = d.journal
	if d.options.Journal == nil {
		return nil
	}
	if err := d.options.Journal(d.journal); err != nil {
		return fmt.Errorf("hand over the journal: %w", err)
	}
	return nil
}
