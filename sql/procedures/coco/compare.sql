-- Comparing what was with what is. Nothing here ever returns a parameter text: only ids and names of columns.

-- value_hash tells the parameters of a command, and their class, from others, NULL from an empty text included.
CREATE FUNCTION coco.value_hash(v_parameters text, v_class varchar(256)) RETURNS bigint
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $procedure$
    SELECT hashtextextended(COALESCE(v_parameters, '') COLLATE "C", hashtextextended(COALESCE(v_class, '') COLLATE "C",
        CASE WHEN v_parameters IS NULL THEN 1 ELSE 0 END + CASE WHEN v_class IS NULL THEN 2 ELSE 0 END))
$procedure$;

-- combine makes a task's fingerprint of its root and the hashes of its two values.
CREATE FUNCTION coco.combine(v_root_command_id uuid, v_action_hash bigint, v_task_hash bigint) RETURNS bigint
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $procedure$
    SELECT hashint8extended(v_action_hash, hashint8extended(v_task_hash, COALESCE(uuid_hash_extended(v_root_command_id, 0), 0)))
$procedure$;

CREATE FUNCTION coco.fingerprint(
    v_root_command_id uuid,
    v_action_parameters text,
    v_action_params_class varchar(256),
    v_task_parameters text,
    v_task_params_class varchar(256)
) RETURNS bigint
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $procedure$
    SELECT coco.combine(v_root_command_id, coco.value_hash(v_action_parameters, v_action_params_class),
        coco.value_hash(v_task_parameters, v_task_params_class))
$procedure$;

-- is_needed: a task names the command, another command hangs below it, or it waits to be released.
CREATE FUNCTION coco.is_needed(v_command_id uuid) RETURNS boolean
LANGUAGE sql
STABLE
AS $procedure$
    SELECT EXISTS (SELECT 1 FROM coco.ledger WHERE command_id = v_command_id)
        OR EXISTS (SELECT 1 FROM coco.ledger WHERE root_command_id = v_command_id)
        OR EXISTS (SELECT 1 FROM public.command_entities
            WHERE parent_command_id = v_command_id AND command_id <> v_command_id)
        OR EXISTS (SELECT 1 FROM coco.to_release WHERE command_id = v_command_id)
$procedure$;

