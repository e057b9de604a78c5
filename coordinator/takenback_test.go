package coordinator_test

import (
	"testing"

	"github.com/ovirt/coco/coordinator"
)

func TestAnInstanceLearnsThatTheUpgradeWasTakenBackAltogether(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{Lease: short})
	db.exec(t, `DROP SCHEMA coco CASCADE`)
	select {
	case <-c.Lost():
	case <-t.Context().Done():
		t.Fatal("it was not told")
	}
}

func TestAnUpgradeThatWasTakenBackIsNoDeathOfAnOwner(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	first := open(t, db.URL, coordinator.Options{})
	root := store(t, first, "root", nil)
	db.exec(t, `UPDATE coco.engine_instance SET ended_at = clock_timestamp(), ended_because = 'taken back'`)
	cmds := recovered(t, open(t, db.URL, coordinator.Options{}))
	if len(cmds) != 1 || cmds[0].ID() != root.ID() || cmds[0].Recoveries() != 0 {
		t.Fatalf("recovered %v", ids(cmds))
	}
}
