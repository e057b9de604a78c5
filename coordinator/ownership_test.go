package coordinator_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
)

func TestACleanStopFreesAtOnce(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	first, second := open(t, db.URL, coordinator.Options{}), open(t, db.URL, coordinator.Options{})
	root := store(t, first, "root", nil)
	child := store(t, first, "child", root)
	must(t, first.Close(t.Context()))

	cmds, err := second.Recover(t.Context(), coordinator.RecoverOptions{})
	must(t, err)
	if !slices.Equal(ids(cmds), []uuid.UUID{root.ID(), child.ID()}) || cmds[1].Parent() != cmds[0] {
		t.Fatalf("recovered %v", ids(cmds))
	}
	for _, cmd := range cmds {
		if cmd.Owner() != second.ID() || cmd.Recoveries() != 0 {
			t.Errorf("owner %s, %d recoveries", cmd.Owner(), cmd.Recoveries())
		}
	}
	must(t, cmds[0].UpdateStatus(t.Context(), coordinator.StatusActive))
	must(t, first.Close(t.Context())) // once more
	err = child.UpdateStatus(t.Context(), coordinator.StatusActive)
	_ = fails[*coordinator.InstanceEndedError](t, err, coordinator.ErrInstanceEnded)
	select {
	case <-first.Lost():
		t.Error("an instance that was closed was told that it has lost its commands")
	default:
	}
}

func TestADeadInstancesCommandsAreTakenAfterItsLease(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	g := &gate{}
	dead := openOn(t, newPool(t, db.URL, g.through), coordinator.Options{Lease: short})
	cmd := store(t, dead, "an orphan", nil)
	alive := open(t, db.URL, coordinator.Options{Lease: short})
	g.close()
	died := time.Now()
	cmds := recovered(t, alive)
	if after := time.Since(died); after < short*2/3 {
		t.Errorf("taken after %v, and the lease is %v", after, short)
	}
	if len(cmds) != 1 || cmds[0].ID() != cmd.ID() || cmds[0].Recoveries() != 1 {
		t.Fatalf("recovered %v", ids(cmds))
	}

	// The network is back: the instance must learn what has become of it, by a write and by its heartbeat.
	g.open()
	err := dead.UpdateStatus(t.Context(), cmd.ID(), coordinator.StatusActive)
	ended := fails[*coordinator.InstanceEndedError](t, err, coordinator.ErrInstanceEnded)
	if !errors.Is(err, coordinator.ErrLostOwnership) || ended.InstanceID != dead.ID() || ended.Because != "taken over" {
		t.Errorf("%+v", ended)
	}
	<-dead.Lost()
	if db.status(t, cmd.ID()) != "NOT_STARTED" {
		t.Error("it could write all the same")
	}
}

func TestAHeartbeatTellsThatAnotherHasTakenOver(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	lost := make(chan struct{})
	g := &gate{}
	c := openOn(t, newPool(t, db.URL, g.through), coordinator.Options{
		Lease: short, Hooks: coordinator.Hooks{Lost: func() { close(lost) }},
	})
	store(t, c, "an orphan", nil)
	g.close()
	recovered(t, open(t, db.URL, coordinator.Options{Lease: short}))
	g.open()
	<-c.Lost()
	<-lost
	err := c.Watch(t.Context(), func(context.Context, []*coordinator.Command) error { return nil })
	_ = fails[*coordinator.InstanceEndedError](t, err, coordinator.ErrInstanceEnded)
}

func TestLiveOwnersAreNotTakenOver(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	var owners []*coordinator.Coordinator
	for range 3 {
		c := open(t, db.URL, coordinator.Options{Lease: busy})
		store(t, c, "mine", nil)
		owners = append(owners, c)
	}
	for end := time.Now().Add(3 * busy); time.Now().Before(end); time.Sleep(busy / 20) {
		for _, c := range owners {
			if cmds, err := c.Recover(t.Context(), coordinator.RecoverOptions{}); err != nil || len(cmds) > 0 {
				t.Fatalf("recovered %v, %v", ids(cmds), err)
			}
		}
	}
}

// The database is there, and nobody could reach it for longer than a lease: all leases have run out when it comes back. One is back
// sooner than the others.
func TestOwnersThatWereAllCutOffAreNotTakenOver(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	var (
		owners []*coordinator.Coordinator
		gates  [3]gate
	)
	for i := range gates {
		c := openOn(t, newPool(t, db.URL, gates[i].through), coordinator.Options{Lease: busy})
		store(t, c, "mine", nil)
		owners = append(owners, c)
	}
	for i := range gates {
		gates[i].close()
	}
	eventually(t, "all leases are over", func() bool {
		return ask[int](t, db, `SELECT count(*) FROM coco.instance_summary WHERE state = 'expired'`) == len(owners)
	})
	gates[0].open()
	eventually(t, "one is back", func() bool {
		return ask[int](t, db, `SELECT count(*) FROM coco.instance_summary WHERE state = 'alive'`) > 0
	})
	for end := time.Now().Add(3 * busy); time.Now().Before(end); time.Sleep(busy / 50) {
		for i, c := range owners {
			if cmds, err := c.Recover(t.Context(), coordinator.RecoverOptions{}); err == nil && len(cmds) > 0 {
				t.Fatalf("a live owner's commands were taken: %v", ids(cmds))
			}
			gates[i].open()
		}
	}
	for _, c := range owners {
		must(t, c.PersistCommand(t.Context(), newNote(t, c, "still there")))
	}
}

