package play

import (
	"context"
	"fmt"
)

// survey looks at the tasks that are there: some are adopted, others only read, and what reads all of them is left out where they are
// many.
func (e *Engine) survey(ctx context.Context) error {
	conn := e.engine.clients[0].conn
	tasks, err := e.count(ctx, "public.async_tasks", manyTasks)
	if err != nil {
		return err
	}
	links, err := e.count(ctx, "public.async_tasks_entities", manyLinks)
	if err != nil {
		return err
	}
	allEvery := max(0, e.options.AllEvery)
	if e.options.AllEvery == 0 && tasks <= manyTasks {
		allEvery = 500
	}
	clients := e.engine.clients
	for _, c := range clients {
		c.allEvery, c.byEntity = allEvery, e.options.ByEntity || links <= manyLinks
	}

	// Twice as many as wanted, if each block has one; then some of them.
	wanted := e.options.Adopt + knownTasks*len(clients)
	const sample = `SELECT t.* FROM (
			SELECT task_id FROM public.async_tasks TABLESAMPLE SYSTEM (least(100, 200.0 * $1 * current_setting('block_size')::integer
				/ greatest(1, pg_relation_size('public.async_tasks')))) REPEATABLE ($2)
			ORDER BY md5(task_id::text) LIMIT $1
		) AS tasks, LATERAL public.getasync_tasksbytask_id(tasks.task_id) AS t`
	if _, err := conn.Prepare(ctx, sample, sample); err != nil {
		return fmt.Errorf("read the tasks that are there: %w", err)
	}
	answer, err := ask(ctx, conn, sample, []any{fmt.Sprint(wanted), fmt.Sprint(e.options.Seed % 1000)})
	if err != nil {
		return fmt.Errorf("read the tasks that are there: %w", err)
	}
	found, wrong := answer.tasks()
	if wrong != "" {
		return fmt.Errorf("read the tasks that are there: %s", wrong)
	}
	for i, t := range found {
		c := clients[i%len(clients)]
		if i >= e.options.Adopt {
			c.known = append(c.known, t)
			continue
		}
		c.slots[i/len(clients)] = t.id()
		c.tasks[t.id()], c.adopted[t.id()] = t, true
	}
	return nil
}

// count counts the rows of a table, but not many more than there may be.
func (e *Engine) count(ctx context.Context, table string, limit int) (int, error) {
	var n int
	query := fmt.Sprintf("SELECT count(*) FROM (SELECT FROM %s LIMIT %d) AS found", table, limit+1)
	if err := e.engine.clients[0].conn.QueryRow(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the rows of %s: %w", table, err)
	}
	return n, nil
}
