-- Replacing the engine's procedures without losing anything that hangs on them.

-- engine_owner is who owns the engine's tables: coco's own objects belong to the same role.
CREATE FUNCTION coco.engine_owner() RETURNS name
LANGUAGE sql
STABLE
AS $procedure$
    SELECT pg_catalog.pg_get_userbyid(relowner) FROM pg_catalog.pg_class WHERE oid = 'public.async_tasks'::regclass
$procedure$;

-- signature writes a function's name and argument types so that no search_path changes their meaning.
CREATE FUNCTION coco.signature(v_function oid) RETURNS text
LANGUAGE sql
STABLE
AS $procedure$
    SELECT format('%I.%I(%s)', pronamespace::regnamespace, proname, oidvectortypes(proargtypes))
    FROM pg_catalog.pg_proc WHERE oid = v_function
$procedure$;

-- definition is the CREATE statement of a function, every type with its schema unless it is the server's own.
CREATE FUNCTION coco.definition(v_function oid) RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $procedure$
    SELECT pg_get_functiondef(v_function)
$procedure$;

-- refuse_dependants refuses to move a function that another object depends on.
CREATE FUNCTION coco.refuse_dependants(v_function oid) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_dependant text;
BEGIN
    SELECT pg_describe_object(d.classid, d.objid, d.objsubid) INTO v_dependant
    FROM pg_catalog.pg_depend d
    WHERE d.refclassid = 'pg_catalog.pg_proc'::regclass AND d.refobjid = v_function AND d.deptype = 'n'
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% depends on procedure %, which is replaced', v_dependant, coco.signature(v_function)
            USING ERRCODE = 'CO001', HINT = 'Drop it before the upgrade and create it again afterwards.';
    END IF;
END;
$procedure$;

-- put_away moves a function of public into schema coco under another name.
CREATE FUNCTION coco.put_away(v_function oid, v_parked_name text) RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    EXECUTE format('ALTER FUNCTION %s RENAME TO %I', coco.signature(v_function), v_parked_name);
    EXECUTE format('ALTER FUNCTION %s SET SCHEMA coco', coco.signature(v_function));
END;
$procedure$;

-- park moves a function out of the way, with owner, grants, settings and comment. The name changes too: the engine finds
-- procedures by name in every schema.
CREATE FUNCTION coco.park(v_version bigint, v_name text, v_arguments text) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_function record;
    v_installed coco.installed;
    v_parked CONSTANT text := format('v%s_%s', v_version, v_name);
BEGIN
    SELECT p.oid, coco.signature(p.oid) AS signature, pg_get_function_identity_arguments(p.oid) AS arguments INTO v_function
    FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.proname = v_name
        AND oidvectortypes(p.proargtypes) = v_arguments;
    IF NOT FOUND THEN
        IF EXISTS (SELECT 1 FROM pg_catalog.pg_proc WHERE pronamespace = 'public'::regnamespace AND proname = v_name) THEN
            RAISE EXCEPTION 'procedure % has other arguments than the engine''s (%)', v_name, v_arguments
                USING ERRCODE = 'CO001', HINT = 'Put the engine''s own procedure back, then run the same command again.';
        END IF;
        RETURN;
    END IF;
    IF (SELECT count(*) FROM pg_catalog.pg_proc WHERE pronamespace = 'public'::regnamespace AND proname = v_name) > 1 THEN
        RAISE EXCEPTION 'procedure % has overloads: the engine could not tell them apart', v_name
            USING ERRCODE = 'CO001', HINT = 'Drop the overload that is not the engine''s, then run the same command again.';
    END IF;
    PERFORM coco.refuse_dependants(v_function.oid);
    PERFORM coco.put_away(v_function.oid, v_parked);
    DELETE FROM coco.installed WHERE signature = v_function.signature RETURNING * INTO v_installed;
    INSERT INTO coco.parked (version, name, parked_name, arguments, types, installed_by, definition)
    VALUES (v_version, v_name, v_parked, v_function.arguments, v_arguments, v_installed.version, v_installed.definition);
END;
$procedure$;

-- add_grants lets everybody call a function who may call the other one.
CREATE FUNCTION coco.add_grants(v_function oid, v_like oid) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_item record;
BEGIN
    FOR v_item IN
        SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END AS grantee,
            CASE WHEN x.is_grantable THEN 'WITH GRANT OPTION' ELSE '' END AS option
        FROM pg_catalog.pg_proc p, aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) x
        WHERE p.oid = v_like AND x.grantee <> p.proowner
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s %s', coco.signature(v_function), v_item.grantee, v_item.option);
    END LOOP;
END;
$procedure$;

-- dress gives a function that coco installed the owner, grants, settings, security and comment of the one it stands for. Without
-- one it belongs to the owner of the engine's tables.
CREATE FUNCTION coco.dress(v_function oid, v_like oid) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_signature CONSTANT text := coco.signature(v_function);
    v_old pg_catalog.pg_proc;
    v_item record;
    v_setting text;
