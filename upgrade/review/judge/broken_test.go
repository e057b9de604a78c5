package judge_test

import (
	"testing"

	"github.com/ovirt/coco/upgrade/review/finding"
)

// broken are faults that the checker of procedures finds, historyBroken those of them that the engine's own scripts had.
func broken() []seed {
	const (
		must   = finding.MustFix
		decide = finding.Decide
	)
	return []seed{
		// What stops working.
		{"a column goes that a procedure outside the plan reads", `DROP VIEW running_tasks; ALTER TABLE async_tasks DROP COLUMN action_parameters`,
			"routine-fails", must, "fn_db_get_async_tasks()", "action_parameters", true, ""},
		{"a function goes that another one calls", `DROP FUNCTION site_add(text)`, "routine-fails", must, "site_call()", "site_add", true, ""},
		{"a table goes that a procedure writes", `DROP TABLE site_log CASCADE`, "routine-fails", must, "site_add(text)", "site_log", true, ""},
		{"a procedure that nobody can check names a column that goes", `DROP VIEW running_tasks;
			ALTER TABLE async_tasks DROP COLUMN task_parameters`, "routine-unchecked", decide, "site_dynamic(text)", "task_parameters", true, ""},
	}
}

func historyBroken() []seed {
	const must = finding.MustFix
	return []seed{
		// 3.5.0: the columns were moved to command_entities, and the maintenance tools' function kept reading them.
		{"the function of a maintenance tool was forgotten", `DROP VIEW running_tasks; ALTER TABLE async_tasks DROP COLUMN action_parameters`,
			"routine-fails", must, "fn_db_get_async_tasks()", "action_parameters", true, ""},
		// 391ef1b96eb, 8b5b9e638d5: a procedure got an argument, and its caller went on passing fewer.
		{"a caller passes too few arguments", `DROP FUNCTION site_add(text); CREATE FUNCTION site_add(v_note text, v_comment text) RETURNS void
			LANGUAGE plpgsql AS $$ BEGIN INSERT INTO site_log (note) VALUES (v_note || v_comment); END $$`,
			"routine-fails", must, "site_call()", "site_add", true, ""},
		// 1aa4203e96b: a wrapper left an argument out, so that the others stood in the wrong places.
		{"a wrapper passes its arguments in the wrong places", `CREATE FUNCTION site_wrap(v_flag boolean) RETURNS void LANGUAGE plpgsql AS
			$$ BEGIN PERFORM site_add(v_flag, 5); END $$`, "routine-fails", must, "site_wrap(boolean)", "site_add", true, ""},
		// 55fccd35bc5: FROM got another table, an inner SELECT still named the old one.
		{"an inner query names the table that FROM no longer has", `CREATE OR REPLACE FUNCTION getjobbyjobid(v_job_id uuid) RETURNS SETOF job
			LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN QUERY SELECT j.* FROM job AS j WHERE (SELECT job.job_id = v_job_id); END $$`,
			"routine-fails", must, "getjobbyjobid(uuid)", "job", true, ""},
		// adf1f199bb2: LENGTH(x > 0) for LENGTH(x) > 0.
		{"a bracket stands in the wrong place", `CREATE OR REPLACE FUNCTION getjobbyjobid(v_job_id uuid) RETURNS SETOF job LANGUAGE plpgsql STABLE AS
			$$ BEGIN RETURN QUERY SELECT j.* FROM job AS j WHERE j.job_id = v_job_id AND length(j.description > 0); END $$`,
			"routine-fails", must, "getjobbyjobid(uuid)", "", true, ""},
		// 412943585e0, 55fccd35bc5: a table was renamed, and what reads it was not.
		{"a table is renamed under its readers", `ALTER TABLE vdc_options RENAME TO engine_options`, "routine-fails", must,
			"getvdcoptionbyname(character varying, character varying)", "vdc_options", true, ""},
	}
}

func TestThereAreEnoughKindsOfFaults(t *testing.T) {
	if len(seeds())+len(broken()) < 25 || len(history())+len(historyBroken()) < 10 {
		t.Errorf("%d kinds of faults, %d of the engine's history", len(seeds())+len(broken()), len(history())+len(historyBroken()))
	}
	seen := map[string]bool{}
	for _, s := range seeds() {
		seen[s.rule] = true
	}
	if len(seen) < 20 {
		t.Errorf("they break only %d rules", len(seen))
	}
}