-- task_differences lists which of these tasks are not as they have to be, with every reason.
CREATE FUNCTION coco.task_differences(v_tasks uuid[])
RETURNS TABLE (source text, id uuid, detail text)
LANGUAGE plpgsql
STABLE
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_state coco.state;
BEGIN
    SELECT * INTO v_state FROM coco.state;

    IF v_state.serves = 'async_tasks' THEN
        RETURN QUERY
        SELECT 'task'::text, given.task_id, why.detail
        FROM (
            SELECT t.task_id, l.task_id IS NOT NULL AS surveyed, l.fingerprint,
                NULLIF(t.command_id, c_none) IS DISTINCT FROM l.command_id
                    OR NULLIF(t.root_command_id, c_none) IS DISTINCT FROM l.root_command_id AS other_commands,
                t.root_command_id, v.root_command_id AS their_root_command_id,
                t.action_params_class, v.action_params_class AS their_action_params_class,
                t.task_params_class, v.task_params_class AS their_task_params_class,
                -- Joined with nothing, so that each text is unpacked once and not for every use.
                t.action_parameters || '' AS action_parameters, v.action_parameters AS their_action_parameters,
                t.task_parameters || '' AS task_parameters, v.task_parameters AS their_task_parameters
            FROM public.async_tasks t
            JOIN coco.async_task v ON v.task_id = t.task_id
            LEFT JOIN coco.ledger l ON l.task_id = t.task_id
            WHERE t.task_id = ANY (v_tasks)
            OFFSET 0
        ) AS given
        CROSS JOIN LATERAL (
            SELECT 'command_entities would give back other values for '
                || concat_ws(', ',
                    CASE WHEN given.action_parameters IS DISTINCT FROM given.their_action_parameters THEN 'action_parameters' END,
                    CASE WHEN given.action_params_class IS DISTINCT FROM given.their_action_params_class THEN 'action_params_class' END,
                    CASE WHEN given.task_parameters IS DISTINCT FROM given.their_task_parameters THEN 'task_parameters' END,
                    CASE WHEN given.task_params_class IS DISTINCT FROM given.their_task_params_class THEN 'task_params_class' END,
                    CASE WHEN given.root_command_id IS DISTINCT FROM given.their_root_command_id THEN 'root_command_id' END) AS detail
            WHERE (given.action_parameters, given.action_params_class, given.task_parameters, given.task_params_class,
                    given.root_command_id)
                IS DISTINCT FROM
                (given.their_action_parameters, given.their_action_params_class, given.their_task_parameters,
                    given.their_task_params_class, given.their_root_command_id)
            UNION ALL
            SELECT 'its command''s values are not those that were stored for it'
            WHERE given.fingerprint <> coco.fingerprint(given.root_command_id, given.action_parameters, given.action_params_class,
                given.task_parameters, given.task_params_class)
            UNION ALL
            SELECT 'the ledger names other commands for it, or no fingerprint'
            WHERE given.surveyed AND (given.fingerprint IS NULL OR given.other_commands)
            UNION ALL
            SELECT 'the task was added without its command being stored'
            WHERE NOT given.surveyed
        ) AS why
        WHERE NOT given.surveyed OR given.fingerprint IS NULL OR given.other_commands
            OR (given.action_parameters, given.action_params_class, given.task_parameters, given.task_params_class,
                    given.root_command_id)
                IS DISTINCT FROM
                (given.their_action_parameters, given.their_action_params_class, given.their_task_parameters,
                    given.their_task_params_class, given.their_root_command_id)
            OR given.fingerprint <> coco.fingerprint(given.root_command_id, given.action_parameters, given.action_params_class,
                given.task_parameters, given.task_params_class);
        RETURN;
    END IF;

    IF NOT v_state.contracted THEN
        RETURN QUERY
        SELECT 'task'::text, t.task_id, 'a column of async_tasks that has moved was written after the switch'::text
        FROM public.async_tasks t
        JOIN coco.ledger l ON l.task_id = t.task_id
        WHERE COALESCE(l.moved_from, l.fingerprint) <> coco.fingerprint(t.root_command_id, t.action_parameters, t.action_params_class,
                t.task_parameters, t.task_params_class)
            -- What was stored through a procedure afterwards is no difference.
            AND l.fingerprint IS DISTINCT FROM coco.fingerprint(t.root_command_id, t.action_parameters, t.action_params_class,
                t.task_parameters, t.task_params_class)
            AND t.task_id = ANY (v_tasks);
    END IF;

    RETURN QUERY
    SELECT 'task'::text, v.task_id, 'its command''s values are not those that were stored for it'::text
    FROM coco.async_task v
    JOIN coco.ledger l ON l.task_id = v.task_id
    WHERE l.fingerprint <> coco.fingerprint(v.root_command_id, v.action_parameters, v.action_params_class,
            v.task_parameters, v.task_params_class)
        AND v.task_id = ANY (v_tasks);

    RETURN QUERY
    SELECT 'task'::text, v.task_id, 'the ledger names other commands for it, or no fingerprint'::text
    FROM coco.async_task v
    JOIN coco.ledger l ON l.task_id = v.task_id
    WHERE v.task_id = ANY (v_tasks)
        AND (
            (NOT v_state.retired AND l.command_id IS DISTINCT FROM NULLIF(v.command_id, c_none))
            OR (l.fingerprint IS NOT NULL AND l.root_command_id IS DISTINCT FROM NULLIF(v.root_command_id, c_none))
        );

    IF NOT v_state.retired THEN
        RETURN QUERY
        SELECT 'task'::text, t.task_id, 'the task was added without its command being stored'::text
        FROM public.async_tasks t
        WHERE NOT EXISTS (SELECT 1 FROM coco.ledger l WHERE l.task_id = t.task_id)
            AND t.task_id = ANY (v_tasks);
    END IF;
END;
$procedure$;

-- differences lists every task, command and archive row that is not as it has to be: all of them, or those of v_tasks; about v_limit
-- of a kind. All tasks are looked at in the order of their table, a few thousand at a time: their commands were copied in that order.
CREATE FUNCTION coco.differences(v_tasks uuid[], v_limit integer)
RETURNS TABLE (source text, id uuid, detail text)
LANGUAGE plpgsql
STABLE
AS $procedure$
DECLARE
    c_blocks CONSTANT bigint := 512;
    v_blocks CONSTANT bigint := pg_relation_size('public.async_tasks') / current_setting('block_size')::integer;
    v_ids uuid[];
    v_found bigint := 0;
    v_count bigint;
