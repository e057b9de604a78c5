-- What contract takes away, and how it comes back.

-- column_grants are the statements that give a column of async_tasks these rights. As text they can be restored from a dump by whoever
-- owns the database then.
CREATE FUNCTION coco.column_grants(v_column name, v_rights aclitem[]) RETURNS text[]
LANGUAGE sql
STABLE
AS $procedure$
    SELECT ARRAY(
        SELECT format('GRANT %s (%I) ON public.async_tasks TO %s%s', x.privilege_type, v_column,
            CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
            CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM aclexplode(v_rights) WITH ORDINALITY x(grantor, grantee, privilege_type, is_grantable, number)
        ORDER BY x.number)
$procedure$;

-- keep_columns remembers what hangs on the columns that are about to be dropped, or refuses if an object depends on one.
CREATE FUNCTION coco.keep_columns() RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_dependant record;
BEGIN
    SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS object, a.attname INTO v_dependant
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = 'public.async_tasks'::regclass
        AND a.attname IN ('action_parameters', 'action_params_class', 'task_parameters', 'task_params_class', 'root_command_id')
    ORDER BY 1, 2 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% depends on column % of async_tasks, which has moved', v_dependant.object, v_dependant.attname
            USING ERRCODE = 'CO001', HINT = 'Drop it, or let it read the view coco.async_task; then run the same command again.';
    END IF;

    DELETE FROM coco.column_kept;
    INSERT INTO coco.column_kept (name, description, grants, statistics, storage, compression, options)
    SELECT a.attname, col_description(a.attrelid, a.attnum), coco.column_grants(a.attname, a.attacl), a.attstattarget, a.attstorage,
        NULLIF(to_jsonb(a) ->> 'attcompression', ''), a.attoptions
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = 'public.async_tasks'::regclass
        AND a.attname IN ('action_parameters', 'action_params_class', 'task_parameters', 'task_params_class', 'root_command_id')
    ORDER BY a.attnum;
END;
$procedure$;

-- held_values reads one task's values while restore_columns writes async_tasks anew.
CREATE FUNCTION coco.held_values(v_task_id uuid) RETURNS coco.async_task
LANGUAGE plpgsql
STABLE
AS $procedure$
DECLARE
    v_held coco.async_task;
BEGIN
    SELECT * INTO v_held FROM coco.held WHERE task_id = v_task_id;
    RETURN v_held;
END;
$procedure$;

-- restore_columns gives async_tasks the columns of old in the order of old. PostgreSQL appends new columns at the end, so those
-- that come after a moved one are made anew too; one rewrite of the table fills them all, in the order in which the rows lie.
CREATE FUNCTION coco.restore_columns() RETURNS void
LANGUAGE plpgsql
SET synchronize_seqscans = off
AS $procedure$
DECLARE
    c_table CONSTANT regclass := 'public.async_tasks';
    v_column record;
    v_definition text;
    v_definitions text[] := '{}';
    v_fill text[] := '{}';
    v_drop text[] := '{}';
    v_view CONSTANT text := pg_get_viewdef('coco.async_task');
    v_grant text;
BEGIN
    -- coco:ignore dynamic-unquoted types, definitions and grants that the server has written or format() has quoted
    -- The view cannot be read while the table is written.
    CREATE TABLE coco.held AS SELECT * FROM coco.async_task;
    ALTER TABLE coco.held ADD PRIMARY KEY (task_id);

    INSERT INTO coco.column_kept (name, description, grants, statistics, storage, compression, options)
    SELECT a.attname, col_description(a.attrelid, a.attnum), coco.column_grants(a.attname, a.attacl), a.attstattarget, a.attstorage,
        NULLIF(to_jsonb(a) ->> 'attcompression', ''), a.attoptions
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = c_table AND a.attname = ANY ('{step_id,command_id,started_at,storage_pool_id,task_type,vdsm_task_id}');

    -- Indexes, statistics and constraints on columns that are made anew, in the words of the catalog.
    FOR v_column IN
        SELECT format('ALTER TABLE public.async_tasks DROP CONSTRAINT %I', c.conname) AS remove,
            format('ALTER TABLE public.async_tasks ADD CONSTRAINT %I %s', c.conname, pg_get_constraintdef(c.oid)) AS create,
            CASE WHEN obj_description(c.oid, 'pg_constraint') IS NOT NULL THEN
                format('COMMENT ON CONSTRAINT %I ON public.async_tasks IS %L', c.conname, obj_description(c.oid, 'pg_constraint'))
            END AS describe
        FROM pg_catalog.pg_constraint c
        WHERE c.conrelid = c_table AND c.contype IN ('c', 'f', 'u') AND EXISTS (
            SELECT 1 FROM pg_catalog.pg_attribute a JOIN coco.column_kept k ON k.name = a.attname
            WHERE a.attrelid = c_table AND a.attnum = ANY (c.conkey))
        UNION ALL
        SELECT format('DROP INDEX %s', i.indexrelid::regclass),
            pg_get_indexdef(i.indexrelid),
            CASE WHEN obj_description(i.indexrelid, 'pg_class') IS NOT NULL THEN
                format('COMMENT ON INDEX %s IS %L', i.indexrelid::regclass, obj_description(i.indexrelid, 'pg_class')) END
        FROM pg_catalog.pg_index i
        WHERE i.indrelid = c_table
            AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint c WHERE c.conindid = i.indexrelid)
            AND EXISTS (
                SELECT 1 FROM pg_catalog.pg_depend d
                JOIN pg_catalog.pg_attribute a ON a.attrelid = c_table AND a.attnum = d.refobjsubid
                JOIN coco.column_kept k ON k.name = a.attname
                WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = i.indexrelid AND d.refobjid = c_table)
        UNION ALL
        SELECT format('DROP STATISTICS %I.%I', s.stxnamespace::regnamespace, s.stxname),
            pg_get_statisticsobjdef(s.oid),
            CASE WHEN obj_description(s.oid, 'pg_statistic_ext') IS NOT NULL THEN
                format('COMMENT ON STATISTICS %I.%I IS %L', s.stxnamespace::regnamespace, s.stxname,
                    obj_description(s.oid, 'pg_statistic_ext')) END
        FROM pg_catalog.pg_statistic_ext s
        WHERE s.stxrelid = c_table AND EXISTS (
            SELECT 1 FROM pg_catalog.pg_attribute a JOIN coco.column_kept k ON k.name = a.attname
            WHERE a.attrelid = c_table AND a.attnum = ANY (s.stxkeys))
    LOOP
        EXECUTE v_column.remove;
        v_definitions := array_remove(v_definitions || v_column.create || v_column.describe, NULL);
    END LOOP;

    FOR v_column IN
        SELECT o.name, o.type, o.number, a.attnum IS NOT NULL AS stays, a.attnotnull, pg_get_expr(d.adbin, d.adrelid) AS expression
        FROM unnest(
            '{action_parameters,action_params_class,step_id,command_id,started_at,storage_pool_id,task_type,task_parameters,task_params_class,vdsm_task_id,root_command_id}'::text[],
            '{text,varchar(256),uuid,uuid,timestamptz,uuid,integer,text,varchar(256),uuid,uuid}'::text[]
        ) WITH ORDINALITY AS o(name, type, number)
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c_table AND a.attname = o.name AND NOT a.attisdropped
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c_table AND d.adnum = a.attnum
        ORDER BY o.number
    LOOP
        IF v_column.stays THEN
            EXECUTE format('ALTER TABLE public.async_tasks RENAME COLUMN %I TO %I', v_column.name, 'coco_' || v_column.name);
            v_drop := v_drop || format('DROP COLUMN %I', 'coco_' || v_column.name);
            v_fill := v_fill || format('ALTER COLUMN %I TYPE %s USING %I', v_column.name, v_column.type, 'coco_' || v_column.name);
        ELSE
            v_fill := v_fill || format('ALTER COLUMN %I TYPE %s USING (coco.held_values(task_id)).%I',
                v_column.name, v_column.type, v_column.name);
        END IF;
        EXECUTE format('ALTER TABLE public.async_tasks ADD COLUMN %I %s', v_column.name, v_column.type);
        IF v_column.attnotnull THEN
            v_definitions := v_definitions || format('ALTER TABLE public.async_tasks ALTER COLUMN %I SET NOT NULL', v_column.name);
        END IF;
        IF v_column.expression IS NOT NULL THEN
            v_definitions := v_definitions || format('ALTER TABLE public.async_tasks ALTER COLUMN %I SET DEFAULT %s',
                v_column.name, v_column.expression);
        END IF;
    END LOOP;
    EXECUTE 'ALTER TABLE public.async_tasks ' || array_to_string(v_fill, ', ');
    EXECUTE 'CREATE OR REPLACE VIEW coco.async_task AS ' || v_view;
    EXECUTE 'ALTER TABLE public.async_tasks ' || array_to_string(v_drop, ', ');
    FOREACH v_definition IN ARRAY v_definitions LOOP
        EXECUTE v_definition;
    END LOOP;

    FOR v_column IN SELECT * FROM coco.column_kept LOOP
        EXECUTE format('ALTER TABLE public.async_tasks ALTER COLUMN %I SET STORAGE %s', v_column.name,
            CASE v_column.storage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END);
        IF COALESCE(v_column.statistics, -1) <> -1 THEN
            EXECUTE format('ALTER TABLE public.async_tasks ALTER COLUMN %I SET STATISTICS %s', v_column.name, v_column.statistics);
        END IF;
        IF v_column.compression IS NOT NULL THEN
            EXECUTE format('ALTER TABLE public.async_tasks ALTER COLUMN %I SET COMPRESSION %s', v_column.name,
                CASE v_column.compression WHEN 'l' THEN 'lz4' ELSE 'pglz' END);
        END IF;
        IF v_column.options IS NOT NULL THEN
            EXECUTE format('ALTER TABLE public.async_tasks ALTER COLUMN %I SET (%s)', v_column.name,
                array_to_string(v_column.options, ', '));
        END IF;
        IF v_column.description IS NOT NULL THEN
            EXECUTE format('COMMENT ON COLUMN public.async_tasks.%I IS %L', v_column.name, v_column.description);
        END IF;
        FOREACH v_grant IN ARRAY v_column.grants LOOP
            EXECUTE v_grant;
        END LOOP;
    END LOOP;
    DELETE FROM coco.column_kept;
    DROP TABLE coco.held;
