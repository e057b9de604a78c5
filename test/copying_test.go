package test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// copyingRounds are databases that are copied while everything changes.
const copyingRounds = 6

// TestCopyingLosesNothingOfWhatChangesMeanwhile copies in small shares from two connections in turns. In between an engine writes, and
// now and then the table is written anew, so that no row is where it was.
func TestCopyingLosesNothingOfWhatChangesMeanwhile(t *testing.T) {
	t.Parallel()
	for round := range number(t, "COCO_COPYING_ROUNDS", copyingRounds) {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			db := engine(t)
			conn, other := db.Connect(t.Context()), db.Connect(t.Context())
			p := &player{hostile: newHostile(uint64(1000 + round)), databases: []*pgx.Conn{conn}}
			p.play(t, 120)
			up(t, conn, 0, versionExpand)
			anew, calls := 0, 0
			for finished := false; !finished; calls++ {
				if calls > 1000 {
					t.Fatal("the copy does not come to an end")
				}
				finished = query(t, []*pgx.Conn{conn, other}[calls%2], `SELECT finished::text FROM coco.backfill(7)`)[0] == "true"
				if p.random.IntN(2) == 0 {
					p.play(t, 3)
				}
				if anew < 3 && p.random.IntN(20) == 0 {
					exec(t, conn, `VACUUM FULL async_tasks`)
					anew++
				}
			}
			t.Logf("%d calls; the table was written anew %d times", calls, anew)
			up(t, conn, versionExpand, versionProve-1)
			for range 20 {
				if query(t, conn, `SELECT coco.catch_up(50)::text`)[0] == "0" {
					break
				}
			}
			up(t, conn, versionProve-1, versionProve)
			same(t, "what does not hold", nil, query(t, conn, `SELECT concat_ws(' ', check_name, object, detail) FROM coco.verify(10)`))
			same(t, "commands that tasks name and nobody has stored", nil, query(t, conn, `SELECT l.command_id::text FROM coco.ledger l
				WHERE l.command_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM command_entities e WHERE e.command_id = l.command_id)`))
			same(t, "commands that wait although a task of theirs was submitted", nil, query(t, conn, `SELECT DISTINCT e.command_id::text
				FROM command_entities e JOIN async_tasks t USING (command_id)
				WHERE e.status = 'NOT_STARTED' AND t.vdsm_task_id <> '00000000-0000-0000-0000-000000000000'`))
			before := query(t, conn, allTasks)
			up(t, conn, versionProve, versionContract)
			same(t, "all tasks", before, query(t, conn, allTasks))
			same(t, "what only the copy needs", []string{"0 0"}, query(t, conn, `SELECT concat_ws(' ',
				(SELECT count(*) FROM coco.chosen), (SELECT count(*) FROM coco.suspect))`))
		})
	}
}
