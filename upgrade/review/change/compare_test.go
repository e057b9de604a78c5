package change_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
)

func TestMain(m *testing.M) { testdb.Main(m) }

func read(t *testing.T, tx pgx.Tx) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Read(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// text shows changes in a line each: what happened, to what, and which attributes differ.
func text(changes []change.Change) string {
	var lines []string
	for _, c := range changes {
		line := string(c.Sort) + " " + string(c.Object.Kind) + " " + c.Object.String()
		if c.Was != nil {
			line += " was " + c.Was.String()
		}
		for _, a := range c.Attributes {
			line += " [" + a.Name + ": " + a.Before + " -> " + a.After + "]"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestEachKindOfChangeShowsAndNothingElse(t *testing.T) {
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	if err := enginedb.Load(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `CREATE VIEW jobs AS SELECT job_id FROM job; CREATE TYPE mood AS ENUM ('calm');
		CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		CREATE TRIGGER note BEFORE UPDATE ON job FOR EACH ROW EXECUTE FUNCTION noted();
		CREATE RULE loud AS ON DELETE TO step DO ALSO NOTHING;
		CREATE ROLE change_other`, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ sql, want string }{
		{`SELECT 1`, ``},
		{`INSERT INTO vdc_options (option_name, option_value) VALUES ('a', 'b'); ANALYZE vdc_options`, ``},
		{`CREATE OR REPLACE FUNCTION deletejob(v_job_id uuid) RETURNS void LANGUAGE plpgsql AS 'BEGIN END'`, `changed routine deletejob(uuid)`},
		{`DROP FUNCTION deletejob(uuid); CREATE FUNCTION deletejob(v_job_id uuid, v_force boolean) RETURNS void LANGUAGE plpgsql AS 'BEGIN END'`,
			`signature routine deletejob(uuid, boolean) was deletejob(uuid)`},
		{`DROP FUNCTION deletejob(uuid); CREATE FUNCTION deletejob(v_id uuid) RETURNS void LANGUAGE plpgsql AS 'BEGIN END'`,
			`signature routine deletejob(uuid)`},
		{`CREATE FUNCTION deletejob() RETURNS void LANGUAGE plpgsql AS 'BEGIN END'`, `added routine deletejob()`},
		{`DROP FUNCTION deletejob(uuid)`, `removed routine deletejob(uuid)`},
		{`ALTER FUNCTION deletejob(uuid) STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 5 SET search_path = public`,
			`attributes routine deletejob(uuid) [security: invoker -> definer] [set:  -> search_path=public] [volatility: volatile -> stable]` +
				` [strict:  -> yes] [parallel: unsafe -> safe] [cost: 100 -> 5]`},
		{`COMMENT ON FUNCTION deletejob(uuid) IS 'x'`, `attributes routine deletejob(uuid) [comment:  -> x]`},
		{`GRANT EXECUTE ON FUNCTION deletejob(uuid) TO change_other WITH GRANT OPTION; REVOKE EXECUTE ON FUNCTION deletejob(uuid) FROM PUBLIC`,
			`attributes routine deletejob(uuid) [grant: EXECUTE to PUBLIC, postgres -> EXECUTE to change_other with grant option, postgres]`},
		{`ALTER FUNCTION deletejob(uuid) OWNER TO change_other`, `attributes routine deletejob(uuid) [owner: postgres -> change_other]` +
			` [grant: EXECUTE to PUBLIC, postgres -> EXECUTE to PUBLIC, change_other]`},
		{`ALTER TABLE job ADD COLUMN extra text DEFAULT ''`, `added column job.extra`},
		{`ALTER TABLE job DROP COLUMN is_external`, `removed column job.is_external`},
		{`ALTER TABLE job ALTER status TYPE text`, `changed column job.status`},
		{`ALTER TABLE job ALTER status DROP NOT NULL; ALTER TABLE job ALTER status SET STATISTICS 7`, `changed column job.status [statistics: 0 -> 7]`},
		{`GRANT SELECT (status) ON job TO change_other`, `attributes column job.status [grant:  -> SELECT to change_other]`},
		{`ALTER TABLE async_tasks_entities DROP CONSTRAINT fk_async_task_entity`, `removed constraint async_tasks_entities.fk_async_task_entity`},
		{`ALTER TABLE job ADD CONSTRAINT short CHECK (length(status) < 9) NOT VALID`, `added constraint job.short`},
		{`DROP INDEX idx_job_start_time; CREATE INDEX idx_job_start_time ON job (start_time, end_time)`, `changed index job.idx_job_start_time`},
		{`DROP TRIGGER note ON job`, `removed trigger job.note`},
		{`ALTER TABLE job ENABLE ALWAYS TRIGGER note`, `attributes trigger job.note [enabled:  -> always]`},
		{`CREATE OR REPLACE VIEW jobs AS SELECT job_id FROM job WHERE visible`, `changed view jobs`},
		{`DROP VIEW jobs`, `removed view jobs`},
		{`CREATE TABLE more (id integer PRIMARY KEY)`, "added constraint more.more_pkey\nadded index more.more_pkey\nadded table more"},
		{`ALTER TABLE job SET (fillfactor = 50)`, `attributes table job [options:  -> fillfactor=50]`},
		{`ALTER TABLE job ENABLE ROW LEVEL SECURITY`, `attributes table job [row security:  -> yes]`},
		{`ALTER TYPE mood RENAME VALUE 'calm' TO 'quiet'`, `changed type mood`},
		{`CREATE SEQUENCE numbers`, `added sequence numbers`},
		{`ALTER SEQUENCE schema_version_seq INCREMENT 7 CYCLE`, `changed sequence schema_version_seq`},
		{`CREATE SEQUENCE numbers; SELECT nextval('numbers')`, `added sequence numbers`},
		{`CREATE RULE quiet AS ON DELETE TO job DO INSTEAD NOTHING`, `added rule job.quiet`},
		{`CREATE OR REPLACE RULE loud AS ON DELETE TO step DO INSTEAD NOTHING`, `changed rule step.loud`},
		{`ALTER TABLE step DISABLE RULE loud`, `attributes rule step.loud [enabled:  -> disabled]`},
		{`DROP RULE loud ON step`, `removed rule step.loud`},
		{`CREATE EXTENSION btree_gist`, `added extension btree_gist`},
		{`ALTER TABLE job CLUSTER ON idx_job_start_time`, `attributes index job.idx_job_start_time [clusters:  -> yes]`},
		{`ALTER TABLE job REPLICA IDENTITY USING INDEX pk_jobs`,
			"attributes index job.pk_jobs [identifies rows:  -> yes]\nattributes table job [replica identity:  -> index]"},
		{`ALTER TABLE job DROP COLUMN is_external; ALTER TABLE job ADD COLUMN is_external boolean DEFAULT false`,
			`attributes table job [order of columns: job_id, action_type, description, status, owner_id, visible, start_time, end_time,` +
				` last_update_time, correlation_id, is_external, is_auto_cleared -> job_id, action_type, description, status, owner_id, visible,` +
				` start_time, end_time, last_update_time, correlation_id, is_auto_cleared, is_external]`},
		{`ALTER TABLE job DROP COLUMN is_external; ALTER TABLE job ADD COLUMN extra text`, "added column job.extra\nremoved column job.is_external"},
		{`CREATE SCHEMA other`, `added schema other`},
	} {
		t.Run(strings.SplitN(c.sql, ";", 2)[0], func(t *testing.T) {
			tx, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback(t.Context()) }()
			before := read(t, tx)
			if _, err := tx.Exec(t.Context(), c.sql, pgx.QueryExecModeSimpleProtocol); err != nil {
				t.Fatal(err)
			}
			if got := text(change.Compare(before, read(t, tx))); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
