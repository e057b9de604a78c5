package judge_test

import "github.com/ovirt/coco/upgrade/review/finding"

// seed is a fault: SQL that a plan might run, and the finding that it must give.
type seed struct {
	name string
	sql  string
	rule string
	// severity, object and summary are those of the finding; of the summary a part.
	severity finding.Severity
	object   string
	summary  string
	// remains says that the finding's fix does not take all of it back.
	remains bool
	// before is what somebody did earlier.
	before string
}

// site is what somebody has made in the fixture's database: things that depend on the engine's, and rights of their own.
const site = `
CREATE ROLE judge_backup; CREATE ROLE judge_other;
CREATE VIEW public.running_tasks AS SELECT task_id, status, action_parameters FROM public.async_tasks WHERE status = 2;
CREATE MATERIALIZED VIEW public.tasks_by_type AS SELECT task_type, count(*) AS number FROM public.async_tasks GROUP BY task_type;
CREATE TYPE public.mood AS ENUM ('calm', 'busy');
CREATE SEQUENCE public.site_numbers;
GRANT USAGE ON SEQUENCE public.site_numbers TO judge_backup;
CREATE TABLE public.site_log (
	id integer PRIMARY KEY DEFAULT nextval('public.site_numbers'), job_id uuid REFERENCES public.job (job_id), at timestamptz NOT NULL DEFAULT now(),
	note text NOT NULL DEFAULT '', amount integer CONSTRAINT site_amount CHECK (amount >= 0), legacy text
);
CREATE UNIQUE INDEX site_log_note ON public.site_log (note, at);
CREATE INDEX site_log_legacy ON public.site_log (legacy);
COMMENT ON TABLE public.site_log IS 'What people did';
COMMENT ON COLUMN public.site_log.note IS 'In their own words';
GRANT SELECT ON public.site_log TO judge_backup;
GRANT UPDATE (note) ON public.site_log TO judge_backup;
ALTER TABLE public.site_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON public.site_log USING (note <> '');
CREATE FUNCTION public.site_noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); RETURN NEW; END $$;
CREATE TRIGGER site_stamp BEFORE UPDATE ON public.site_log FOR EACH ROW EXECUTE FUNCTION public.site_noted();
CREATE FUNCTION public.site_add(v_note text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO site_log (note) VALUES (v_note); END $$;
CREATE FUNCTION public.site_recent() RETURNS SETOF public.site_log LANGUAGE sql STABLE AS $$ SELECT * FROM site_log ORDER BY at DESC $$;
CREATE FUNCTION public.site_call() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM site_add('called'); END $$;
REVOKE EXECUTE ON FUNCTION public.site_add(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.site_add(text) TO judge_backup;
COMMENT ON FUNCTION public.site_add(text) IS 'For the backup';
CREATE FUNCTION public.site_dynamic(v_column text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
	EXECUTE 'UPDATE async_tasks SET task_parameters = NULL WHERE ' || quote_ident(v_column) || ' IS NULL';
END $$;
CREATE FUNCTION public.site_secret() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER COST 7 SET search_path = public, pg_temp SET work_mem = '8MB'
	AS $$ SELECT 'x' $$;
`