BEGIN
    -- coco:ignore dynamic-unquoted numbers of the catalog, and settings that it keeps quoted because they are lists
    SELECT p.* INTO v_old FROM pg_catalog.pg_proc p WHERE p.oid = v_like;
    IF NOT FOUND THEN
        EXECUTE format('ALTER FUNCTION %s OWNER TO %I', v_signature, coco.engine_owner());
        RETURN;
    END IF;

    EXECUTE format('ALTER FUNCTION %s OWNER TO %I', v_signature, pg_get_userbyid(v_old.proowner));
    -- Default privileges may have given the new function other grants than the old one's; without any, none are written.
    IF v_old.proacl IS NOT NULL OR (SELECT proacl FROM pg_catalog.pg_proc WHERE oid = v_function) IS NOT NULL THEN
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_signature);
        FOR v_item IN
            SELECT quote_ident(pg_get_userbyid(x.grantee)) AS grantee
            FROM pg_catalog.pg_proc p, aclexplode(p.proacl) x
            WHERE p.oid = v_function AND x.grantee NOT IN (0, v_old.proowner)
        LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %s', v_signature, v_item.grantee);
        END LOOP;
        PERFORM coco.add_grants(v_function, v_like);
    END IF;
    EXECUTE format('ALTER FUNCTION %s COST %s %s RESET ALL', v_signature, v_old.procost,
        CASE WHEN v_old.prosecdef THEN 'SECURITY DEFINER' ELSE 'SECURITY INVOKER' END);
    IF (SELECT proretset FROM pg_catalog.pg_proc WHERE oid = v_function) THEN
        EXECUTE format('ALTER FUNCTION %s ROWS %s', v_signature, v_old.prorows);
    END IF;
    FOREACH v_setting IN ARRAY COALESCE(v_old.proconfig, '{}') LOOP
        -- Lists of names are stored quoted already (but an empty name can only be given as a literal); every other value is one
        -- literal.
        EXECUTE format('ALTER FUNCTION %s SET %I TO %s', v_signature, split_part(v_setting, '=', 1),
            CASE WHEN split_part(v_setting, '=', 1) IN ('search_path', 'temp_tablespaces')
                THEN regexp_replace(substr(v_setting, strpos(v_setting, '=') + 1), '(^|, )""(?=$|, )', '\1''''', 'g')
                ELSE quote_literal(substr(v_setting, strpos(v_setting, '=') + 1)) END);
    END LOOP;
    EXECUTE format('COMMENT ON FUNCTION %s IS %L', v_signature, obj_description(v_old.oid, 'pg_proc'));
END;
$procedure$;

-- inherit dresses the functions that replace those parked at v_version, and records what was installed.
CREATE FUNCTION coco.inherit(v_version bigint, v_names text[]) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_new record;
BEGIN
    FOR v_new IN
        SELECT p.oid, p.proname, p.prosrc, coco.signature(p.oid) AS signature, old.oid AS old
        FROM pg_catalog.pg_proc p
        LEFT JOIN coco.parked k ON k.version = v_version AND k.name = p.proname
        LEFT JOIN pg_catalog.pg_proc old ON old.proname = k.parked_name AND old.pronamespace = 'coco'::regnamespace
        WHERE p.pronamespace = 'public'::regnamespace AND p.proname = ANY (v_names)
        ORDER BY p.proname
    LOOP
        DELETE FROM coco.installed WHERE signature = v_new.signature;
        INSERT INTO coco.installed (version, name, signature, body, definition)
        VALUES (v_version, v_new.proname, v_new.signature, md5(v_new.prosrc), coco.definition(v_new.oid));
        PERFORM coco.dress(v_new.oid, v_new.old);
    END LOOP;
END;
$procedure$;

-- unpark drops what v_version installed in public and puts the very functions back that were there.
CREATE FUNCTION coco.unpark(v_version bigint) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_row record;
BEGIN
    -- coco:ignore dynamic-unquoted signatures and arguments that the server has quoted
    FOR v_row IN SELECT signature FROM coco.installed WHERE version = v_version AND to_regprocedure(signature) IS NOT NULL LOOP
        EXECUTE format('DROP FUNCTION %s', v_row.signature);
    END LOOP;
    DELETE FROM coco.installed WHERE version = v_version;

    FOR v_row IN SELECT * FROM coco.parked WHERE version = v_version LOOP
        EXECUTE format('ALTER FUNCTION coco.%I(%s) SET SCHEMA public', v_row.parked_name, v_row.arguments);
        EXECUTE format('ALTER FUNCTION public.%I(%s) RENAME TO %I', v_row.parked_name, v_row.arguments, v_row.name);
    END LOOP;
    -- What an earlier version had installed is current again, and goes when that version is taken back.
    INSERT INTO coco.installed (version, name, signature, body, definition)
    SELECT k.installed_by, k.name, coco.signature(p.oid), md5(p.prosrc), k.definition
    FROM coco.parked k
    JOIN pg_catalog.pg_proc p ON p.proname = k.name AND p.pronamespace = 'public'::regnamespace
    WHERE k.version = v_version AND k.installed_by IS NOT NULL
    ORDER BY k.name;
    DELETE FROM coco.parked WHERE version = v_version;
END;
$procedure$;

-- share_grants gives every role that may use async_tasks what it needs for what has moved, and no more.
CREATE FUNCTION coco.share_grants() RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_item record;
BEGIN
    -- coco:ignore dynamic-unquoted names of privileges, and signatures that the server has quoted
    FOR v_item IN
        SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END AS grantee,
            x.privilege_type
        FROM pg_catalog.pg_class c, aclexplode(c.relacl) x
        WHERE c.oid = 'public.async_tasks'::regclass AND x.grantee <> c.relowner
            AND x.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA coco TO %s', v_item.grantee);
        EXECUTE format('GRANT %s ON public.command_entities TO %s', v_item.privilege_type, v_item.grantee);
        IF v_item.privilege_type = 'SELECT' THEN
            EXECUTE format('GRANT SELECT ON coco.async_task, coco.command, coco.command_head, coco.instance_summary TO %s', v_item.grantee);
        ELSIF v_item.privilege_type IN ('INSERT', 'UPDATE') THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION coco.record_task(uuid, integer, uuid, timestamptz, uuid, uuid, text,
                varchar, text, varchar, boolean) TO %s', v_item.grantee);
        END IF;
        IF v_item.privilege_type = 'DELETE' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION coco.task_commands(), coco.begin_cleanup(uuid, text, integer, timestamptz),
                coco.clean_batch(uuid, timestamptz, uuid, integer, boolean), coco.end_cleanup(uuid, timestamptz, bigint),
                coco.clean_trees(timestamptz, uuid, integer, boolean, boolean), coco.database_clock() TO %s', v_item.grantee);
        END IF;
        IF v_item.privilege_type = 'UPDATE' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION coco.renew_command(uuid, boolean, boolean) TO %s', v_item.grantee);
        END IF;
    END LOOP;
    -- What a program calls that keeps its commands here, for those who may do to tasks what the function does to commands.
    FOR v_item IN
        SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END AS grantee,
            p.oid::regprocedure AS function
        FROM (VALUES
            ('{SELECT}'::text[], '{command_chains,command_hierarchy,command_tree,below,unfinished_commands,instances,removal_blockers,
                tasks_with_commands,require_switch,list_commands,tree_overview}'::text[]),
            ('{INSERT,UPDATE}', '{register_instance,renew_lease,stop_instance,persist_commands,change_status,save_commands,
                recover_commands,own_commands,resume_command,save_task}'),
            ('{DELETE}', '{remove_command,remove_tasks,take_out}')
        ) AS needs(privileges, functions)
        JOIN pg_catalog.pg_proc p ON p.pronamespace = 'coco'::regnamespace AND p.proname = ANY (needs.functions)
        CROSS JOIN LATERAL (
            SELECT a.grantee
            FROM pg_catalog.pg_class c, aclexplode(c.relacl) a
            WHERE c.oid = 'public.async_tasks'::regclass AND a.grantee <> c.relowner AND a.privilege_type = ANY (needs.privileges)
            GROUP BY a.grantee
            HAVING count(DISTINCT a.privilege_type) = cardinality(needs.privileges)
        ) AS x
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', v_item.function, v_item.grantee);
    END LOOP;
    FOR v_item IN
        SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END AS grantee, a.attname
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) x
        WHERE a.attrelid = 'public.async_tasks'::regclass AND NOT a.attisdropped
            AND x.grantee <> c.relowner AND x.privilege_type = 'SELECT'
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA coco TO %s', v_item.grantee);
        EXECUTE format('GRANT SELECT (%I) ON coco.async_task TO %s', v_item.attname, v_item.grantee);
    END LOOP;
END;
$procedure$;

-- own_all hands everything in schema coco, and command_entities, to the owner of the engine's tables.
CREATE FUNCTION coco.own_all() RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_owner CONSTANT name := coco.engine_owner();
    v_object record;
BEGIN
    -- First the schema: an owner of what is in it needs CREATE there.
    IF pg_get_userbyid((SELECT nspowner FROM pg_catalog.pg_namespace WHERE nspname = 'coco')) <> v_owner THEN
        EXECUTE format('ALTER SCHEMA coco OWNER TO %I', v_owner);
    END IF;
    FOR v_object IN
        SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind, c.oid::regclass AS name
        FROM pg_catalog.pg_class c
        WHERE (c.relnamespace = 'coco'::regnamespace OR c.oid = 'public.command_entities'::regclass)
            AND c.relkind IN ('r', 'v') AND pg_get_userbyid(c.relowner) <> v_owner
    LOOP
        EXECUTE format('ALTER %s %s OWNER TO %I', v_object.kind, v_object.name, v_owner);
    END LOOP;
    FOR v_object IN
        SELECT p.oid::regprocedure AS name, pg_get_userbyid(p.proowner) AS owner FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'coco'::regnamespace AND p.proname !~ '^v[0-9]+_'
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_object.name);
        IF v_object.owner <> v_owner THEN
            EXECUTE format('ALTER FUNCTION %s OWNER TO %I', v_object.name, v_owner);
        END IF;
    END LOOP;
END;
$procedure$;