func TestCommandsWithoutAnOwnerAreNeverTaken(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	engines := uuid.New()
	db.exec(t, `INSERT INTO command_entities (command_id, command_type, status, created_at) VALUES ($1, 1, 'ACTIVE', now() - interval '1 year')`, engines)
	dead, die := openMortal(t, db, coordinator.Options{Lease: short})
	owned := store(t, dead, "owned", nil)
	die()
	c := openSeasoned(t, db, coordinator.Options{Lease: busy})
	if cmds := recovered(t, c); !slices.Equal(ids(cmds), []uuid.UUID{owned.ID()}) {
		t.Fatalf("recovered %v", ids(cmds))
	}
	unfinished, err := c.Unfinished(t.Context(), coordinator.UnfinishedOptions{})
	if err != nil || !slices.Equal(ids(unfinished), []uuid.UUID{engines, owned.ID()}) || unfinished[0].Owner() != uuid.Nil {
		t.Fatalf("unfinished %v, %v", ids(unfinished), err)
	}

	adopted, err := c.Adopt(t.Context(), engines)
	if err != nil || len(adopted) != 1 || adopted[0].Owner() != c.ID() {
		t.Fatalf("adopted %v, %v", ids(adopted), err)
	}
	if again, err := c.Adopt(t.Context(), engines); err != nil || len(again) != 1 {
		t.Errorf("adopted again: %v, %v", ids(again), err)
	}
	must(t, adopted[0].UpdateStatus(t.Context(), coordinator.StatusSucceeded))
	if finished := ask[bool](t, db, `SELECT finished_at IS NOT NULL FROM command_entities WHERE command_id = $1`, engines); !finished || adopted[0].FinishedAt().IsZero() {
		t.Error("it has not finished")
	}
}

