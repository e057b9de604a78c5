-- The engine's own tools drop every procedure in public and create the engine's anew. What that takes away from coco is put back
-- here, and what was written meanwhile is taken over.

-- taken_over: an engine that keeps its commands in command_entities itself, 3.5 or later, has upgraded this database. From then on
-- procedures and commands are its own.
CREATE FUNCTION coco.taken_over() RETURNS boolean
LANGUAGE plpgsql
STABLE
AS $procedure$
DECLARE
    v_taken_over boolean;
BEGIN
    IF NOT (SELECT contracted FROM coco.state)
        OR NOT COALESCE(has_table_privilege(to_regclass('public.schema_version')::oid, 'SELECT'), false)
        OR (SELECT count(*) < 2 FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = to_regclass('public.schema_version') AND a.attname IN ('version', 'current') AND NOT a.attisdropped)
    THEN
        RETURN false;
    END IF;
    EXECUTE 'SELECT COALESCE(bool_or(version ~ ''^[0-9]{8}$'' AND version >= ''0305''), false)
        FROM public.schema_version WHERE "current"' INTO v_taken_over;
    RETURN v_taken_over;
END;
$procedure$;

-- changed_procedures lists what is not as coco left it: a procedure of coco's that is missing or was edited, one of the engine's
-- that was re-installed over it or beside it, and any other overload. A body that names schema coco is not the engine's.
CREATE FUNCTION coco.changed_procedures() RETURNS TABLE (signature text, what text)
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    IF coco.taken_over() THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH found AS (
        SELECT coco.signature(p.oid) AS signature, p.proname, oidvectortypes(p.proargtypes) AS types, md5(p.prosrc) AS body,
            p.prosrc ~* '\mcoco"? *\.' OR t.typnamespace = 'coco'::regnamespace AS names_coco
        FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_type t ON t.oid = p.prorettype
        WHERE p.pronamespace = 'public'::regnamespace
            AND p.proname IN (SELECT i.name FROM coco.installed i UNION ALL SELECT k.name FROM coco.parked k)
    )
    SELECT f.signature,
        CASE WHEN k.name IS NOT NULL AND NOT f.names_coco THEN 're-installed'
            WHEN i.signature IS NOT NULL THEN 'edited'
            ELSE 'overload' END
    FROM found f
    LEFT JOIN coco.installed i ON i.signature = f.signature
    LEFT JOIN coco.parked k ON k.installed_by IS NULL AND k.name = f.proname AND k.types = f.types
    WHERE i.body IS DISTINCT FROM f.body
    UNION ALL
    SELECT i.signature, 'missing' FROM coco.installed i
    WHERE NOT EXISTS (SELECT 1 FROM found f WHERE f.signature = i.signature)
    ORDER BY 1, 2;
END;
$procedure$;

-- require_procedures refuses while a procedure is not as coco left it: a step that parks or drops it would lose what somebody
-- installed, and what old writers have written would not be noticed.
CREATE FUNCTION coco.require_procedures() RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_first record;
BEGIN
    IF coco.taken_over() THEN
        RAISE EXCEPTION 'an engine of version 3.5 or later has taken this database over'
            USING ERRCODE = 'CO001', HINT = 'Leave it to the engine. To go back, restore the backup from before the engine''s upgrade.';
    END IF;
    IF current_setting('coco.accept_drift', true) = 'on' THEN
        RETURN;
    END IF;
    SELECT c.* INTO v_first FROM coco.changed_procedures() c
    ORDER BY c.what NOT IN ('edited', 'overload'), c.signature LIMIT 1;
    IF NOT FOUND THEN
        IF (SELECT mending FROM coco.state) THEN
            RAISE EXCEPTION 'what re-installed procedures wrote is not all taken over yet'
                USING ERRCODE = 'CO004', HINT = 'Run "upgrade up": it takes over the rest first.';
        END IF;
        RETURN;
    END IF;
    PERFORM coco.refuse_procedure(v_first.signature, v_first.what);
    RAISE EXCEPTION 'procedure % is not the one that coco installed: %', v_first.signature, v_first.what
        USING ERRCODE = 'CO004', HINT = 'Run "upgrade up": it puts coco''s procedures back first.';
END;
$procedure$;

