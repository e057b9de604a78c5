package upgrade_test

import (
	"testing"

	"github.com/ovirt/coco/upgrade"
)

func TestUpAndDownGiveTheSameDatabaseBack(t *testing.T) {
	db := engine(t)
	before := db.Dump(t)
	upgrader, events := newUpgrader(t, db.URL)

	up, err := upgrader.Up(t.Context(), upgrade.UpOptions{Batch: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range *events {
		t.Logf("%s %+v", e.EventName(), e)
	}
	verified, err := upgrader.Verify(t.Context(), upgrade.VerifyOptions{})
	t.Log(up.From, up.To, verified, err)
	status, err := upgrader.Status(t.Context())
	t.Logf("%+v %v", status, err)
	down, err := upgrader.Down(t.Context(), upgrade.DownOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(len(down.Journal))
	if after := db.Dump(t); after != before {
		t.Errorf("the dump differs")
	}
}
