-- coco:phase expand
-- Checks that this is an engine's database and adopts it as it is. An empty database gets the engine's own tables.

DO $adopt$
DECLARE
    v_missing text;
    v_dependant record;
BEGIN
    IF to_regclass('public.async_tasks') IS NULL THEN
        IF EXISTS (
            SELECT 1 FROM pg_catalog.pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
                AND relname <> 'schema_migrations'
        ) THEN
            RAISE EXCEPTION 'this is no engine database: it has tables, but no async_tasks'
                USING ERRCODE = 'CO001', HINT = 'Name the database of an oVirt engine 3.3 or 3.4, or an empty one.';
        END IF;
        RETURN;
    END IF;

    IF to_regclass('public.command_entities') IS NOT NULL THEN
        RAISE EXCEPTION 'this database has a table command_entities of its own: its engine is version 3.5 or later'
            USING ERRCODE = 'CO001', HINT = 'coco upgrades databases of engine 3.3 and 3.4; from 3.5 on there is nothing to do.';
    END IF;
    IF to_regnamespace('coco') IS NOT NULL THEN
        RAISE EXCEPTION 'schema coco is already there, but no migration is recorded'
            USING ERRCODE = 'CO001', HINT = 'Restore the table schema_migrations, or drop schema coco if nothing of it is needed.';
    END IF;
    IF (SELECT relkind FROM pg_catalog.pg_class WHERE oid = 'public.async_tasks'::regclass) <> 'r' THEN
        RAISE EXCEPTION 'async_tasks is no ordinary table' USING ERRCODE = 'CO001',
            HINT = 'Name the database of an oVirt engine 3.3 or 3.4.';
    END IF;

    SELECT string_agg(format('async_tasks.%s %s', expected.name, expected.type), ', ') INTO v_missing
    FROM (VALUES
        ('task_id', 'uuid'), ('action_type', 'integer'), ('status', 'integer'), ('result', 'integer'),
        ('action_parameters', 'text'), ('action_params_class', 'character varying(256)'), ('step_id', 'uuid'),
        ('command_id', 'uuid'), ('started_at', 'timestamp with time zone'), ('storage_pool_id', 'uuid'),
        ('task_type', 'integer'), ('task_parameters', 'text'), ('task_params_class', 'character varying(256)'),
        ('vdsm_task_id', 'uuid'), ('root_command_id', 'uuid')
    ) AS expected(name, type)
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = 'public.async_tasks'::regclass AND a.attname = expected.name
        AND format_type(a.atttypid, a.atttypmod) = expected.type AND NOT a.attisdropped
    WHERE a.attname IS NULL;
    IF v_missing IS NOT NULL THEN
        RAISE EXCEPTION 'this is no database of engine 3.3 or 3.4: it lacks %', v_missing
            USING ERRCODE = 'CO001', HINT = 'Upgrade the engine to 3.3 or 3.4 first.';
    END IF;
    SELECT string_agg(a.attname, ', ') INTO v_missing
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = 'public.async_tasks'::regclass AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attname NOT IN ('task_id', 'action_type', 'status', 'result', 'action_parameters', 'action_params_class',
            'step_id', 'command_id', 'started_at', 'storage_pool_id', 'task_type', 'task_parameters', 'task_params_class',
            'vdsm_task_id', 'root_command_id');
    IF v_missing IS NOT NULL THEN
        RAISE EXCEPTION 'async_tasks has columns that no engine 3.3 or 3.4 knows: %', v_missing
            USING ERRCODE = 'CO001', HINT = 'Move them to a table of their own first.';
    END IF;
    SELECT string_agg(expected.name, ', ') INTO v_missing
    FROM unnest(ARRAY['async_tasks_entities']) AS expected(name)
    WHERE to_regclass('public.' || expected.name) IS NULL;
    IF v_missing IS NOT NULL THEN
        RAISE EXCEPTION 'this is no complete engine database: table % is missing', v_missing
            USING ERRCODE = 'CO001', HINT = 'Restore the database, or name another.';
    END IF;
    SELECT string_agg(expected.name, ', ') INTO v_missing
    FROM unnest(ARRAY['insertasync_tasks', 'updateasync_tasks', 'insertorupdateasynctasks', 'deleteasync_tasks',
        'deleteasynctasksbyvdsmtaskid', 'getallfromasync_tasks', 'getasync_tasksbytask_id', 'getasynctasksbyentityid',
        'getasynctasksbyvdsmtaskid', 'getasynctasksbystoragepoolid', 'getasynctasksidsbyentityid',
        'getasynctaskentitiesbytaskid', 'insertasynctaskentities', 'fn_db_get_async_tasks']) AS expected(name)
    WHERE NOT EXISTS (
        SELECT 1 FROM pg_catalog.pg_proc WHERE pronamespace = 'public'::regnamespace AND proname = expected.name
    );
    IF v_missing IS NOT NULL THEN
        RAISE EXCEPTION 'this is no complete engine database: procedure % is missing', v_missing
            USING ERRCODE = 'CO001', HINT = 'Re-install the engine''s procedures (engine-setup does), then run the same command again.';
    END IF;

    -- What going back could not put back in its place. Five columns move; most of the others are written anew behind them.
    SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS object, a.attname INTO v_dependant
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = 'public.async_tasks'::regclass
        AND a.attname NOT IN ('task_id', 'action_type', 'status', 'result')
        AND (d.classid IN ('pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_policy'::regclass,
                'pg_catalog.pg_trigger'::regclass, 'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_publication_rel'::regclass)
            OR a.attname IN ('action_parameters', 'action_params_class', 'task_parameters', 'task_params_class', 'root_command_id')
            OR d.classid = 'pg_catalog.pg_constraint'::regclass AND d.objid IN (
                SELECT c.oid FROM pg_catalog.pg_constraint c
                WHERE c.confrelid = 'public.async_tasks'::regclass AND c.conrelid <> c.confrelid))
    ORDER BY 1, 2 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% depends on column % of async_tasks', v_dependant.object, v_dependant.attname
            USING ERRCODE = 'CO001', HINT = 'Drop it before the upgrade and create it again afterwards.';
    END IF;
    SELECT a.attname INTO v_dependant
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = 'public.async_tasks'::regclass AND (a.attnotnull OR a.attcollation <> t.typcollation)
        AND a.attname IN ('action_parameters', 'action_params_class', 'task_parameters', 'task_params_class', 'root_command_id')
    ORDER BY 1 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'column % of async_tasks is NOT NULL or has a collation, unlike an engine''s', v_dependant.attname
            USING ERRCODE = 'CO001', HINT = 'Change the column back before the upgrade.';
    END IF;
    SELECT a.attrelid::regclass AS object INTO v_dependant
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type t ON a.atttypid IN (t.oid, t.typarray)
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind NOT IN ('v', 'i')
    WHERE t.typrelid = 'public.async_tasks'::regclass AND NOT a.attisdropped
    UNION ALL
    SELECT inhrelid::regclass FROM pg_catalog.pg_inherits WHERE inhparent = 'public.async_tasks'::regclass
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% inherits from async_tasks or has a column of its row type', v_dependant.object
            USING ERRCODE = 'CO001', HINT = 'Drop it before the upgrade and create it again afterwards.';
    END IF;
