package upgrade

import (
	"context"
	"time"
)

// Plan is what a run would do, from version From to version To (0 for none). Steps is the very list that Up or Down works off.
type Plan struct {
	From      int64     `json:"from"`
	To        int64     `json:"to"`
	Direction Direction `json:"direction"`
	Steps     []Action  `json:"steps"`
	// Dirty is the mark of a broken run that is put right first, nil if there is none.
	Dirty *DirtyMark `json:"dirty,omitempty"`
	// Unheld is how many commands going down would lose, 0 going up.
	Unheld int64 `json:"unheld"`

	// What follows is estimated from a sample of the tasks. Measured is false where they could not be read, and the catalog's statistics
	// had to do.
	Measured bool `json:"measured"`

	// Tasks and Commands are how many there are, or will be.
	Tasks    int64 `json:"tasks"`
	Commands int64 `json:"commands"`
	// Rows is how many rows are written, or compared, in all steps together.
	Rows int64 `json:"rows"`
	// Bytes is the stored size of the values that move, of all tasks together.
	Bytes int64 `json:"bytes"`
	// WAL is how many bytes of the write-ahead log are written, Space how many more bytes the database takes: going up from then on,
	// going down at most while it runs.
	WAL   int64 `json:"wal_bytes"`
	Space int64 `json:"space_bytes"`
	// Estimate is how long all steps take. Waiting for others is not in it.
	Estimate time.Duration `json:"estimate_ns"`
}

// PlanUp returns what Up would do. It changes nothing and blocks nobody. The estimates take about a second at most.
func (u *Upgrader) PlanUp(ctx context.Context, to Phase) (Plan, error) {
	target, err := u.chain.upTarget(to)
	if err != nil {
		return Plan{}, err
	}
	return u.plan(ctx, target, DirectionUp)
}

// PlanDown returns what Down would do. It changes nothing and blocks nobody. The estimates take about a second at most.
func (u *Upgrader) PlanDown(ctx context.Context, to Phase) (Plan, error) {
	target, err := u.downTarget(to)
	if err != nil {
		return Plan{}, err
	}
	return u.plan(ctx, target, DirectionDown)
}

func (u *Upgrader) plan(ctx context.Context, target int64, direction Direction) (Plan, error) {
	conn, err := u.connect(ctx)
	if err != nil {
		return Plan{}, err
	}
	r := &run{Upgrader: u, conn: conn}
	defer r.end(ctx)
	// A run that is at work may hold what is read here and want what was read: whoever only looks must be the one to give way.
	if err := r.giveWay(ctx); err != nil {
		return Plan{}, r.explain(ctx, err, nil)
	}
	plan, err := look(ctx, func() (Plan, error) { return r.plan(ctx, target, direction) })
	return plan, r.explain(ctx, err, nil)
}

func (r *run) plan(ctx context.Context, target int64, direction Direction) (Plan, error) {
	now, err := inspect(ctx, r.conn, r.chain)
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{From: now.version, To: now.version, Direction: direction, Steps: []Action{}, Dirty: now.dirty}
	switch {
	case now.problem != nil:
		return plan, now.problem
	case now.takenOver && direction == DirectionUp:
		return plan, nil
	case now.takenOver:
		return plan, takenOver()
	}
	if direction == DirectionUp {
		plan.To = max(target, now.version)
		plan.Steps = append(plan.Steps, r.chain.actionsUp(now, plan.To, true)...)
	} else {
		plan.To = min(target, now.version)
		plan.Steps = append(plan.Steps, r.chain.actionsDown(now, plan.To)...)
	}
	if len(plan.Steps) == 0 {
		return plan, nil
	}
	for _, a := range plan.Steps {
		if a.Kind != KindExport {
			continue
		}
		if plan.Unheld, err = countUnheld(ctx, r.conn); err != nil {
			return plan, err
		}
	}
	measured, err := takeSample(ctx, r.conn)
	if err != nil {
		return plan, err
	}
	return plan.estimate(measured), nil
}

// Migrations is how many migrations the plan runs.
func (p Plan) Migrations() int { return newTally(0, p.Steps).total }
