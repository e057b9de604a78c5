package upgrade

import (
	"context"
	"fmt"
	"time"
)

// Plan is what a run would do, from version From to version To (0 for none). Steps is the very list that Up or Down works off.
type Plan struct {
	From      int64     `json:"from"`
	To        int64     `json:"to"`
	Direction Direction `json:"direction"`
	Steps     []Action  `json:"steps"`
	// Tasks is about how many tasks there are.
	Tasks int64 `json:"tasks"`
	// Unheld is how many commands going down would lose, 0 going up.
	Unheld int64 `json:"unheld"`
	// Estimate is roughly how long it takes, from the number of tasks.
	Estimate time.Duration `json:"estimate_ns"`
}

// What a run takes, roughly: from the demo with 40,000 tasks of 0.5 to 4 KB on two cores.
const (
	timePerStep     = 50 * time.Millisecond
	timePerTaskUp   = 130 * time.Microsecond
	timePerTaskDown = 90 * time.Microsecond
)

// PlanUp returns what Up would do. It takes no lock and changes nothing.
func (u *Upgrader) PlanUp(ctx context.Context, to Phase) (Plan, error) {
	target, err := u.upTarget(to)
	if err != nil {
		return Plan{}, err
	}
	return u.plan(ctx, target, DirectionUp)
}

// PlanDown returns what Down would do. It takes no lock and changes nothing.
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
	plan, err := r.plan(ctx, target, direction)
	return plan, r.explain(ctx, err, nil)
}

func (r *run) plan(ctx context.Context, target int64, direction Direction) (Plan, error) {
	now, err := inspect(ctx, r.conn, r.chain)
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{From: now.version, To: now.version, Direction: direction, Steps: []Action{}}
	if now.problem != nil {
		return plan, now.problem
	}
	perTask := timePerTaskUp
	switch {
	case direction == DirectionUp && target > now.version:
		plan.Steps = r.chain.actionsUp(now.version, target, true)
	case direction == DirectionDown && target < now.version:
		plan.Steps = r.chain.actionsDown(now.version, target)
		perTask = timePerTaskDown
	default:
		return plan, nil
	}
	plan.To = target
	for _, a := range plan.Steps {
		if a.Kind != KindExport {
			continue
		}
		if plan.Unheld, err = countUnheld(ctx, r.conn); err != nil {
			return plan, err
		}
	}
	if plan.Tasks, err = countTasks(ctx, r.conn); err != nil {
		return plan, err
	}
	plan.Estimate = time.Duration(len(plan.Steps))*timePerStep + time.Duration(plan.Tasks)*perTask
	return plan, nil
}

// Migrations is how many migrations the plan runs.
func (p Plan) Migrations() int { return newTally(p.Steps).total }

// countTasks asks the planner's statistics, and counts where there are none.
func countTasks(ctx context.Context, q querier) (int64, error) {
	var tasks *float64
	err := q.QueryRow(ctx, `SELECT max(reltuples)::double precision FROM pg_catalog.pg_class WHERE oid = to_regclass('public.async_tasks')`).
		Scan(&tasks)
	if err != nil {
		return 0, fmt.Errorf("estimate the number of tasks: %w", err)
	}
	if tasks == nil || *tasks > 0 {
		return int64(value(tasks)), nil
	}
	var count int64
	if err := q.QueryRow(ctx, `SELECT count(*) FROM public.async_tasks`).Scan(&count); err != nil {
		return 0, fmt.Errorf("count the tasks: %w", err)
	}
	return count, nil
}

func value(f *float64) float64 {
	if f == nil {
		return 0
	}
	return *f
}
