package render_test

import (
	"strings"
	"time"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/rehearse"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/routine"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// What a review of a database in a bad way could have found: something of each kind. The database is made up.

func routineNamed(name, arguments string) catalog.Object {
	return catalog.Object{Kind: catalog.KindRoutine, Schema: "public", Name: name, Arguments: arguments}
}

func object(kind catalog.Kind, of, name string) catalog.Object {
	return catalog.Object{Kind: kind, Schema: "public", Of: of, Name: name}
}

const (
	newInsert = "integer, smallint, bigint, uuid, timestamp with time zone, text"
	oldInsert = newInsert + ", uuid, text, character varying, text, character varying"
)

func rich() review.Report {
	return review.Report{
		Format: review.Format, Taken: time.Date(2026, 3, 14, 21, 7, 9, 0, time.UTC), ToolVersion: "v1.4.0",
		Database: review.Database{
			Name: "engine", Address: "db.example.org:5432", Server: "15.18", Engine: "engine 3.4.4", Routines: 817, Tables: 148,
		},
		Plan: review.Plan{
			To: 10, Direction: upgrade.DirectionUp, Source: "coco's own migrations", Hash: "f5979cd908ba55e0c18d7b0d8b6ad5d1c4f3f5c0",
			Scratch: "15.18", Tasks: 3506, Steps: steps(),
		},
		Approval: "3b1f-0d2a-9c64-e778-5f1b-e2d0-a8c3-164f-d97e-5b20-77a1-04ce",
		Verdict:  review.Verdict{MustFix: 3, Decide: 7, Notes: 3, Gravest: finding.MustFix},
		Findings: findings(), Earlier: earlier(), Checks: checks(), Changes: changes(), Data: data(), Uses: uses(), Plans: plans(), Rules: rules(),
		Notes: []string{
			"sessions of other roles cannot be seen: whether an older transaction is open is unknown (GRANT pg_monitor TO engine)",
			"the copy lacks extension uuid-ossp 1.1: 2 functions that call uuid_generate_v1() were checked without it",
		},
		Took: 6100 * time.Millisecond,
	}
}

func findings() []finding.Finding {
	insert, upsert := routineNamed("insertasync_tasks", oldInsert), routineNamed("insertorupdateasynctasks", oldInsert)
	list := []finding.Finding{
		{
			Rule: "routine-fails", Severity: finding.MustFix, Object: routineNamed("fn_db_get_async_tasks", ""), Line: 21,
			Summary: `fn_db_get_async_tasks() fails after the upgrade: column "action_parameters" does not exist`,
			Evidence: []string{
				"line 21: SELECT count(*) FROM async_tasks WHERE position(cast(v_record.storage_pool_id as varchar) in action_parameters) > 0",
				`42703: column "action_parameters" does not exist`,
				"prepared on the copy, before the upgrade without an error",
			},
		},
		{
			Rule: "access-widened", Severity: finding.MustFix, Object: insert,
			Summary:  "insertasync_tasks becomes executable by everybody: it was revoked from PUBLIC here",
			Evidence: []string{"before: EXECUTE to engine", "after:  EXECUTE to engine, PUBLIC"},
			Fix:      "REVOKE EXECUTE ON FUNCTION public.insertasync_tasks(" + newInsert + ") FROM PUBLIC;",
		},
		{
			Rule: "owner-changed", Severity: finding.MustFix, Object: upsert,
			Summary:  "insertorupdateasynctasks changes owner from engine to postgres",
			Evidence: []string{"the engine's own tools drop what belongs to engine: they would stop here"},
			Fix:      "ALTER FUNCTION public.insertorupdateasynctasks(" + newInsert + ")\n    OWNER TO engine;",
		},
		{
			Rule: "access-lost", Severity: finding.Decide, Object: upsert,
			Summary:  "insertorupdateasynctasks loses the grant to backup_agent (still callable through PUBLIC)",
			Evidence: []string{"before: EXECUTE to engine, backup_agent, PUBLIC", "after:  EXECUTE to engine, PUBLIC"},
			Fix:      "GRANT EXECUTE ON FUNCTION public.insertorupdateasynctasks(" + newInsert + ") TO backup_agent;",
		},
		{
			Rule: "comment-lost", Severity: finding.Decide, Object: upsert, Summary: "insertorupdateasynctasks loses its comment",
			Evidence: []string{`"locked down after incident 4711, ask <dba@example.org>"`},
			Fix: "COMMENT ON FUNCTION public.insertorupdateasynctasks(" + newInsert + ")\n" +
				"    IS 'locked down after incident 4711, ask <dba@example.org>';",
		},
		{
			Rule: "security-changed", Severity: finding.Decide, Object: routineNamed("getasynctasksbyvdsmtaskid", "uuid"),
			Summary: "getasynctasksbyvdsmtaskid runs with the rights of its caller, no longer with those of its owner",
			Fix:     "ALTER FUNCTION public.getasynctasksbyvdsmtaskid(uuid) SECURITY DEFINER;",
		},
	}
	for _, name := range []string{"insertasync_tasks", "insertorupdateasynctasks", "updateasync_tasks"} {
		list = append(list, finding.Finding{
			Rule: "signature-changed", Severity: finding.Decide, Object: routineNamed(name, newInsert),
			Summary:  name + " takes 5 arguments less: the running engine must switch in the same step",
			Evidence: []string{"no longer: v_root_command_id, v_action_parameters, v_action_params_class, v_task_parameters, v_task_params_class"},
		})
	}
	return append(list,
		finding.Finding{
			Rule: "local-edit", Severity: finding.Decide, Object: routineNamed("deleteasync_tasks", "uuid"),
			Summary:  "deleteasync_tasks was edited on this server, and the edit is overwritten",
			Evidence: []string{"closest release: 3.4.4, 1 line differs", "+    RAISE NOTICE 'task % is deleted by %', v_task_id, session_user;"},
		},
		finding.Finding{
			Rule: "local-edit", Severity: finding.Note, Object: routineNamed("fn_site_report", "date"),
			Summary: "fn_site_report(date) belongs to no known release; the upgrade does not touch it",
		},
		finding.Finding{
			Rule: "when-others", Severity: finding.Note, Object: routineNamed("updatecommandentity", "uuid, text"), Line: 14,
			Summary: "updatecommandentity swallows every error in line 14", Evidence: []string{"EXCEPTION WHEN OTHERS THEN NULL;"},
		},
		finding.Finding{
			Rule: "index-blocks", Severity: finding.Note, Object: catalog.Object{Kind: catalog.KindMigration, Name: "000002_expand.up.sql"}, Line: 40,
			Summary: "000002_expand.up.sql creates idx_root_command_id while writers wait; the table is new",
		},
		finding.Finding{
			Rule: "unbounded-delete", Severity: finding.Decide, Object: routineNamed("clear_coco", ""), Line: 3,
			Summary: "clear_coco() deletes every row of coco.to_release in line 3", Silenced: "it is a queue that this statement empties",
		},
	)
}

func earlier() []finding.Finding {
	list := []finding.Finding{{
		Rule: "routine-fails", Severity: finding.MustFix, Object: routineNamed("fn_old_import", "uuid"), Line: 8,
		Summary: `fn_old_import(uuid) fails already: relation "import_candidates" does not exist`,
	}}
	for _, name := range []string{
		"getallfromaudit_log", "getallfrombookmarks", "getallfromcluster_policies", "getallfromevent_map", "getallfromgluster_hooks",
		"getallfromimages", "getallfromjob", "getallfromnetwork", "getallfromquota",
	} {
		list = append(list, finding.Finding{
			Rule: "missing-stable", Severity: finding.Note, Object: routineNamed(name, ""), Summary: name + "() only reads, but is declared VOLATILE",
		})
	}
	return list
}

func checks() []review.Check {
	return []review.Check{
		{
			ID: "routines", State: review.Failed, Summary: "811 of 812 procedures in PL/pgSQL and SQL can be prepared as before: 9,204 statements",
			Detail: []string{`fn_db_get_async_tasks(), line 21: column "action_parameters" does not exist`},
		},
		{
			ID: "languages", State: review.Skipped, Summary: "5 procedures in languages that the review does not read",
			Detail: []string{
				"uuid_nil(): language c", "uuid_generate_v1(): language c", "uuid_generate_v1mc(): language c", "uuid_generate_v4(): language c",
				"fn_site_mail(text): language plperlu",
			},
		},
		{ID: "release", State: review.Passed, Summary: "815 of 817 procedures equal those of release 3.4.4"},
		{ID: "locks", State: review.Passed, Summary: "every lock on an existing table is declared, and each step has a lock timeout"},
		{ID: "rewrites", State: review.Passed, Summary: "no table or index of the engine is written anew"},
		{ID: "access", State: review.Failed, Summary: "2 of 817 procedures can be called by others than before"},
		{ID: "depends", State: review.Passed, Summary: "no view and no foreign key depends on what goes"},
		{ID: "rows", State: review.Passed, Summary: "tasks can be read: 17,540 rows of async_tasks"},
		{ID: "plpgsql-check", State: review.Skipped, Summary: "plpgsql_check, a second opinion: the copy's server does not have it"},
	}
}

func steps() []rehearse.Step {
	tasks := func(mode upgrade.LockMode) upgrade.Lock { return upgrade.Lock{Table: "async_tasks", Mode: mode} }
	seen := func(mode upgrade.LockMode, held time.Duration) []rehearse.Lock {
		return []rehearse.Lock{{Lock: tasks(mode), Held: held, Declared: true}}
	}
	const ms = time.Millisecond
	list := []rehearse.Step{
		{Kind: upgrade.KindApply, Phase: upgrade.Expand, Version: 1, Name: "engine_tables", Time: 9 * ms},
		{Kind: upgrade.KindApply, Phase: upgrade.Expand, Version: 2, Name: "expand", Time: 44 * ms, Locks: seen(upgrade.ShareRowExclusive, 5200*time.Microsecond)},
		{Kind: upgrade.KindBackfill, Phase: upgrade.Backfill, Version: 3, Name: "backfill", Time: 263 * ms, Transactions: 5, Locks: seen(upgrade.AccessShare, 64*ms)},
		{Kind: upgrade.KindApply, Phase: upgrade.Backfill, Version: 4, Name: "keys", Time: 21 * ms},
		{Kind: upgrade.KindCatchUp, Phase: upgrade.Prove, Version: 5, Name: "prove", Time: 3 * ms, Locks: seen(upgrade.RowShare, ms/2)},
		{Kind: upgrade.KindApply, Phase: upgrade.Prove, Version: 5, Name: "prove", Time: 187 * ms, Locks: seen(upgrade.AccessShare, 180*ms)},
		{Kind: upgrade.KindApply, Phase: upgrade.Switch, Version: 6, Name: "mirror", Time: 17 * ms, Locks: seen(upgrade.ShareRowExclusive, 3*ms)},
		{Kind: upgrade.KindDrain, Phase: upgrade.Switch, Version: 6, Name: "mirror", Time: 2 * ms},
		{Kind: upgrade.KindApply, Phase: upgrade.Switch, Version: 7, Name: "getters", Time: 15 * ms, Locks: seen(upgrade.AccessShare, 12*ms)},
		{Kind: upgrade.KindApply, Phase: upgrade.Switch, Version: 8, Name: "switch", Time: 19 * ms, Locks: seen(upgrade.AccessShare, 15*ms)},
		{
			Kind: upgrade.KindApply, Phase: upgrade.Contract, Version: 9, Name: "contract", Time: 14 * ms,
			Locks: append(seen(upgrade.AccessExclusive, 2400*time.Microsecond), rehearse.Lock{
				Lock: upgrade.Lock{Table: "schema_version", Mode: upgrade.RowExclusive}, Held: ms, Declared: false,
			}),
		},
		{Kind: upgrade.KindAlone, Phase: upgrade.Retire, Version: 10, Name: "retire", Time: ms},
		{Kind: upgrade.KindApply, Phase: upgrade.Retire, Version: 10, Name: "retire", Time: 52 * ms, Locks: seen(upgrade.ShareRowExclusive, 31*ms)},
	}
	for i := range list {
		list[i].Number = i + 1
	}
	return list
}

func changes() []change.Change {
	oldUpsert, newUpsert := routineNamed("insertorupdateasynctasks", oldInsert), routineNamed("insertorupdateasynctasks", newInsert)
	insert, newInsertObject := routineNamed("insertasync_tasks", oldInsert), routineNamed("insertasync_tasks", newInsert)
	return []change.Change{
		{
			Sort: change.Signature, Object: newInsertObject, Was: &insert, Before: insertBefore, After: insertAfter,
			Attributes: []change.Attribute{{Name: "grant", Before: "EXECUTE to engine", After: "EXECUTE to engine, PUBLIC"}},
		},
		{
			Sort: change.Signature, Object: newUpsert, Was: &oldUpsert, Before: upsertBefore, After: upsertAfter,
			Attributes: []change.Attribute{
				{Name: "owner", Before: "engine", After: "postgres"},
				{Name: "comment", Before: "locked down after incident 4711, ask <dba@example.org>"},
				{Name: "grant", Before: "EXECUTE to engine, backup_agent, PUBLIC", After: "EXECUTE to engine, PUBLIC"},
			},
		},
		{Sort: change.Changed, Object: routineNamed("deleteasync_tasks", "uuid"), Before: deleteBefore, After: deleteAfter},
		{
			Sort: change.Attributes, Object: routineNamed("getasynctasksbyvdsmtaskid", "uuid"),
			Attributes: []change.Attribute{{Name: "security", Before: "definer", After: "invoker"}, {Name: "set", Before: "search_path=public"}},
		},
		{Sort: change.Added, Object: routineNamed("getcommandentitybycommandentityid", "uuid"), After: getAfter},
		{
			Sort: change.Removed, Object: routineNamed("fn_tasks_of_root", "uuid"),
			Before: strings.ReplaceAll(getAfter, "GetCommandEntityByCommandEntityId", "fn_tasks_of_root"),
		},
		{
			Sort: change.Added, Object: catalog.Object{Kind: catalog.KindRoutine, Schema: "coco", Name: "clear_coco"},
			After: "CREATE FUNCTION coco.clear_coco() RETURNS void\nLANGUAGE plpgsql\nAS $procedure$\nBEGIN\n    DELETE FROM coco.to_release;\nEND;\n$procedure$;",
		},
		{Sort: change.Added, Object: object(catalog.KindTable, "", "command_entities"), After: tableAfter},
		{Sort: change.Removed, Object: object(catalog.KindColumn, "async_tasks", "action_parameters"), Before: "action_parameters text"},
		{Sort: change.Removed, Object: object(catalog.KindColumn, "async_tasks", "root_command_id"), Before: "root_command_id uuid"},
		{
			Sort: change.Added, Object: object(catalog.KindIndex, "command_entities", "idx_root_command_id"),
			After: "CREATE INDEX idx_root_command_id ON public.command_entities USING btree (root_command_id) WHERE (root_command_id IS NOT NULL)",
		},
		{
			Sort: change.Changed, Object: object(catalog.KindView, "", "tasks_by_pool"),
			Before: "SELECT storage_pool_id,\n    count(*) AS tasks,\n    count(action_parameters) AS with_parameters\n   FROM async_tasks\n  GROUP BY storage_pool_id;",
			After:  "SELECT t.storage_pool_id,\n    count(*) AS tasks,\n    count(t.action_parameters) AS with_parameters\n   FROM coco.async_task t\n  GROUP BY t.storage_pool_id;",
		},
	}
}

const insertBefore = `CREATE OR REPLACE FUNCTION public.insertasync_tasks(v_action_type integer, v_result integer, v_status integer, v_vdsm_task_id uuid, v_task_id uuid, v_step_id uuid, v_command_id uuid, v_started_at timestamp with time zone, v_storage_pool_id uuid, v_async_task_type integer, v_root_command_id uuid, v_action_parameters text, v_action_params_class character varying, v_task_parameters text, v_task_params_class character varying)
 RETURNS void
 LANGUAGE plpgsql
AS $procedure$
BEGIN
    INSERT INTO async_tasks (task_id, action_type, status, result, step_id, command_id, started_at,
        storage_pool_id, task_type, vdsm_task_id, root_command_id, action_parameters, action_params_class,
        task_parameters, task_params_class)
    VALUES (v_task_id, v_action_type, v_status, v_result, v_step_id, v_command_id, v_started_at,
        v_storage_pool_id, v_async_task_type, v_vdsm_task_id, v_root_command_id, v_action_parameters,
        v_action_params_class, v_task_parameters, v_task_params_class);
END;
$procedure$`

const insertAfter = `CREATE OR REPLACE FUNCTION public.insertasync_tasks(v_action_type integer, v_result integer, v_status integer, v_vdsm_task_id uuid, v_task_id uuid, v_step_id uuid, v_command_id uuid, v_started_at timestamp with time zone, v_storage_pool_id uuid, v_async_task_type integer)
 RETURNS void
 LANGUAGE plpgsql
AS $procedure$
BEGIN
    INSERT INTO public.async_tasks (task_id, action_type, status, result, step_id, command_id, started_at,
        storage_pool_id, task_type, vdsm_task_id)
    VALUES (v_task_id, v_action_type, v_status, v_result, v_step_id, v_command_id, v_started_at,
        v_storage_pool_id, v_async_task_type, v_vdsm_task_id);
END;
$procedure$`

const upsertBefore = `CREATE OR REPLACE FUNCTION public.insertorupdateasynctasks(v_status integer, v_task_id uuid, v_action_parameters text)
 RETURNS void
 LANGUAGE plpgsql
AS $procedure$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM async_tasks WHERE task_id = v_task_id) THEN
        INSERT INTO async_tasks (task_id, status, action_parameters)
        VALUES (v_task_id, v_status, v_action_parameters);
    ELSE
        UPDATE async_tasks SET status = v_status, action_parameters = v_action_parameters
        WHERE task_id = v_task_id;
    END IF;
END;
$procedure$`

const upsertAfter = `CREATE OR REPLACE FUNCTION public.insertorupdateasynctasks(v_status integer, v_task_id uuid)
 RETURNS void
 LANGUAGE plpgsql
AS $procedure$
BEGIN
    INSERT INTO public.async_tasks (task_id, status)
    VALUES (v_task_id, v_status)
    ON CONFLICT (task_id) DO UPDATE SET
        -- What an update of the engine never touches: started_at and task_type.
        status = excluded.status;
END;
$procedure$`

const deleteBefore = `CREATE OR REPLACE FUNCTION public.deleteasync_tasks(v_task_id uuid)
 RETURNS void
 LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_val uuid;
BEGIN
    -- Get (and keep) a shared lock with "right to upgrade to exclusive"
    -- in order to force locking parent before children
    SELECT task_id INTO v_val FROM async_tasks WHERE task_id = v_task_id FOR UPDATE;
    RAISE NOTICE 'task % is deleted by %', v_task_id, session_user;
    DELETE FROM async_tasks_entities WHERE async_task_id = v_task_id;
    DELETE FROM async_tasks WHERE task_id = v_task_id;
END;
$procedure$`

const deleteAfter = `CREATE OR REPLACE FUNCTION public.deleteasync_tasks(v_task_id uuid)
 RETURNS void
 LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_val uuid;
BEGIN
    -- Get (and keep) a shared lock with "right to upgrade to exclusive"
    -- in order to force locking parent before children
    SELECT task_id INTO v_val FROM public.async_tasks WHERE task_id = v_task_id FOR UPDATE;
    DELETE FROM public.async_tasks_entities WHERE async_task_id = v_task_id;
    DELETE FROM public.async_tasks WHERE task_id = v_task_id;
    PERFORM coco.release(v_val);
END;
$procedure$`

const getAfter = `CREATE OR REPLACE FUNCTION public.GetCommandEntityByCommandEntityId(v_command_id uuid)
 RETURNS SETOF command_entities
 LANGUAGE plpgsql
 STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT * FROM public.command_entities WHERE command_id = v_command_id;
END;
$procedure$`

const tableAfter = `CREATE TABLE public.command_entities (
    command_id uuid NOT NULL,
    command_type integer NOT NULL,
    parent_command_id uuid,
    root_command_id uuid,
    action_parameters text,
    created_at timestamp with time zone
)`

func data() review.Data {
	return review.Data{
		Tables: []review.TableData{{
			Table: "async_tasks", Rows: 17540, Bytes: 48_300_000,
			Moves: []review.Count{
				{Name: "action_parameters", Count: 182_331}, {Name: "task_parameters", Count: 64_022}, {Name: "action_params_class", Count: 92},
				{Name: "task_params_class", Count: 88}, {Name: "root_command_id", Count: 16},
			},
		}},
		Tasks: 17540, Commands: 4012, Archived: 127,
		Why: []review.Count{
			{Name: "another task of the command has other parameters", Count: 87}, {Name: "the command has two roots", Count: 31},
			{Name: "a zero id where another row has NULL", Count: 9},
		},
		InFlight: []review.Count{{Name: "running", Count: 545}, {Name: "aborting", Count: 1}, {Name: "finished", Count: 16_994}},
		Bytes:    41_200_000, WAL: 52_000_000, Space: 44_000_000, Estimate: 4200 * time.Millisecond,
	}
}

func uses() []review.Touch {
	reads := func(names ...string) []routine.TableUse {
		var list []routine.TableUse
		for _, name := range names {
			schema, table, ok := strings.Cut(name, ".")
			if !ok {
				schema, table = "", name
			}
			list = append(list, routine.TableUse{Name: routine.Name{Schema: schema, Name: table}, Read: true})
		}
		return list
	}
	insert := func(name string) []routine.TableUse {
		return []routine.TableUse{{Name: routine.Name{Schema: "public", Name: name}, Insert: true, Writes: []string{"task_id"}}}
	}
	both := func(object catalog.Object, before, after []routine.TableUse, callers ...catalog.Object) []review.Touch {
		return []review.Touch{
			{Object: object, Uses: routine.Refers{Tables: before}, Callers: callers},
			{Object: object, After: true, Uses: routine.Refers{Tables: after}, Callers: callers},
		}
	}
	var list []review.Touch
	for _, name := range []string{"getallfromasync_tasks", "getasync_tasksbytask_id", "getasynctasksbyvdsmtaskid", "getasynctasksbystoragepoolid"} {
		list = append(list, both(routineNamed(name, ""), reads("async_tasks"), reads("coco.async_task"))...)
	}
	list = append(list, both(routineNamed("getasynctasksbyentityid", "uuid"), reads("async_tasks", "async_tasks_entities"),
		reads("coco.async_task", "async_tasks_entities"))...)
	list = append(list, both(routineNamed("deleteasync_tasks", "uuid"),
		[]routine.TableUse{
			{Name: routine.Name{Name: "async_tasks"}, Read: true, Delete: true}, {Name: routine.Name{Name: "async_tasks_entities"}, Delete: true},
		},
		[]routine.TableUse{
			{Name: routine.Name{Schema: "public", Name: "async_tasks"}, Read: true, Delete: true},
			{Name: routine.Name{Schema: "public", Name: "async_tasks_entities"}, Delete: true},
			{Name: routine.Name{Schema: "public", Name: "command_entities"}, Delete: true},
		}, routineNamed("insertorupdateasynctasks", newInsert))...)
	return append(list,
		review.Touch{Object: routineNamed("insertasync_tasks", oldInsert), Uses: routine.Refers{Tables: insert("async_tasks")}},
		review.Touch{Object: routineNamed("insertasync_tasks", newInsert), After: true, Uses: routine.Refers{Tables: insert("async_tasks")}},
		review.Touch{Object: routineNamed("getcommandentitybycommandentityid", "uuid"), After: true, Uses: routine.Refers{Tables: reads("command_entities")}},
		review.Touch{Object: routineNamed("fn_tasks_of_root", "uuid"), Uses: routine.Refers{Tables: reads("async_tasks")}},
		review.Touch{Object: routineNamed("fn_db_get_async_tasks", ""), Uses: routine.Refers{Tables: reads("async_tasks", "storage_pool", "vds_static")}},
	)
}

func plans() []review.Explain {
	return []review.Explain{{
		Object: routineNamed("getasynctasksbyvdsmtaskid", "uuid"), Line: 3, SQL: "SELECT * FROM coco.async_task WHERE vdsm_task_id = v_vdsm_task_id",
		Before: "Index Scan using async_tasks_vdsm_task_id_idx on async_tasks\n  Index Cond: (vdsm_task_id = $1)",
		After: "Nested Loop Left Join\n  ->  Index Scan using async_tasks_vdsm_task_id_idx on async_tasks t\n        Index Cond: (vdsm_task_id = $1)\n" +
			"  ->  Index Scan using pk_command_entities on command_entities c\n        Index Cond: (command_id = t.command_id)",
		Rows: 3506,
	}}
}

func rules() []rule.Rule {
	return []rule.Rule{
		{ID: "routine-fails", Severity: finding.MustFix, Reason: "what calls it gets an error instead of an answer"},
		{ID: "access-widened", Severity: finding.MustFix, Reason: "somebody may do what was forbidden"},
		{ID: "owner-changed", Severity: finding.MustFix, Reason: "only its owner may replace it, and SECURITY DEFINER runs with the owner's rights"},
		{ID: "access-lost", Severity: finding.Decide, Reason: "a role that could call it may not be able to any more"},
		{ID: "comment-lost", Severity: finding.Decide, Reason: "what somebody wrote down for the next one is gone"},
		{ID: "security-changed", Severity: finding.Decide, Reason: "it runs with other rights than before"},
		{ID: "signature-changed", Severity: finding.Decide, Reason: "whoever calls it with the old arguments gets an error"},
		{ID: "local-edit", Severity: finding.Decide, Reason: "somebody had a reason to change it"},
		{ID: "when-others", Severity: finding.Note, Reason: "an error that nobody hears of is found late"},
		{ID: "index-blocks", Severity: finding.Note, Reason: "writers wait until the index is built"},
		{ID: "missing-stable", Severity: finding.Note, Reason: "the server could use an index, and does not"},
	}
}
