package upgrade

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade/driver"
)

// UpOptions say how far to go and how gently. The zero value goes as far as it can, with the defaults.
type UpOptions struct {
	// To is the phase to stop after; empty for the last one.
	To Phase
	// Batch is how many rows a batch takes; 0 lets the program find out how many take about BatchTime, 0 for DefaultBatchTime. Pause is
	// a rest after each batch of the backfill.
	Batch            int
	BatchTime, Pause time.Duration
	// Jobs is how many connections the backfill uses, at most MaxJobs; 0 is one. The others are opened for it, and closed behind it.
	Jobs int
	// MaxLag is how far a standby may be behind before the backfill rests; 0 is DefaultMaxLag, less than 0 no limit. LagBudget is how
	// long it rests at a time before it gives up with ErrBusy; 0 is DefaultLagBudget.
	MaxLag, LagBudget time.Duration
	// LockTimeout is how long a statement may wait for a lock, and so all clients behind it; 0 is DefaultLockTimeout.
	LockTimeout time.Duration
	// LockBudget is how long a step is tried again; 0 is DefaultLockBudget.
	LockBudget time.Duration
	// DrainBudget is how long older transactions are waited for; 0 is DefaultDrainBudget.
	DrainBudget time.Duration
	// ReconnectBudget is how long it is tried to connect again when the connection is lost; 0 is DefaultReconnectBudget, a negative one
	// is not at all.
	ReconnectBudget time.Duration
	// Force, together with To Retire, goes on while others are connected.
	Force bool
	// Consent, when set, is asked while the run lock is held and before anything is changed, and again where the connection was lost. It is
	// given a transaction that only reads. An error ends the call. Where nothing is to be done it is not asked.
	Consent func(ctx context.Context, tx pgx.Tx) error
}

// UpResult is what a run did. From and To are the versions before and after, 0 for none.
type UpResult struct {
	From    int64     `json:"from"`
	To      int64     `json:"to"`
	Applied []Applied `json:"applied"`
	// Mended are the procedures that this run put right.
	Mended []ProcedureFinding `json:"mended,omitempty"`
	// TakenOver says that an engine of version 3.5 or later has upgraded the database itself: nothing is left to do.
	TakenOver bool `json:"taken_over,omitempty"`
	// Receipt is the proof that this run wrote, nil if it wrote none.
	Receipt *Receipt `json:"receipt,omitempty"`
}

// Up goes up to the end of a phase. With an error the result says how far it came; the same call goes on from there.
//
// Before the first step it refuses, with ErrRefused, what can be known to fail at a later one; Check lists all such reasons.
// Before the retire phase it stops with ErrConnected while others are connected to the database.
func (u *Upgrader) Up(ctx context.Context, options UpOptions) (UpResult, error) {
	target, err := u.chain.upTarget(options.To)
	if err != nil {
		return UpResult{}, err
	}
	if options.Jobs < 0 || options.Jobs > MaxJobs {
		return UpResult{}, fmt.Errorf("%d jobs were asked for, of 1 to %d", options.Jobs, MaxJobs)
	}
	a := &ascent{options: options, target: target}
	gently := limits{options.LockTimeout, options.LockBudget, options.DrainBudget}
	err = u.persevere(ctx, gently, hooks{}, options.ReconnectBudget, func(ctx context.Context, r *run) error {
		a.run = r
		return a.all(ctx)
	})
	return a.result, err
}

// ascent is one call of Up.
type ascent struct {
	*run
	options UpOptions
	target  int64
	result  UpResult
	tally   *tally
}

// all does what is left to do from where the database stands: all of it, or what is left after the connection was lost.
func (u *ascent) all(ctx context.Context) error {
	now, err := look(ctx, func() (state, error) { return inspect(ctx, u.conn, u.chain) })
	if err != nil {
		return u.explain(ctx, err, nil)
	}
	if u.result.Applied == nil {
		u.result.From, u.result.Applied = now.version, []Applied{}
	}
	u.result.To, u.result.TakenOver = now.version, now.takenOver
	if err := u.settle(ctx, now); err != nil {
		return err
	}
	if now.problem != nil || now.takenOver {
		return now.problem
	}
	if u.target > now.version {
		if err := u.refuse(ctx, now.version); err != nil {
			return err
		}
	}
	list := u.chain.actionsUp(now, max(u.target, now.version), !u.options.Force || u.options.To != Retire)
	if len(list) > 0 || now.dirty != nil {
		if err := u.consent(ctx, list); err != nil {
			return err
		}
	}
	if err := u.clean(ctx, now); err != nil {
		return err
	}
	u.tally = newTally(len(u.result.Applied), list)
	return u.each(ctx, list, u.do)
}