BEGIN
    PERFORM set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true);
    IF v_tasks IS NOT NULL THEN
        RETURN QUERY SELECT d.source, d.id, d.detail FROM coco.task_differences(v_tasks) d;
    ELSE
        FOR v_block IN 0 .. v_blocks BY c_blocks LOOP
            EXECUTE format('SELECT ARRAY(%s)', coco.tasks_between('t.task_id')) INTO v_ids USING v_block, v_block + c_blocks;
            CONTINUE WHEN v_ids = '{}';
            RETURN QUERY SELECT d.source, d.id, d.detail FROM coco.task_differences(v_ids) d;
            GET DIAGNOSTICS v_count = ROW_COUNT;
            v_found := v_found + v_count;
            EXIT WHEN v_found >= v_limit;
        END LOOP;
        -- Materialized: told of the limit, the planner would hope to find enough early, and there is hardly ever one.
        RETURN QUERY
        WITH unneeded AS MATERIALIZED (
            SELECT e.command_id
            FROM public.command_entities e
            WHERE (SELECT s.serves = 'async_tasks' FROM coco.state s)
                AND NOT EXISTS (SELECT 1 FROM coco.ledger l WHERE l.command_id = e.command_id)
                AND NOT EXISTS (SELECT 1 FROM coco.ledger l WHERE l.root_command_id = e.command_id)
                AND NOT coco.is_needed(e.command_id)
        )
        SELECT 'command'::text, u.command_id, 'no task names this command'::text FROM unneeded u LIMIT v_limit;
    END IF;

    RETURN QUERY
    WITH gone AS MATERIALIZED (
        SELECT l.task_id
        FROM coco.ledger l
        WHERE NOT EXISTS (SELECT 1 FROM public.async_tasks t WHERE t.task_id = l.task_id)
            AND (v_tasks IS NULL OR l.task_id = ANY (v_tasks))
    )
    SELECT 'task'::text, g.task_id, 'the task is gone but its command was not released'::text FROM gone g LIMIT v_limit;

    RETURN QUERY
    SELECT 'archive'::text, a.task_id, 'an archive row without a task'::text
    FROM coco.archive a
    WHERE NOT EXISTS (SELECT 1 FROM coco.ledger l WHERE l.task_id = a.task_id)
        AND (v_tasks IS NULL OR a.task_id = ANY (v_tasks))
    LIMIT v_limit;
END;
$procedure$;

-- logged_tasks are the tasks whose values these log rows may have changed.
CREATE FUNCTION coco.logged_tasks(v_log bigint[]) RETURNS uuid[]
LANGUAGE sql
STABLE
AS $procedure$
    SELECT ARRAY(
        SELECT c.id FROM coco.change_log c WHERE c.seq = ANY (v_log) AND c.source IN ('task', 'archive')
        UNION
        SELECT l.task_id FROM coco.change_log c JOIN coco.ledger l ON l.command_id = c.id
        WHERE c.seq = ANY (v_log) AND c.source = 'command'
        UNION
        SELECT l.task_id FROM coco.change_log c JOIN coco.ledger l ON l.root_command_id = c.id
        WHERE c.seq = ANY (v_log) AND c.source = 'command'
    )
$procedure$;

-- logged_differences looks at what these log rows may have changed.
CREATE FUNCTION coco.logged_differences(v_log bigint[])
RETURNS TABLE (source text, id uuid, detail text)
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT d.source, d.id, d.detail FROM coco.differences(coco.logged_tasks(v_log), 1000) d;
    RETURN QUERY
    SELECT DISTINCT 'command'::text, e.command_id, 'no task names this command'::text
    FROM coco.change_log c
    JOIN public.command_entities e ON e.command_id = c.id
    CROSS JOIN coco.state s
    WHERE c.seq = ANY (v_log) AND c.source = 'command' AND s.serves = 'async_tasks' AND NOT coco.is_needed(c.id);
    RETURN QUERY
    SELECT DISTINCT 'command'::text, c.id, 'a column that only the backfill writes was changed'::text
    FROM coco.change_log c
    WHERE c.seq = ANY (v_log) AND c.source = 'altered';
END;
$procedure$;

-- place is this database on this server: another one in a copy that was restored from a dump.
CREATE FUNCTION coco.place() RETURNS text
LANGUAGE sql
STABLE
AS $procedure$
    SELECT format('%s %s %s', c.system_identifier, d.oid, 'coco.home'::regclass::oid)
    FROM pg_catalog.pg_control_system() c, pg_catalog.pg_database d
    WHERE d.datname = current_database()
$procedure$;