END;
$procedure$;

-- mark_engine_scripts tells a later engine-setup that the scripts of engine 3.5 that create command_entities and drop the moved
-- columns have nothing left to do. Negative ids leave the engine's own count of its version alone. A mark that is there already,
-- whoever made it, does as well.
CREATE FUNCTION coco.mark_engine_scripts(v_done boolean) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_missing text;
BEGIN
    IF to_regclass('public.schema_version') IS NULL THEN
        RETURN;
    END IF;
    IF (SELECT relkind FROM pg_catalog.pg_class WHERE oid = to_regclass('public.schema_version')) <> 'r' THEN
        RAISE EXCEPTION 'schema_version is no table'
            USING ERRCODE = 'CO001', HINT = 'Put the engine''s own table back: its upgrade reads there which scripts are done.';
    END IF;
    SELECT expected.name INTO v_missing
    FROM unnest('{id,version,script,checksum,installed_by,started_at,ended_at,state,current,comment}'::text[]) AS expected(name)
    WHERE NOT EXISTS (
        SELECT 1 FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = to_regclass('public.schema_version') AND a.attname = expected.name AND NOT a.attisdropped)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'schema_version has no column %', v_missing
            USING ERRCODE = 'CO001', HINT = 'Put the engine''s own table back: its upgrade reads there which scripts are done.';
    END IF;
    DELETE FROM public.schema_version WHERE id IN (-3050610, -3050660) AND installed_by = 'coco';
    INSERT INTO public.schema_version (id, version, script, checksum, installed_by, started_at, ended_at, state, "current", comment)
    SELECT mark.id, mark.version, mark.script, mark.checksum, 'coco', now(), now(), 'INSTALLED', false, mark.comment
    FROM (VALUES
        (-3050610, '03050610', 'upgrade/03_05_0610_add_command_entity_table.sql', '9056f5e77325bee56f388b63e34267b2',
            'done by coco: command_entities is there'),
        (-3050660, '03050660', 'upgrade/03_05_0660_remove_command_from_async_tasks.sql', '4f6a301feaebccb5e2a18c83052c48bb',
            'done by coco: the columns have moved to command_entities')
    ) AS mark(id, version, script, checksum, comment)
    WHERE v_done AND NOT EXISTS (
        SELECT 1 FROM public.schema_version s WHERE s.state = 'INSTALLED' AND s.checksum = mark.checksum);
END;
$procedure$;
