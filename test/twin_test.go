package test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
)

// TestPropertyOldProceduresAnswerAsBeforeAtEveryVersion plays the same calls to a database that is upgraded step by step and to a
// twin that never is, and compares all answers.
func TestPropertyOldProceduresAnswerAsBeforeAtEveryVersion(t *testing.T) {
	t.Parallel()
	cases := number(t, "COCO_PROPERTY_CASES", propertyCases) / 10
	for seed := range uint64(max(cases/casesPerDatabase, 1)) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			upgraded := engine(t, enginedb.DecorateSQL()).Connect(t.Context())
			twin := engine(t, enginedb.DecorateSQL()).Connect(t.Context())
			players := make([]*player, casesPerDatabase)
			for i := range players {
				players[i] = &player{hostile: newHostile(1000*seed + uint64(i)), databases: []*pgx.Conn{upgraded, twin}}
				players[i].play(t, 4)
			}
			for version := 1; version <= versionContract; version++ {
				if version >= versionProve {
					catchUp(t, upgraded)
				}
				up(t, upgraded, version-1, version)
				for _, p := range players {
					p.play(t, 3)
				}
				same(t, fmt.Sprintf("tasks at version %d", version), query(t, twin, allTasks), query(t, upgraded, allTasks))
			}
			holds(t, upgraded)
			same(t, "commands that no task needs", nil, query(t, upgraded, `SELECT e::text FROM coco.unheld_commands() e`))

			exec(t, upgraded, `SET coco.commands_exported = on`)
			for version := versionContract; version > 0; version-- {
				down(t, upgraded, version, version-1)
				for _, p := range players {
					p.play(t, 2)
				}
				same(t, fmt.Sprintf("tasks on the way down from %d", version),
					query(t, twin, allTasks), query(t, upgraded, allTasks))
			}
			up(t, upgraded, 0, versionContract)
			same(t, "tasks after a second upgrade", query(t, twin, allTasks), query(t, upgraded, allTasks))
			holds(t, upgraded)
			exec(t, upgraded, `SELECT deleteasync_tasks(task_id) FROM async_tasks`)
			same(t, "commands after the last task is deleted", nil,
				query(t, upgraded, `SELECT e::text FROM command_entities e`))
			same(t, "archive after the last task is deleted", nil, query(t, upgraded, `SELECT a::text FROM coco.archive a`))
		})
	}
}

// catchUp applies the change log as the tool does before a step.
func catchUp(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for range 1000 {
		if query(t, conn, `SELECT coco.catch_up(100)::text`)[0] == "0" {
			return
		}
	}
	t.Fatal("the change log does not become empty")
}

func holds(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	same(t, "verify", nil, query(t, conn, `SELECT concat_ws(' ', check_name, object, detail) FROM coco.verify(10)`))
}

// player calls the engine's procedures by their old signatures, the same on several databases.
type player struct {
	*hostile
	databases []*pgx.Conn
	ids       []uuid.UUID
	blind     bool // it only writes
}

func (p *player) play(t *testing.T, calls int) {
	t.Helper()
	for range calls {
		id := p.uuid()
		if len(p.ids) > 0 && p.random.IntN(3) > 0 {
			id = p.ids[p.random.IntN(len(p.ids))]
		} else {
			p.ids = append(p.ids, id)
		}
		task := p.task(id)
		what := p.random.IntN(8)
		if p.blind && (what == 3 || what == 4) {
			what = 5
		}
		switch what {
		case 0:
			p.call(t, `SELECT deleteasync_tasks($1)::text`, id)
		case 1:
			p.call(t, `SELECT deleteasynctasksbyvdsmtaskid($1)::text`, p.vdsm[p.random.IntN(len(p.vdsm))])
		case 2:
			p.call(t, `SELECT updateasync_tasks($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)::text`,
				task.actionType, task.result, task.status, task.vdsmTaskID, task.id, task.actionParameters, task.actionClass,
				task.taskParameters, task.taskClass, task.stepID, task.commandID, task.rootCommandID, task.poolID)
		case 3:
			p.call(t, `SELECT t::text FROM getasync_tasksbytask_id($1) t`, id)
		case 4:
			p.call(t, `SELECT count(*)::text FROM getasynctasksbyvdsmtaskid($1)`, p.vdsm[0])
		default:
			p.call(t, `SELECT insertorupdateasynctasks($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
				$13::text::timestamptz, $14, $15)::text`,
				task.actionType, task.result, task.status, task.vdsmTaskID, task.id, task.actionParameters, task.actionClass,
				task.taskParameters, task.taskClass, task.stepID, task.commandID, task.rootCommandID, task.startedAt,
				task.poolID, task.taskType)
		}
	}
}

// call compares the answers of all databases with the first one's.
func (p *player) call(t *testing.T, sql string, args ...any) {
	t.Helper()
	first := query(t, p.databases[0], sql, args...)
	for _, other := range p.databases[1:] {
		same(t, sql, query(t, other, sql, args...), first)
	}
}