-- refuse_procedure refuses what only a person can decide.
CREATE FUNCTION coco.refuse_procedure(v_signature text, v_what text) RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    IF v_what = 'edited' THEN
        RAISE EXCEPTION 'procedure % was edited since coco installed it', v_signature
            USING ERRCODE = 'CO004',
                HINT = 'Save the edit and drop the procedure; then run the same command again: coco''s own is put back.';
    ELSIF v_what = 'overload' THEN
        RAISE EXCEPTION 'procedure % has other arguments than the engine''s and coco''s: the engine could not tell them apart', v_signature
            USING ERRCODE = 'CO001', HINT = 'Save it and drop it, then run the same command again.';
    END IF;
END;
$procedure$;

-- reinstall puts coco's procedures back and returns what it found. An original of the engine that was installed anew takes the
-- place of the one that was parked, so that the way down gives back what the engine's tools installed last.
CREATE FUNCTION coco.reinstall() RETURNS TABLE (signature text, what text)
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_row record;
    v_original record;
    v_changed text[] := '{}';
    v_names text[] := '{}';
    v_written boolean;
BEGIN
    -- coco:ignore dynamic-unquoted signatures and definitions that the server has written
    FOR v_row IN SELECT c.* FROM coco.changed_procedures() c LOOP
        IF v_row.what IN ('edited', 'overload') THEN
            CONTINUE WHEN current_setting('coco.accept_drift', true) = 'on';
            PERFORM coco.refuse_procedure(v_row.signature, v_row.what);
        END IF;
        signature := v_row.signature;
        what := v_row.what;
        v_changed := v_changed || v_row.signature;
        RETURN NEXT;
    END LOOP;
    IF v_changed = '{}' THEN
        RETURN;
    END IF;
    -- Where a writer of coco's is missing, another one may have stood in its place and gone again.
    v_written := EXISTS (
        SELECT 1 FROM coco.installed i
        WHERE i.name IN ('insertasync_tasks', 'updateasync_tasks', 'insertorupdateasynctasks') AND i.signature = ANY (v_changed));

    FOR v_original IN
        SELECT p.oid, p.proname AS name, k.parked_name, pg_get_function_identity_arguments(p.oid) AS arguments
        FROM pg_catalog.pg_proc p
        JOIN coco.parked k ON k.installed_by IS NULL AND k.name = p.proname AND k.types = oidvectortypes(p.proargtypes)
        WHERE p.pronamespace = 'public'::regnamespace AND coco.signature(p.oid) = ANY (v_changed)
    LOOP
        PERFORM coco.refuse_dependants(v_original.oid);
        FOR v_row IN
            SELECT p.oid, coco.signature(p.oid) AS signature FROM pg_catalog.pg_proc p
            WHERE p.pronamespace = 'coco'::regnamespace AND p.proname = v_original.parked_name
        LOOP
            -- Where public had other arguments in its place, the tools could not replay its grants.
            IF NOT EXISTS (SELECT 1 FROM coco.installed i WHERE i.signature = coco.signature(v_original.oid)) THEN
                PERFORM coco.add_grants(v_original.oid, v_row.oid);
            END IF;
            EXECUTE format('DROP FUNCTION %s', v_row.signature);
        END LOOP;
        PERFORM coco.put_away(v_original.oid, v_original.parked_name);
        UPDATE coco.parked k SET arguments = v_original.arguments WHERE k.parked_name = v_original.parked_name;
        v_names := v_names || v_original.name::text;
    END LOOP;
    SELECT k.name, k.parked_name INTO v_row FROM coco.parked k
    WHERE NOT EXISTS (
        SELECT 1 FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'coco'::regnamespace AND p.proname = k.parked_name)
    ORDER BY k.name LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'procedure coco.% is gone, which the way back needs to restore %', v_row.parked_name, v_row.name
            USING ERRCODE = 'CO001',
                HINT = 'Re-install the engine''s procedures (engine-setup does), then run the same command again.';
    END IF;

    FOR v_row IN
        SELECT i.name, i.definition FROM coco.installed i
        WHERE i.signature = ANY (v_changed) AND NOT EXISTS (
            SELECT 1 FROM pg_catalog.pg_proc p
            WHERE p.pronamespace = 'public'::regnamespace AND p.proname = i.name AND coco.signature(p.oid) = i.signature)
        ORDER BY i.signature
    LOOP
        EXECUTE v_row.definition;
        v_names := v_names || v_row.name;
    END LOOP;

    -- What coco put in an original's place looks like it, also where it is parked itself.
    FOR v_row IN
        SELECT p.oid, original.oid AS original
        FROM pg_catalog.pg_proc p
        JOIN (
            SELECT i.signature, i.name FROM coco.installed i
            UNION ALL
            SELECT format('coco.%I(%s)', k.parked_name, k.types), k.name FROM coco.parked k WHERE k.installed_by IS NOT NULL
        ) AS ours ON ours.signature = coco.signature(p.oid)
        LEFT JOIN coco.parked k ON k.installed_by IS NULL AND k.name = ours.name
        LEFT JOIN pg_catalog.pg_proc original
            ON original.pronamespace = 'coco'::regnamespace AND original.proname = k.parked_name
        WHERE ours.name = ANY (v_names) AND p.pronamespace IN ('public'::regnamespace, 'coco'::regnamespace)
    LOOP
        PERFORM coco.dress(v_row.oid, v_row.original);
    END LOOP;

    -- Transactions that are open now may still run what was just replaced.
    DELETE FROM coco.drain d USING coco.state s WHERE d.version = s.version;
    UPDATE coco.state SET mending = true WHERE v_written AND NOT contracted;
    PERFORM coco.adopt(false);