-- guards identifies the triggers that fill the change log. Disabling and enabling one changes its row in pg_trigger.
CREATE FUNCTION coco.guards() RETURNS text[]
LANGUAGE sql
STABLE
AS $procedure$
    SELECT COALESCE(array_agg(format('%s %s %s %s', tgname, oid, xmin, (SELECT coco.place())) ORDER BY tgname), '{}')
    FROM pg_catalog.pg_trigger
    WHERE tgname LIKE 'coco\_log\_%' AND NOT tgisinternal AND tgenabled = 'A'
$procedure$;

-- waits: async_tasks counts, and a logged write that is still to be applied may explain the difference. Which commands a
-- waiting task leaves behind is known only when it has been applied.
CREATE FUNCTION coco.waits(v_source text, v_id uuid) RETURNS boolean
LANGUAGE sql
STABLE
AS $procedure$
    SELECT EXISTS (
        SELECT 1 FROM coco.change_log c, coco.state s
        WHERE s.serves = 'async_tasks' AND c.source = 'task' AND (c.id = v_id OR v_source = 'command')
    )
$procedure$;

-- prove compares every task and every command and writes the receipt, or refuses and names a row. Tasks in the change log are
-- left to the log: they are compared when it is applied.
CREATE FUNCTION coco.prove(v_version bigint) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_first record;
BEGIN
    SELECT count(*) OVER () AS differing, d.source, d.id, d.detail INTO v_first
    FROM coco.differences(NULL, 1000) d
    WHERE NOT coco.waits(d.source, d.id)
    ORDER BY d.source, d.id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the proof does not hold: % %: %', v_first.source, v_first.id, v_first.detail
            USING ERRCODE = 'CO004',
                DETAIL = format('%s rows differ (counted up to 1000 of a kind).', v_first.differing),
                HINT = 'Run "upgrade down --to expand" and "upgrade up" to copy the rows again; async_tasks still holds them all.';
    END IF;
    INSERT INTO coco.receipt (version, tasks, commands, archived, digest, guards)
    SELECT v_version,
        (SELECT count(*) FROM coco.ledger),
        (SELECT count(*) FROM public.command_entities),
        (SELECT count(*) FROM coco.archive),
        (SELECT COALESCE(sum(hashtextextended(task_id::text, fingerprint)::numeric), 0) FROM coco.ledger),
        coco.guards();
END;
$procedure$;

-- require_proof refuses unless the newest receipt still holds. It looks only at what can have changed since: the log, and the
-- triggers that fill it. If these are not the triggers of the proof, it compares everything again. While the engine's own writers
-- are in place, tasks in the log may wait for their turn (v_tasks_may_wait): nothing is read from the new table yet.
CREATE FUNCTION coco.require_proof(v_tasks_may_wait boolean) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_receipt coco.receipt;
    v_guards text[] := coco.guards();
    v_source text;
    v_id uuid;
    v_detail text;
BEGIN
    SELECT * INTO v_receipt FROM coco.receipt ORDER BY proved_at DESC, version DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no proof that the copied rows equal async_tasks'
            USING ERRCODE = 'CO004', HINT = 'Run "upgrade down --to backfill", then "upgrade up": it proves first.';
    END IF;

    IF v_receipt.guards <> v_guards THEN
        SELECT d.source, d.id, d.detail INTO v_source, v_id, v_detail
        FROM coco.differences(NULL, 1000) d
        WHERE NOT (v_tasks_may_wait AND coco.waits(d.source, d.id))
        ORDER BY d.source, d.id LIMIT 1;
    ELSIF EXISTS (SELECT FROM coco.change_log) THEN -- else there is nothing to plan: contract comes here with everybody waiting
        SELECT d.source, d.id, d.detail INTO v_source, v_id, v_detail
        FROM coco.logged_differences(ARRAY(SELECT seq FROM coco.change_log)) d
        WHERE NOT (v_tasks_may_wait AND coco.waits(d.source, d.id))
        ORDER BY d.source, d.id LIMIT 1;
    END IF;
    IF v_id IS NOT NULL THEN
        RAISE EXCEPTION 'changed since the proof: % %: %', v_source, v_id, v_detail
            USING ERRCODE = 'CO004',
                HINT = 'See "upgrade verify" for all such rows. If the row in async_tasks is right, "upgrade down --to expand" '
                    'and "upgrade up" copy and prove again.';
    END IF;
    IF array_length(v_guards, 1) IS DISTINCT FROM array_length(v_receipt.guards, 1) THEN
        RAISE EXCEPTION 'a trigger that records changes since the proof is missing or disabled: now %, at the proof %',
            v_guards, v_receipt.guards
            USING ERRCODE = 'CO004',
                HINT = 'Run "upgrade down --to expand", then "upgrade up": it installs the triggers and proves again.';
    END IF;