// consent asks whoever has to agree, before the first of these actions. A lock that the answer takes is tried for as a step's.
func (u *ascent) consent(ctx context.Context, list []Action) error {
	if u.options.Consent == nil {
		return nil
	}
	step := u.chain.ups[0]
	if len(list) > 0 {
		step = list[0].step
	}
	return u.retry(ctx, step, func() error {
		options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		return pgx.BeginTxFunc(ctx, u.conn, options, func(tx pgx.Tx) error {
			if err := driver.Settle(ctx, tx, u.lockTimeout); err != nil {
				return err
			}
			return u.options.Consent(ctx, tx)
		})
	})
}

// settle makes the result true where the connection was lost: a commit may have gone through without an answer, and a standby that has
// taken over may lack what was the last to be committed.
func (u *ascent) settle(ctx context.Context, now state) error {
	u.result.Applied = slices.DeleteFunc(u.result.Applied, func(a Applied) bool { return a.Step.Version > now.version })
	if u.result.Receipt != nil && u.result.Receipt.Version > now.version {
		u.result.Receipt = nil
	}
	u.result.Mended = append(u.result.Mended, u.mendedBefore(now)...)
	if applied, ok := u.landed(now); ok {
		u.tell(applied, u.tally)
		return u.applied(ctx, applied)
	}
	// The connection may have been lost behind the proof, before its receipt was read.
	i := slices.IndexFunc(u.result.Applied, func(a Applied) bool { return a.Step.Phase == Prove })
	if i < 0 || u.result.Receipt != nil {
		return nil
	}
	return u.proved(ctx, u.result.Applied[i].Step)
}

func (u *ascent) do(ctx context.Context, a Action) error {
	switch a.Kind {
	case KindMend:
		mended, err := u.mend(ctx, a.step, false)
		u.result.Mended = append(u.result.Mended, mended...)
		return err
	case KindMoveIn:
		return u.moveIn(ctx, a.step, true)
	case KindAlone:
		return u.refuseOthers(ctx, a.step)
	case KindBackfill:
		return u.backfill(ctx, a.step, u.options)
	case KindDrain:
		return u.drain(ctx, a.step)
	case KindCatchUp:
		return u.catchUp(ctx, a.step, u.options)
	case KindApply:
		return u.applyUp(ctx, a.step)
	default:
		return fmt.Errorf("%s is no action of going up", a.Kind)
	}
}

func (u *ascent) applyUp(ctx context.Context, step Step) error {
	applied, err := u.apply(ctx, step, u.tally)
	if err != nil {
		return err
	}
	return u.applied(ctx, applied)
}

// applied puts a step that is committed into the result.
func (u *ascent) applied(ctx context.Context, applied Applied) error {
	step := applied.Step
	u.result.Applied, u.result.To = append(u.result.Applied, applied), step.Version
	if step.Phase != Prove {
		return nil
	}
	return u.proved(ctx, step)
}

// proved puts the proof of a step into the result.
func (u *ascent) proved(ctx context.Context, step Step) error {
	receipt, err := readReceipt(ctx, u.conn)
	if err != nil {
		return u.explain(ctx, err, &step)
	}
	if receipt != nil {
		u.result.Receipt = receipt
		u.observe(ProofWritten{Receipt: *receipt})
	}
	return nil
}

// A client that has just closed its connection is still seen for a moment.
const (
	leaveTime  = time.Second
	leavePause = 50 * time.Millisecond
)

// refuseOthers stops before the retire phase while others are connected: an old engine could not go on after it.
func (r *run) refuseOthers(ctx context.Context, step Step) error {
	others, err := r.others(ctx)
	for started := time.Now(); err == nil && len(others) > 0 && time.Since(started) < leaveTime; {
		if err = driver.Pause(ctx, leavePause); err == nil {
			others, err = r.others(ctx)
		}
	}
	if err != nil {
		return r.explain(ctx, err, &step)
	}
	if len(others) == 0 {
		return nil
	}
	return &Error{
		Kind: ErrConnected, Step: &step, Sessions: others,
		Reason: fmt.Sprintf("other connections to the database are open (%d), and an old engine cannot go on after this step", len(others)),
		Hint:   "Stop the engine and run the same command again. Until then everything works as it is now.",
	}
}
