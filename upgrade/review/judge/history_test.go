package judge_test

import "github.com/ovirt/coco/upgrade/review/finding"

// history are faults that the engine's own scripts had, as its public history tells, each put in other words and over the fixture's tables.
func history() []seed {
	const (
		must   = finding.MustFix
		decide = finding.Decide
	)
	return []seed{
		// b580629df74 in the other order: the updating procedure got an argument by CREATE OR REPLACE, and the old one stayed beside it.
		{"an update procedure got an argument and the old one stayed", `CREATE OR REPLACE FUNCTION deleteasync_tasks(v_task_id uuid, v_pool uuid)
			RETURNS integer LANGUAGE plpgsql AS $$ BEGIN DELETE FROM async_tasks WHERE task_id = v_task_id AND storage_pool_id = v_pool; RETURN 1; END $$`,
			"stale-overload", must, "deleteasync_tasks(uuid)", "stays beside", false, ""},
		// f56764d5f3e: triggers were disabled at the beginning, and disabled once more at the end.
		{"triggers are disabled twice", `ALTER TABLE site_log DISABLE TRIGGER USER; UPDATE site_log SET note = note;
			ALTER TABLE site_log DISABLE TRIGGER USER`, "trigger-changed", must, "site_log.site_stamp", "is disabled", false, ""},
		// b5311437cdc: a foreign key was taken off for the time of an update, and its return was missing.
		{"a foreign key is not put back", `ALTER TABLE async_tasks_entities DROP CONSTRAINT fk_async_task_entity`, "object-removed", decide,
			"async_tasks_entities.fk_async_task_entity", "is removed", false, ""},
		// 00dde76d06d: a column without null and without default.
		{"a column must not be null and has no default", `ALTER TABLE site_log ADD COLUMN method text CHECK (method IN ('mail', 'trap'));
			UPDATE site_log SET method = 'mail'; ALTER TABLE site_log ALTER method SET NOT NULL`,
			"column-required", must, "site_log.method", "inserts without it fail", true, ""},
		// c2bece80abd: an argument became timestamp with time zone, the procedure of the old type had to go first.
		{"an argument changes its type", `CREATE FUNCTION deletejob(v_job_id text) RETURNS void LANGUAGE plpgsql AS
			$$ BEGIN DELETE FROM job AS j WHERE j.job_id = v_job_id::uuid; END $$`, "stale-overload", must, "deletejob(uuid)", "stays beside", false, ""},
		// 747f5f17318: a search view lost a column that the user interface asks for.
		{"a view loses a column that clients ask for", `DROP VIEW running_tasks;
			CREATE VIEW running_tasks AS SELECT task_id, NULL::text AS status, action_parameters FROM async_tasks`,
			"view-changed", decide, "running_tasks", "status", true, ""},
		// 3c40949d97c: a getter lost an argument; without a DROP of the old one both were there.
		{"an argument goes and the procedure with it stays", `CREATE FUNCTION getjobbyjobid() RETURNS SETOF job LANGUAGE plpgsql STABLE AS
			$$ BEGIN RETURN QUERY SELECT j.* FROM job AS j; END $$`, "stale-overload", must, "getjobbyjobid(uuid)", "stays beside", false, ""},
	}
}