END;
$procedure$;

-- adopt takes over what re-installed writers have written. They write columns that nothing else has written since the switch, so
-- whatever these hold now that they did not hold then was written last. It returns how many tasks were concerned. With v_finish no
-- old writer can be at work any more; then it is done.
CREATE FUNCTION coco.adopt(v_finish boolean) RETURNS bigint
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_state coco.state;
    v_id uuid;
    v_task public.async_tasks;
    v_tasks bigint := 0;
BEGIN
    SELECT * INTO v_state FROM coco.state;
    IF NOT v_state.mending THEN
        RETURN 0;
    END IF;
    IF v_state.serves = 'async_tasks' THEN
        PERFORM coco.catch_up(2147483647);
    ELSIF NOT v_state.contracted THEN
        FOR v_id IN
            SELECT t.task_id
            FROM public.async_tasks t
            LEFT JOIN coco.ledger l ON l.task_id = t.task_id
            WHERE l.task_id IS NULL OR COALESCE(l.moved_from, l.fingerprint) <> coco.fingerprint(t.root_command_id,
                t.action_parameters, t.action_params_class, t.task_parameters, t.task_params_class)
            ORDER BY t.task_id
        LOOP
            -- Who holds the row may be about to record it anew; while old writers are at work there is a second look anyway.
            IF v_finish THEN
                SELECT * INTO v_task FROM public.async_tasks WHERE task_id = v_id FOR NO KEY UPDATE;
            ELSE
                SELECT * INTO v_task FROM public.async_tasks WHERE task_id = v_id FOR NO KEY UPDATE SKIP LOCKED;
            END IF;
            CONTINUE WHEN NOT FOUND;
            EXECUTE 'SELECT coco.record_task($1.task_id, $1.action_type, $1.vdsm_task_id, $1.started_at, $1.command_id,
                $1.root_command_id, $1.action_parameters, $1.action_params_class, $1.task_parameters,
                $1.task_params_class, false)
                WHERE NOT EXISTS (
                    SELECT 1 FROM coco.ledger l WHERE l.task_id = $1.task_id
                        AND COALESCE(l.moved_from, l.fingerprint) = coco.fingerprint($1.root_command_id,
                            $1.action_parameters, $1.action_params_class, $1.task_parameters, $1.task_params_class))'
                USING v_task;
            v_tasks := v_tasks + 1;
        END LOOP;
        FOR v_id IN
            SELECT l.task_id FROM coco.ledger l
            WHERE NOT EXISTS (SELECT 1 FROM public.async_tasks t WHERE t.task_id = l.task_id)
            ORDER BY l.task_id
        LOOP
            PERFORM 1 FROM coco.ledger WHERE task_id = v_id FOR UPDATE SKIP LOCKED;
            IF FOUND AND NOT EXISTS (SELECT 1 FROM public.async_tasks WHERE task_id = v_id) THEN
                PERFORM coco.forget_task(v_id, true);
                v_tasks := v_tasks + 1;
            END IF;
        END LOOP;
    END IF;
    UPDATE coco.state SET mending = false WHERE v_finish;
    RETURN v_tasks;
END;
$procedure$;
