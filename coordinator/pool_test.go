package coordinator_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
)

// A pooler that gives each transaction another connection may know no prepared statements.
func TestItWorksWithoutPreparedStatements(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]pgx.QueryExecMode{
		"described and cached": pgx.QueryExecModeCacheDescribe, "described": pgx.QueryExecModeDescribeExec,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := newDatabase(t) // one each: a coordinator takes over what any other one has left behind
			pool := newPool(t, db.URL, func(config *pgxpool.Config) { config.ConnConfig.DefaultQueryExecMode = mode })
			c := openOn(t, pool, coordinator.Options{})
			root := store(t, c, `odd: {"a\b',}`, nil)
			child := store(t, c, "", root)
			must(t, c.PersistCommands(t.Context(), child, root))
			must(t, child.UpdateStatus(t.Context(), coordinator.StatusFailed))
			got, err := c.RetrieveCommand(t.Context(), child.ID())
			must(t, err)
			if parameters, err := coordinator.Parameters[note](got.Parent()); err != nil || parameters.Text != `odd: {"a\b',}` {
				t.Errorf("%+v, %v", parameters, err)
			}
			must(t, c.Close(t.Context()))
			next := openOn(t, pool, coordinator.Options{})
			cmds, err := next.Recover(t.Context(), coordinator.RecoverOptions{})
			must(t, err)
			removed, err := next.RemoveCommand(t.Context(), root.ID(), coordinator.RemoveOptions{})
			if err != nil || removed != 2 || len(cmds) != 1 {
				t.Errorf("%d recovered, %d removed, %v", len(cmds), removed, err)
			}
		})
	}
}
