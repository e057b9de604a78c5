package coordinator_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/internal/upgraded"
)

// The server dies with all its connections and comes back after the leases are over. Nobody is taken over, everybody goes on, and
// what has really died meanwhile is taken after a while.
func TestARestartOfTheServerCostsNobodyItsCommands(t *testing.T) {
	t.Parallel()
	server, err := ephemeral.Start(t.Context(), ephemeral.Options{Durable: true, BinDir: os.Getenv(testdb.BinDirVariable)})
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		must(t, server.Stop(ctx))
	})
	must(t, server.CreateDatabase(t.Context(), "engine", ""))
	url := server.URL("engine")
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	must(t, enginedb.Load(t.Context(), conn))
	must(t, conn.Close(t.Context()))
	must(t, upgraded.Upgrade(t.Context(), url))

	var owners []*coordinator.Coordinator
	for range 3 {
		c := open(t, url, coordinator.Options{Lease: busy})
		store(t, c, "mine", nil)
		owners = append(owners, c)
	}
	g := &gate{}
	dead := openOn(t, newPool(t, url, g.through), coordinator.Options{Lease: busy})
	orphan := store(t, dead, "an orphan", nil)

	must(t, server.Kill(t.Context()))
	g.close()
	time.Sleep(2 * busy)
	must(t, server.Restart(t.Context()))

	var taken []*coordinator.Command
	eventually(t, "the dead one's command", func() bool {
		for _, c := range owners {
			cmds, err := c.Recover(t.Context(), coordinator.RecoverOptions{})
			if err == nil { // the first calls find broken connections
				taken = append(taken, cmds...)
			}
		}
		time.Sleep(busy / 50)
		return len(taken) > 0
	})
	if len(taken) != 1 || taken[0].ID() != orphan.ID() {
		t.Errorf("taken: %v, and only %s has died", ids(taken), orphan.ID())
	}
	for _, c := range owners {
		select {
		case <-c.Lost():
			t.Error("a live instance was taken over")
		default:
		}
		store(t, c, "still there", nil)
	}
}