END;
$procedure$;

-- move_in makes a restored copy this database: what was bound to the other one is compared again, or forgotten. It returns false
-- where there was nothing to do. v_prove: the rows are compared, all of them, before the next step builds on them.
CREATE FUNCTION coco.move_in(v_prove boolean) RETURNS boolean
LANGUAGE plpgsql
AS $procedure$
BEGIN
    IF (SELECT place FROM coco.home) = coco.place() THEN
        RETURN false;
    END IF;
    IF v_prove AND (SELECT version >= 5 AND NOT contracted FROM coco.state) THEN
        PERFORM coco.require_proof((SELECT serves = 'async_tasks' FROM coco.state));
        UPDATE coco.receipt SET guards = coco.guards()
        WHERE (proved_at, version) = (SELECT r.proved_at, r.version FROM coco.receipt r ORDER BY r.proved_at DESC, r.version DESC LIMIT 1);
    END IF;
    DELETE FROM coco.drain;
    UPDATE coco.home SET place = coco.place();
    RETURN true;
END;
$procedure$;

-- require_values refuses while a task would not read back what was stored for it: a step that builds on the values, or on the
-- way back writes them into async_tasks, would make the damage lasting.
CREATE FUNCTION coco.require_values() RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_first record;
BEGIN
    IF current_setting('coco.accept_drift', true) = 'on' THEN
        RETURN;
    END IF;
    SELECT d.* INTO v_first FROM coco.differences(NULL, 1) d ORDER BY d.source, d.id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'changed behind the procedures'' back: % %: %', v_first.source, v_first.id, v_first.detail
            USING ERRCODE = 'CO004',
                HINT = 'See "upgrade verify" for all such rows and put them right, from a backup if need be. '
                    '"upgrade down --accept-drift" takes them as they are.';
    END IF;
END;
$procedure$;

-- verify lists what does not hold now; no rows means that everything does.
CREATE FUNCTION coco.verify(v_limit integer) RETURNS TABLE (check_name text, object text, detail text)
LANGUAGE plpgsql
STABLE
AS $procedure$
DECLARE
    v_expected text[];
BEGIN
    RETURN QUERY
    SELECT 'values'::text, format('%s %s', d.source, d.id), d.detail
    FROM coco.differences(NULL, v_limit) d
    WHERE NOT coco.waits(d.source, d.id);

    RETURN QUERY
    SELECT DISTINCT 'values'::text, format('command %s', c.id), 'a column that only the backfill writes was changed'::text
    FROM coco.change_log c
    WHERE c.source = 'altered'
    LIMIT v_limit;

    RETURN QUERY
    SELECT 'commands'::text, format('command %s', e.command_id), 'its status is none that the engine knows'::text
    FROM public.command_entities e
    WHERE COALESCE(e.status, '') NOT IN
        ('', 'UNKNOWN', 'NOT_STARTED', 'ACTIVE', 'FAILED', 'SUCCEEDED', 'FAILED_RESTARTED')
    LIMIT v_limit;

    RETURN QUERY
    SELECT 'commands'::text, format('command %s', e.command_id), 'the zero GUID is no command'::text
    FROM public.command_entities e
    WHERE e.command_id = '00000000-0000-0000-0000-000000000000';

    RETURN QUERY
    SELECT 'procedures'::text, c.signature,
        CASE c.what WHEN 'missing' THEN 'the procedure is missing'
            WHEN 're-installed' THEN 'the engine''s own procedure was installed again in its place'
            WHEN 'edited' THEN 'the procedure is not the one that coco installed'
            ELSE 'an overload beside the procedure that coco installed' END
    FROM coco.changed_procedures() c
    LIMIT v_limit;

    SELECT r.guards INTO v_expected FROM coco.receipt r ORDER BY r.proved_at DESC, r.version DESC LIMIT 1;
    RETURN QUERY
    -- A trigger created anew is no finding: all rows were compared above, and require_proof compares them all then too.
    SELECT 'triggers'::text, split_part(g, ' ', 1), 'the trigger of the proof is missing or disabled'::text
    FROM unnest(v_expected) AS g, coco.state s
    WHERE NOT s.contracted
        AND split_part(g, ' ', 1) NOT IN (SELECT split_part(now, ' ', 1) FROM unnest(coco.guards()) AS now);
END;
$procedure$;