END;
$adopt$;

CREATE TABLE IF NOT EXISTS public.async_tasks (
    task_id uuid NOT NULL,
    action_type integer NOT NULL,
    status integer NOT NULL,
    result integer NOT NULL,
    action_parameters text,
    action_params_class varchar(256),
    step_id uuid,
    command_id uuid NOT NULL,
    started_at timestamp with time zone,
    storage_pool_id uuid,
    task_type integer NOT NULL DEFAULT 0,
    task_parameters text,
    task_params_class varchar(256),
    vdsm_task_id uuid,
    root_command_id uuid,
    CONSTRAINT pk_async_tasks PRIMARY KEY (task_id)
);

CREATE TABLE IF NOT EXISTS public.async_tasks_entities (
    async_task_id uuid NOT NULL,
    entity_id uuid NOT NULL,
    entity_type varchar(128),
    CONSTRAINT fk_async_task_entity FOREIGN KEY (async_task_id) REFERENCES public.async_tasks (task_id) ON DELETE CASCADE
);

-- Only an empty database lacks the engine's procedures here: any other was refused above.
DO $create$
BEGIN
    IF to_regproc('public.insertasynctaskentities') IS NOT NULL THEN
        RETURN;
    END IF;
    CREATE INDEX idx_vdsm_task_id ON public.async_tasks (vdsm_task_id);
    EXECUTE $engine$
-- coco:include engine_types.sql

-- Types that procedures of the engine return. coco creates them on an empty database only.

CREATE TYPE public.iduuidtype AS (
    id uuid
);

CREATE TYPE public.async_tasks_info_rs AS (
    dc_id uuid,
    dc_name varchar,
    spm_host_id uuid,
    spm_host_name varchar,
    task_count integer
);

-- coco:end
-- coco:include engine.sql

-- The engine's procedures on async_tasks_entities and the ids of async_tasks. coco leaves them as it finds them; on an empty
-- database it creates them. The upserts stay check-then-insert where the engine's table has no unique key.

CREATE FUNCTION public.InsertAsyncTaskEntities(v_task_id uuid, v_entity_id uuid, v_entity_type varchar(128)) RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    INSERT INTO public.async_tasks_entities (async_task_id, entity_id, entity_type)
    SELECT v_task_id, v_entity_id, v_entity_type
    WHERE NOT EXISTS (
        SELECT 1 FROM public.async_tasks_entities WHERE async_task_id = v_task_id AND entity_id = v_entity_id
    );
END;
$procedure$;

CREATE FUNCTION public.GetAsyncTasksIdsByEntityId(v_entity_id uuid) RETURNS SETOF public.iduuidtype
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT async_task_id FROM public.async_tasks_entities WHERE entity_id = v_entity_id;
END;
$procedure$;

CREATE FUNCTION public.GetAsyncTaskEntitiesByTaskId(v_task_id uuid) RETURNS SETOF public.async_tasks_entities
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT * FROM public.async_tasks_entities WHERE async_task_id = v_task_id;
END;
$procedure$;

CREATE FUNCTION public.GetAsyncTasksByStoragePoolId(v_storage_pool_id uuid) RETURNS SETOF public.iduuidtype
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT task_id FROM public.async_tasks WHERE storage_pool_id = v_storage_pool_id;
END;
$procedure$;

CREATE FUNCTION public.Deleteasync_tasks(v_task_id uuid) RETURNS integer
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_deleted integer;
BEGIN
    DELETE FROM public.async_tasks WHERE task_id = v_task_id;
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END;
$procedure$;

CREATE FUNCTION public.DeleteAsyncTasksByVdsmTaskId(v_vdsm_task_id uuid) RETURNS integer
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_deleted integer;
BEGIN
    DELETE FROM public.async_tasks WHERE vdsm_task_id = v_vdsm_task_id;
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END;
$procedure$;

-- coco:end
$engine$;
END;
$create$;