// Many instances ask at once, again and again, for the trees of many dead ones.
func TestEachTreeGoesWholeToExactlyOneOfThoseWhoAsk(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	trees := map[uuid.UUID]int{}
	for range 3 {
		c, die := openMortal(t, db, coordinator.Options{Lease: short})
		for size := range 8 {
			root := store(t, c, "root", nil)
			for range size {
				store(t, c, "child", root)
			}
			trees[root.ID()] = size + 1
		}
		die()
	}

	const takers = 6
	var (
		mu    sync.Mutex
		taken = map[uuid.UUID]map[uuid.UUID]int{} // root, taker: commands
		wg    sync.WaitGroup
	)
	deadline := time.Now().Add(patience)
	for range takers {
		c := openSeasoned(t, db, coordinator.Options{Lease: busy})
		wg.Go(func() {
			// All go on for a while after the last tree is taken: nothing may be taken twice.
			for idle := 0; idle < 20 && time.Now().Before(deadline); {
				cmds, err := c.Recover(t.Context(), coordinator.RecoverOptions{Limit: 3})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if len(taken) == len(trees) {
					idle++
				}
				for _, cmd := range cmds {
					root := cmd.Root().ID()
					if taken[root] == nil {
						taken[root] = map[uuid.UUID]int{}
					}
					taken[root][c.ID()]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for root, size := range trees {
		if len(taken[root]) != 1 {
			t.Errorf("tree %s was given to %d instances", root, len(taken[root]))
		}
		for taker, count := range taken[root] {
			if count != size {
				t.Errorf("%s was given %d of the %d commands of tree %s", taker, count, size, root)
			}
		}
	}
}

func TestATreeWhoseCommandIsLockedIsNotTornApart(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	dead, die := openMortal(t, db, coordinator.Options{Lease: short})
	root := store(t, dead, "root", nil)
	child := store(t, dead, "child", root)
	free := store(t, dead, "another root", nil)
	die()
	c := openSeasoned(t, db, coordinator.Options{Lease: busy})
	tx, err := db.conn.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), `SELECT 1 FROM coco.command_owner WHERE command_id = $1 FOR NO KEY UPDATE`, child.ID())
	must(t, err)
	if cmds := recovered(t, c); !slices.Equal(ids(cmds), []uuid.UUID{free.ID()}) {
		t.Fatalf("recovered %v while a command is locked", ids(cmds))
	}
	must(t, tx.Rollback(t.Context()))
	if cmds := recovered(t, c); !slices.Equal(ids(cmds), []uuid.UUID{root.ID(), child.ID()}) {
		t.Fatalf("recovered %v", ids(cmds))
	}
}

func TestARecoveredCommandComesWithParentsThatHaveFinished(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	dead, die := openMortal(t, db, coordinator.Options{Lease: short})
	root := store(t, dead, "root", nil)
	middle := store(t, dead, "middle", root)
	leaf := store(t, dead, "leaf", middle)
	must(t, middle.UpdateStatus(t.Context(), coordinator.StatusFailed))
	must(t, root.UpdateStatus(t.Context(), coordinator.StatusFailed))
	die()
	cmds := recovered(t, openSeasoned(t, db, coordinator.Options{Lease: busy}))
	if len(cmds) != 1 || cmds[0].ID() != leaf.ID() {
		t.Fatalf("recovered %v", ids(cmds))
	}
	if parent := cmds[0].Parent(); parent == nil || parent.ID() != middle.ID() || parent.Parent() == nil || parent.Parent().ID() != root.ID() {
		t.Errorf("its parents are missing")
	}
}

func TestACommandThatKeepsKillingItsOwnerIsHeldUntilItIsResumed(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	const holdAfter = 2
	var held []uuid.UUID
	options := coordinator.Options{
		Lease: short, HoldAfter: holdAfter, Hooks: coordinator.Hooks{Held: func(id uuid.UUID) { held = append(held, id) }},
	}
	owner, die := openMortal(t, db, options)
	root := store(t, owner, "a killer", nil)
	child := store(t, owner, "its child", root)
	next := func() (*coordinator.Coordinator, func()) {
		c, die := openMortal(t, db, options)
		db.exec(t, `UPDATE coco.engine_instance SET alive_since = alive_since - interval '1 hour' WHERE instance_id = $1`, c.ID())
		return c, die
	}
	for n := range holdAfter {
		die()
		owner, die = next()
		if cmds := recovered(t, owner); len(cmds) != 2 || cmds[0].Recoveries() != n+1 {
			t.Fatalf("recovery %d: %v", n+1, ids(cmds))
		}
	}
	die()
	last := openSeasoned(t, db, options)
	eventually(t, "the commands to be held", func() bool {
		if cmds, err := last.Recover(t.Context(), coordinator.RecoverOptions{}); err != nil || len(cmds) > 0 {
			t.Fatalf("a command that is to be held was handed out: %v, %v", ids(cmds), err)
		}
		return len(held) > 0
	})
	if cmds, err := last.Recover(t.Context(), coordinator.RecoverOptions{}); err != nil || len(cmds) > 0 {
		t.Fatalf("a held command was handed out: %v, %v", ids(cmds), err)
	}
	slices.SortFunc(held, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	want := []uuid.UUID{root.ID(), child.ID()}
	slices.SortFunc(want, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	if !slices.Equal(held, want) {
		t.Errorf("the hook was told %v, want %v", held, want)
	}
	if got, err := last.RetrieveCommand(t.Context(), root.ID()); err != nil || got.HeldAt().IsZero() {
		t.Errorf("it does not say that it is held: %v", err)
	}

	must(t, last.Resume(t.Context(), child.ID())) // any command of the tree
	cmds := recovered(t, last)
	if len(cmds) != 2 || cmds[0].Recoveries() != 1 || !cmds[0].HeldAt().IsZero() {
		t.Errorf("resumed: %v, %d recoveries", ids(cmds), cmds[0].Recoveries())
	}
}

func TestProgressForgetsEarlierDeaths(t *testing.T) {
	t.Parallel()
	for name, progress := range map[string]func(*testing.T, *coordinator.Command){
		"another status": func(t *testing.T, cmd *coordinator.Command) {
			t.Helper()
			must(t, cmd.UpdateStatus(t.Context(), coordinator.StatusActive))
		},
		"other parameters": func(t *testing.T, cmd *coordinator.Command) {
			t.Helper()
			must(t, cmd.SetParameters(note{Text: "further"}))
			must(t, cmd.Persist(t.Context(), cmd.Parent()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := newDatabase(t)
			dead, die := openMortal(t, db, coordinator.Options{Lease: short})
			store(t, dead, "child", store(t, dead, "root", nil))
			die()
			c := openSeasoned(t, db, coordinator.Options{Lease: busy})
			cmds := recovered(t, c)
			must(t, cmds[1].Persist(t.Context(), cmds[0])) // the same again is no progress
			if recoveries := ask[int](t, db, `SELECT min(recoveries) FROM coco.command_owner`); recoveries != 1 {
				t.Fatalf("%d recoveries", recoveries)
			}
			progress(t, cmds[1])
			if recoveries := ask[int](t, db, `SELECT max(recoveries) FROM coco.command_owner`); recoveries != 0 {
				t.Errorf("%d recoveries, of the whole tree", recoveries)
			}
		})
	}
}

func TestAPoolThatIsUsedUpDoesNotCostTheLease(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	pool := newPool(t, db.URL, func(config *pgxpool.Config) { config.MaxConns = 1 })
	c := openOn(t, pool, coordinator.Options{Lease: busy})
	conn, err := pool.Acquire(t.Context())
	must(t, err)
	other := open(t, db.URL, coordinator.Options{Lease: busy})
	store(t, other, "to be alive", nil)
	time.Sleep(2 * busy)
	if state := ask[string](t, db, `SELECT state FROM coco.instance_summary WHERE instance_id = $1`, c.ID()); state != "alive" {
		t.Errorf("the instance is %s", state)
	}
	conn.Release()
	store(t, c, "still there", nil)
}