// seeds are kinds of faults, at least one for each rule of a comparison.
func seeds() []seed {
	const (
		must   = finding.MustFix
		decide = finding.Decide
		note   = finding.Note
	)
	return []seed{
		// What goes, by itself or with something else.
		{"a view goes with its column", `DO $$ BEGIN EXECUTE 'ALTER TABLE async_tasks DROP COLUMN action_parameters CASCADE'; END $$`,
			"object-lost", must, "running_tasks", "no step of the plan names it", true, ""},
		{"a view is dropped", `DROP VIEW running_tasks`, "object-removed", decide, "running_tasks", "is removed", false, ""},
		{"a foreign key goes with its table", `DROP TABLE job CASCADE`, "object-lost", must, "site_log.site_log_job_id_fkey", "no step", true, ""},
		{"a foreign key is dropped", `ALTER TABLE site_log DROP CONSTRAINT site_log_job_id_fkey`, "object-removed", decide,
			"site_log.site_log_job_id_fkey", "is removed", false, ""},
		{"an index goes with its column", `ALTER TABLE site_log DROP COLUMN legacy`, "object-removed", decide, "site_log.site_log_legacy",
			"goes with column legacy", true, ""},
		{"a unique index is dropped", `DROP INDEX site_log_note`, "object-removed", decide, "site_log.site_log_note", "is removed", false, ""},
		{"a trigger is dropped", `DROP TRIGGER site_stamp ON site_log`, "object-removed", decide, "site_log.site_stamp", "is removed", false, ""},
		{"a sequence goes", `ALTER TABLE site_log ALTER id DROP DEFAULT; DROP SEQUENCE site_numbers`, "object-removed", decide, "site_numbers",
			"is removed", true, ""},
		{"a type goes", `DROP TYPE mood`, "object-removed", decide, "mood", "is removed", true, ""},
		{"a column is dropped with its values", `ALTER TABLE site_log DROP COLUMN legacy`, "column-dropped", decide, "site_log.legacy", "values", true, ""},

		// What tables take and give.
		{"a column is added", `ALTER TABLE site_log ADD COLUMN extra text`, "column-added", note, "site_log.extra", "SELECT *", true, ""},
		{"a column that must not be null is added", `ALTER TABLE site_log ADD COLUMN extra text; UPDATE site_log SET extra = '';
			ALTER TABLE site_log ALTER extra SET NOT NULL`, "column-required", must, "site_log.extra", "inserts without it fail: site_add", true, ""},
		{"a column becomes another type", `ALTER TABLE site_log ALTER amount TYPE bigint`, "column-changed", decide, "site_log.amount",
			"becomes bigint, it was integer", true, ""},
		{"a column loses NOT NULL", `ALTER TABLE site_log ALTER note DROP NOT NULL`, "column-changed", decide, "site_log.note", "may be null", false, ""},
		{"a column loses its default", `ALTER TABLE site_log ALTER at DROP DEFAULT`, "column-required", must, "site_log.at", "loses its default", true, ""},
		{"a column gets another default", `ALTER TABLE site_log ALTER note SET DEFAULT '-'`, "column-changed", decide, "site_log.note", "default", false, ""},
		{"a check is new", `ALTER TABLE site_log ADD CONSTRAINT site_short CHECK (length(note) < 80)`, "constraint-changed", decide,
			"site_log.site_short", "is new", false, ""},
		{"a check is not validated", `ALTER TABLE site_log ADD CONSTRAINT site_short CHECK (length(note) < 80) NOT VALID`, "constraint-changed",
			decide, "site_log.site_short", "not validated", true, ""},
		{"a check becomes weaker", `ALTER TABLE site_log DROP CONSTRAINT site_amount, ADD CONSTRAINT site_amount CHECK (amount >= -1)`,
			"constraint-changed", decide, "site_log.site_amount", "changes", true, ""},
		{"an index is made otherwise", `DROP INDEX site_log_note; CREATE INDEX site_log_note ON site_log (note)`, "table-changed", decide,
			"site_log.site_log_note", "otherwise", true, ""},
		{"an index is left invalid", `CREATE INDEX site_bad ON site_log (amount);
			UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'site_bad'::regclass`, "index-invalid", must, "site_log.site_bad", "not valid", false, ""},
		{"a trigger is left disabled", `ALTER TABLE site_log DISABLE TRIGGER site_stamp`, "trigger-changed", must, "site_log.site_stamp",
			"is disabled", false, ""},
		{"a trigger is new", `CREATE TRIGGER site_more BEFORE INSERT ON site_log FOR EACH ROW EXECUTE FUNCTION site_noted()`, "trigger-changed",
			note, "site_log.site_more", "is new", true, ""},
		{"a rule is new", `CREATE RULE site_quiet AS ON DELETE TO site_log DO INSTEAD NOTHING`, "trigger-changed", decide, "site_log.site_quiet",
			"is new", false, ""},
		{"a rule changes", `CREATE OR REPLACE RULE site_quiet AS ON DELETE TO site_log DO INSTEAD NOTHING`, "trigger-changed", decide,
			"site_log.site_quiet", "changes", false, `CREATE RULE site_quiet AS ON DELETE TO site_log DO ALSO NOTHING`},
		{"a rule is left disabled", `ALTER TABLE site_log DISABLE RULE site_quiet`, "trigger-changed", decide, "site_log.site_quiet",
			"is disabled", false, `CREATE RULE site_quiet AS ON DELETE TO site_log DO INSTEAD NOTHING`},
		{"a rule is dropped", `DROP RULE site_quiet ON site_log`, "object-removed", decide, "site_log.site_quiet",
			"is removed", false, `CREATE RULE site_quiet AS ON DELETE TO site_log DO INSTEAD NOTHING`},
		{"a sequence counts otherwise", `ALTER SEQUENCE site_numbers INCREMENT 5`, "table-changed", decide, "site_numbers", "counts otherwise", true, ""},
		{"a table is no longer ordered by its index", `ALTER TABLE site_log SET WITHOUT CLUSTER`, "table-changed", note, "site_log.site_log_note",
			"no longer what CLUSTER goes by", false, `ALTER TABLE site_log CLUSTER ON site_log_note`},
		{"replicas go by another index", `ALTER TABLE site_log REPLICA IDENTITY USING INDEX site_log_pkey`, "table-changed", note,
			"site_log.site_log_id", "no longer what replicas know a changed row by", false,
			`CREATE UNIQUE INDEX site_log_id ON site_log (id); ALTER TABLE site_log REPLICA IDENTITY USING INDEX site_log_id`},
		{"a view loses a column", `DROP VIEW running_tasks; CREATE VIEW running_tasks AS SELECT task_id, status FROM async_tasks WHERE status = 2`,
			"view-changed", decide, "running_tasks", "loses 1 column: action_parameters text", true, ""},
		{"a view shows other rows", `CREATE OR REPLACE VIEW running_tasks AS SELECT task_id, status, action_parameters FROM async_tasks`,
			"view-changed", decide, "running_tasks", "same columns", true, ""},
		{"an enumeration gets a value", `ALTER TYPE mood ADD VALUE 'frantic'`, "type-changed", decide, "mood", "changes", true, ""},
		{"a table becomes unlogged", `ALTER TABLE site_log SET UNLOGGED`, "table-changed", must, "site_log", "UNLOGGED", false, ""},
		{"row security is switched off", `ALTER TABLE site_log DISABLE ROW LEVEL SECURITY`, "table-changed", must, "site_log", "row security", false, ""},
		{"a policy goes", `DROP POLICY own ON site_log`, "table-changed", decide, "site_log", "policies", true, ""},

		// Who may do what.
		{"a procedure is dropped and created: everybody may call it", recreated, "access-widened", must, "site_add(text)",
			"becomes executable by everybody", false, ""},
		{"a procedure is dropped and created: its grant is lost", recreated, "access-lost", decide, "site_add(text)", "still has it through PUBLIC",
			false, ""},
		{"a grant is lost altogether", `REVOKE EXECUTE ON FUNCTION site_add(text) FROM judge_backup`, "access-lost", must, "site_add(text)",
			"judge_backup loses EXECUTE", false, ""},
		{"a procedure is closed to everybody", `REVOKE EXECUTE ON FUNCTION site_call() FROM PUBLIC`, "access-lost", decide, "site_call()",
			"PUBLIC loses EXECUTE", false, ""},
		{"a table is opened to everybody", `GRANT SELECT ON site_log TO PUBLIC`, "access-widened", must, "site_log", "PUBLIC gets SELECT", false, ""},
		{"a role gets more", `GRANT DELETE ON site_log TO judge_backup`, "access-widened", decide, "site_log", "judge_backup gets DELETE", false, ""},
		{"a role may grant to others", `GRANT SELECT ON site_log TO judge_backup WITH GRANT OPTION`, "access-widened", decide, "site_log",
			"may now grant SELECT", false, ""},
		{"a right on a column is lost", `REVOKE UPDATE (note) ON site_log FROM judge_backup`, "access-lost", must, "site_log.note",
			"judge_backup loses UPDATE", false, ""},
		{"a right on a sequence is lost", `REVOKE USAGE ON SEQUENCE site_numbers FROM judge_backup`, "access-lost", must, "site_numbers",
			"judge_backup loses USAGE", false, ""},
		{"a schema is opened", `GRANT CREATE ON SCHEMA public TO judge_other`, "access-widened", decide, "public", "judge_other gets CREATE", false, ""},
		{"a new procedure lends its owner's rights to everybody", `CREATE FUNCTION site_open() RETURNS integer LANGUAGE sql SECURITY DEFINER
			SET search_path = public AS 'SELECT 1'`, "access-widened", decide, "site_open()", "everybody may call it", false, ""},
		{"a procedure changes its owner", `ALTER FUNCTION site_secret() OWNER TO judge_other`, "owner-changed", must, "site_secret()",
			"to judge_other", false, ""},
		{"a table changes its owner", `ALTER TABLE site_log OWNER TO judge_other`, "owner-changed", must, "site_log", "to judge_other", false, ""},

		// How procedures run.
		{"a comment is lost", recreated, "comment-lost", decide, "site_add(text)", "loses its comment", false, ""},
		{"a comment on a column is lost", `COMMENT ON COLUMN site_log.note IS NULL`, "comment-lost", decide, "site_log.note", "loses its comment",
			false, ""},
		{"SECURITY DEFINER becomes INVOKER", `ALTER FUNCTION site_secret() SECURITY INVOKER`, "security-changed", decide, "site_secret()",
			"becomes INVOKER", false, ""},
		{"SECURITY INVOKER becomes DEFINER without a search_path", `ALTER FUNCTION site_call() SECURITY DEFINER`, "security-changed", must,
			"site_call()", "without a search_path", false, ""},
		{"search_path of a SECURITY DEFINER is lost", `ALTER FUNCTION site_secret() RESET search_path`, "setting-changed", must, "site_secret()",
			"search_path", false, ""},
		{"another setting is lost", `ALTER FUNCTION site_secret() RESET work_mem`, "setting-changed", decide, "site_secret()", "work_mem", false, ""},
		{"a setting is changed", `ALTER FUNCTION site_secret() SET work_mem = '1MB'`, "setting-changed", decide, "site_secret()", "1MB", false, ""},
		{"a writer becomes stable", `ALTER FUNCTION site_add(text) STABLE`, "volatility-changed", must, "site_add(text)", "the server refuses", false, ""},
		{"a reader becomes volatile", `ALTER FUNCTION site_recent() VOLATILE`, "volatility-changed", decide, "site_recent()",
			"STABLE becomes VOLATILE", false, ""},
		{"a procedure becomes strict", `ALTER FUNCTION site_add(text) STRICT`, "strict-changed", decide, "site_add(text)", "becomes STRICT", false, ""},
		{"a procedure gets another cost", `ALTER FUNCTION site_secret() COST 1000`, "planning-changed", note, "site_secret()",
			"COST 7 becomes 1000", false, ""},
		{"a procedure becomes parallel safe", `ALTER FUNCTION site_add(text) PARALLEL SAFE`, "planning-changed", decide, "site_add(text)",
			"PARALLEL", false, ""},

		// How procedures are called, and what they return.
		{"an overload stays behind", `CREATE FUNCTION deletejob(v_job_id uuid, v_force boolean) RETURNS void LANGUAGE plpgsql AS
			$$ BEGIN DELETE FROM job AS j WHERE j.job_id = v_job_id AND v_force; END $$`, "stale-overload", must, "deletejob(uuid)", "stays beside", false, ""},
		{"an overload of a name that the engine does not know", `CREATE FUNCTION site_add(v_note text, v_more integer) RETURNS void LANGUAGE plpgsql
			AS $$ BEGIN PERFORM site_add(v_note); END $$`, "stale-overload", decide, "site_add(text)", "stays beside", true, ""},
		{"a procedure gets the name of an engine's in another schema", `CREATE SCHEMA other; CREATE FUNCTION other.deletejob(v_job_id uuid)
			RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.job AS j WHERE j.job_id = v_job_id; END $$`,
			"stale-overload", must, "other.deletejob(uuid)", "has the name of", false, ""},
		{"a procedure takes more arguments", `DROP FUNCTION site_add(text); CREATE FUNCTION site_add(v_note text, v_at timestamptz) RETURNS void
			LANGUAGE plpgsql AS $$ BEGIN INSERT INTO site_log (note, at) VALUES (v_note, v_at); END $$`,
			"signature-changed", decide, "site_add(text, timestamp with time zone)", "2 instead of 1", true, ""},
		{"an argument gets another name", `DROP FUNCTION site_add(text); CREATE FUNCTION site_add(v_text text) RETURNS void
			LANGUAGE plpgsql AS $$ BEGIN INSERT INTO site_log (note) VALUES (v_text); END $$`, "signature-changed", decide, "site_add(text)", "names", true, ""},
		{"a procedure returns fewer columns", `ALTER TABLE site_log DROP COLUMN legacy`, "result-changed", decide, "site_recent()",
			"no longer returns 1 column", true, ""},
		{"a procedure returns something else", `DROP FUNCTION getjobbyjobid(uuid); CREATE FUNCTION getjobbyjobid(v_job_id uuid) RETURNS uuid
			LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN v_job_id; END $$`, "result-changed", decide, "getjobbyjobid(uuid)", "returns uuid", true, ""},

		// What somebody edited.
		{"an edited procedure is replaced", `CREATE OR REPLACE FUNCTION deletejob(v_job_id uuid) RETURNS void LANGUAGE plpgsql
			AS $$ BEGIN DELETE FROM job WHERE job_id = v_job_id; END $$`, "local-edit", decide, "deletejob(uuid)", "the upgrade replaces it", true, edited},
		{"an edited procedure is left alone", `SELECT 1`, "local-edit", note, "deletejob(uuid)", "leaves it as it is", true, edited},
	}
}

const recreated = `DROP FUNCTION site_add(text); CREATE FUNCTION site_add(v_note text) RETURNS void LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO site_log (note) VALUES (v_note); END $$`

const edited = `CREATE OR REPLACE FUNCTION deletejob(v_job_id uuid) RETURNS void LANGUAGE plpgsql AS
	$$ BEGIN DELETE FROM job WHERE job_id = v_job_id AND status <> 'STARTED'; END $$`
