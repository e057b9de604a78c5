-- coco:phase expand
-- coco:lock async_tasks SHARE ROW EXCLUSIVE
-- Creates the new table, and beside it everything that copying and proving needs. Nothing reads the new table yet. Clients wait only for
-- the two CREATE TRIGGER on async_tasks, which hold their lock for less than a millisecond.

CREATE TABLE public.command_entities (
    command_id uuid NOT NULL,
    command_type integer NOT NULL,
    parent_command_id uuid DEFAULT NULL,
    root_command_id uuid DEFAULT NULL,
    action_parameters text,
    action_parameters_class varchar(256),
    created_at timestamp with time zone,
    status varchar(20) DEFAULT NULL,
    finished_at timestamp with time zone DEFAULT NULL
-- Its indexes and keys come with its rows: see coco.build_index. Autovacuum is off where a step up to contract needs the whole table:
-- it holds its lock for minutes, and gives way only to whoever waits for longer than a second, which is too long for a client.
) WITH (fillfactor = 85, autovacuum_enabled = false);

COMMENT ON TABLE public.command_entities IS 'Every command the engine runs; kept here so that it survives a restart.';

CREATE SCHEMA coco;
COMMENT ON SCHEMA coco IS 'What coco needs to upgrade this database and to take the upgrade back. See coco.journal.';

CREATE TABLE coco.journal (
    id bigserial PRIMARY KEY,
    version bigint NOT NULL,
    direction text NOT NULL CHECK (direction IN ('up', 'down')),
    name text NOT NULL,
    sha256 text NOT NULL,
    lineage text NOT NULL,
    started_at timestamptz NOT NULL,
    duration interval NOT NULL,
    tool_version text NOT NULL,
    applied_by text NOT NULL DEFAULT session_user,
    client text,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE coco.journal IS 'One row for every migration the tool applied or took back, written in its transaction.';

CREATE TABLE coco.state (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version bigint NOT NULL,
    serves text NOT NULL DEFAULT 'async_tasks' CHECK (serves IN ('async_tasks', 'command_entities')),
    served boolean NOT NULL DEFAULT false,
    contracted boolean NOT NULL DEFAULT false,
    retired boolean NOT NULL DEFAULT false,
    mending boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE coco.state IS 'Which table''s values count, and whether the moved columns and the old signatures are gone.';
COMMENT ON COLUMN coco.state.version IS 'Written by each migration itself, so that it is right even where schema_migrations is not.';
COMMENT ON COLUMN coco.state.served IS 'command_entities has counted since it was filled: it may hold what no task tells.';
COMMENT ON COLUMN coco.state.mending IS 'Re-installed writers of the engine have written, or may still; it is being taken over.';
INSERT INTO coco.state (version) VALUES (2);

CREATE TABLE coco.home (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    place text NOT NULL
);
COMMENT ON TABLE coco.home IS 'Which database this is. In a copy that was restored from a dump it is still the other one.';

CREATE TABLE coco.ledger (
    task_id uuid NOT NULL,
    command_id uuid,
    root_command_id uuid,
    fingerprint bigint,
    moved_from bigint,
    -- What the copy saw of the task; nobody needs it after that.
    root_is_zero boolean,
    action_hash bigint,
    task_hash bigint
) WITH (autovacuum_enabled = false);
COMMENT ON TABLE coco.ledger IS 'For every task the commands it names, and a fingerprint of the five values it must read back.';
COMMENT ON COLUMN coco.ledger.fingerprint IS 'NULL once the command was changed on purpose: then the task follows the command.';
COMMENT ON COLUMN coco.ledger.moved_from IS 'Written after the switch: the fingerprint of async_tasks'' moved columns, which no longer count.';

CREATE TABLE coco.archive (
    task_id uuid PRIMARY KEY,
    keeps_root boolean NOT NULL,
    root_command_id uuid,
    keeps_action boolean NOT NULL,
    action_parameters text,
    action_params_class varchar(256),
    keeps_task boolean NOT NULL,
    task_parameters text,
    task_params_class varchar(256)
) WITH (autovacuum_enabled = false);
COMMENT ON TABLE coco.archive IS 'Values of a task that its command cannot give back exactly, such as those of a differing sibling.';

CREATE TABLE coco.change_log (
    seq bigserial PRIMARY KEY,
    source text NOT NULL,
    id uuid NOT NULL
);
COMMENT ON TABLE coco.change_log IS 'Ids of rows that may have changed since they were last compared.';

CREATE TABLE coco.to_release (
    seq bigserial PRIMARY KEY,
    command_id uuid NOT NULL,
    own boolean NOT NULL
);
CREATE INDEX to_release_command_id ON coco.to_release (command_id);
COMMENT ON TABLE coco.to_release IS 'Commands whose tasks went while others were going too; the next one to delete looks again.';
COMMENT ON COLUMN coco.to_release.own IS 'A task of its own has gone; otherwise one that named it as its root.';

CREATE TABLE coco.progress (
    number integer PRIMARY KEY,
    step text NOT NULL,
    table_file text,
    done bigint,
    total bigint,
    bytes bigint,
    finished boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE coco.progress IS 'The steps of the copy.';
COMMENT ON COLUMN coco.progress.table_file IS 'Where async_tasks was stored when the step began: its blocks are counted there.';
INSERT INTO coco.progress (number, step) VALUES (1, 'choose'), (2, 'commands'), (3, 'index'), (4, 'survey'), (5, 'compare'), (6, 'archive');

CREATE TABLE coco.lane (
    number integer,
    lane integer,
    begins bigint NOT NULL,
    next bigint NOT NULL,
    ends bigint NOT NULL,
    done bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (number, lane)
);
COMMENT ON TABLE coco.lane IS 'How far each part of the step is that is being done; written with each batch.';

-- What only the copy needs; empty before and after it.
CREATE TABLE coco.chosen (
    command_id uuid NOT NULL,
    command_type integer NOT NULL,
    parent_command_id uuid,
    root_command_id uuid,
    created_at timestamptz,
    status varchar(20),
    task_id uuid NOT NULL,
    own boolean NOT NULL,
    place tid NOT NULL
) WITH (autovacuum_enabled = false);
COMMENT ON TABLE coco.chosen IS 'The commands that are copied, and the task that stands for each.';

CREATE TABLE coco.suspect (
    number bigint NOT NULL,
    task_id uuid NOT NULL
) WITH (autovacuum_enabled = false);
COMMENT ON TABLE coco.suspect IS 'Tasks that their commands may not give back exactly.';

CREATE TABLE coco.receipt (
    version bigint NOT NULL,
    proved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tasks bigint NOT NULL,
    commands bigint NOT NULL,
    archived bigint NOT NULL,
    digest numeric NOT NULL,
    guards text[] NOT NULL
);
COMMENT ON TABLE coco.receipt IS 'Proofs that every task reads back its five values from command_entities. The newest counts.';

CREATE TABLE coco.drain (
    version bigint PRIMARY KEY,
    server_started timestamptz NOT NULL,
    place text NOT NULL,
    transactions text[] NOT NULL,
    prepared text[] NOT NULL
);
COMMENT ON TABLE coco.drain IS 'Transactions that were open when procedures were replaced; the next step waits for them.';

CREATE TABLE coco.parked (
    version bigint NOT NULL,
    name text NOT NULL,
    parked_name text NOT NULL,
    arguments text NOT NULL,
    types text NOT NULL,
    installed_by bigint,
    definition text,
    PRIMARY KEY (version, name)
);
COMMENT ON TABLE coco.parked IS 'Procedures that were replaced; they wait in this schema under another name for the way back.';
COMMENT ON COLUMN coco.parked.installed_by IS 'The version that had installed it; NULL for a procedure of the engine.';
COMMENT ON COLUMN coco.parked.definition IS 'As in coco.installed; NULL for a procedure of the engine.';

CREATE TABLE coco.installed (
    signature text PRIMARY KEY,
    version bigint NOT NULL,
    name text NOT NULL,
    body text NOT NULL,
    definition text NOT NULL
);
COMMENT ON TABLE coco.installed IS 'Procedures in public that coco installed: the md5 of their bodies, and how to create them again.';

CREATE TABLE coco.column_kept (
    name text PRIMARY KEY,
    description text,
    grants text[] NOT NULL,
    statistics integer,
    storage "char" NOT NULL,
    compression text,
    options text[]
);
COMMENT ON TABLE coco.column_kept IS 'What hung on the columns that contract dropped: comments, grants, settings.';

CREATE TABLE coco.engine_instance (
    instance_id uuid PRIMARY KEY,
    name text NOT NULL,
    lease interval NOT NULL CHECK (lease > interval '0'),
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    alive_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    renewed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    ended_because text CHECK (ended_because IN ('stopped', 'taken over', 'taken back')),
    CHECK ((ended_at IS NULL) = (ended_because IS NULL))
) WITH (fillfactor = 50);
COMMENT ON TABLE coco.engine_instance IS 'Runs of programs that keep their commands here; each is alive until its lease runs out.';
COMMENT ON COLUMN coco.engine_instance.alive_since IS 'No gap in its heartbeats since then.';

CREATE TABLE coco.command_owner (
    command_id uuid PRIMARY KEY,
    instance_id uuid NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    recoveries integer NOT NULL DEFAULT 0,
    held_at timestamptz,
    recovery_id uuid
) WITH (fillfactor = 85);
CREATE INDEX command_owner_instance_id ON coco.command_owner (instance_id);
COMMENT ON TABLE coco.command_owner IS 'Which instance drives an unfinished command. Without a row here nobody does, or the engine itself.';
COMMENT ON COLUMN coco.command_owner.recoveries IS 'How often its owner has died since it last made progress.';
COMMENT ON COLUMN coco.command_owner.recovery_id IS 'The attempt that has taken it, until its answer has arrived that may be asked again.';
COMMENT ON COLUMN coco.command_owner.held_at IS 'It is not handed out any more: its owners died too often.';

-- UNLOGGED: it is filled and emptied in one transaction.
CREATE UNLOGGED TABLE coco.loading (
    line bigint PRIMARY KEY,
    outcome text NOT NULL DEFAULT 'staged',
    command_id uuid NOT NULL CHECK (command_id <> '00000000-0000-0000-0000-000000000000'),
    command_type integer NOT NULL,
    parent_command_id uuid,
    root_command_id uuid,
    action_parameters text,
    action_parameters_class varchar(256),
    created_at timestamptz,
    status varchar(20),
    finished_at timestamptz
);
CREATE INDEX loading_command_id ON coco.loading (command_id);
COMMENT ON TABLE coco.loading IS 'Commands from an export that are being taken in again; empty at all other times.';

CREATE VIEW coco.loaded_command AS
SELECT line, outcome, command_id FROM coco.loading;
COMMENT ON VIEW coco.loaded_command IS 'What became of a line of an export: what coco.load_commands returns.';

-- Commands with who drives them; without the text, where that is not wanted.
CREATE VIEW coco.command AS
SELECT e.command_id, e.command_type, e.parent_command_id, e.root_command_id, e.action_parameters, e.action_parameters_class,
    e.created_at, e.status, e.finished_at, o.instance_id AS owner_id, o.taken_at, o.recoveries, o.held_at
FROM public.command_entities e
LEFT JOIN coco.command_owner o ON o.command_id = e.command_id;

CREATE VIEW coco.command_head AS
SELECT e.command_id, e.command_type, e.parent_command_id, e.root_command_id, e.action_parameters_class,
    e.created_at, e.status, e.finished_at, o.instance_id AS owner_id, o.taken_at, o.recoveries, o.held_at
FROM public.command_entities e
LEFT JOIN coco.command_owner o ON o.command_id = e.command_id;

-- Not clock_timestamp(): a volatile function keeps a view from being merged into the query that reads it, with its order and limit.
CREATE VIEW coco.instance_state AS
SELECT i.instance_id, i.name,
    (CASE WHEN i.ended_at IS NOT NULL THEN i.ended_because
        WHEN i.renewed_at < statement_timestamp() - i.lease THEN 'expired'
        ELSE 'alive' END)::text AS state
FROM coco.engine_instance i;

CREATE VIEW coco.instance_summary AS
SELECT i.instance_id, i.name, i.lease, i.started_at, i.alive_since, i.renewed_at, i.ended_at,
    s.state,
    owned.commands,
    owned.held
FROM coco.engine_instance i
JOIN coco.instance_state s ON s.instance_id = i.instance_id
CROSS JOIN LATERAL (
    SELECT count(*) AS commands, count(o.held_at) AS held FROM coco.command_owner o WHERE o.instance_id = i.instance_id
) AS owned;

CREATE VIEW coco.removal_blocker AS
SELECT e.command_id, e.parent_command_id AS task_id, ''::text AS reason FROM public.command_entities e WHERE false;
COMMENT ON VIEW coco.removal_blocker IS 'What keeps a command from being removed: the row type of coco.removal_blockers.';

CREATE TABLE coco.cleanup_run (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    run_id uuid,
    runner text,
    lease interval,
    started_at timestamptz,
    expires_at timestamptz,
    ended_at timestamptz,
    removed bigint,
    done_until timestamptz
);
COMMENT ON TABLE coco.cleanup_run IS 'The newest run of the cleanup. Only one is at work at a time: that of run_id, until expires_at.';
COMMENT ON COLUMN coco.cleanup_run.done_until IS 'For when the newest daily run was due that has been done.';
INSERT INTO coco.cleanup_run DEFAULT VALUES;

CREATE VIEW coco.cleanup_outcome AS
SELECT ''::text AS outcome, NULL::uuid AS command_id, NULL::bigint AS commands, NULL::text AS line;
COMMENT ON VIEW coco.cleanup_outcome IS 'What became of a tree of commands in the cleanup: what coco.clean_trees returns.';
-- The texts come from the task, not from here: this says only which columns there are, and which of them may be NULL.
CREATE VIEW coco.task_command AS
SELECT e.command_id AS task_id, e.command_type AS action_type, e.command_type AS status, e.command_type AS result,
    e.parent_command_id AS step_id, e.created_at AS started_at, e.parent_command_id AS storage_pool_id, e.command_type AS task_type,
    e.parent_command_id AS vdsm_task_id, '{}'::uuid[] AS entity_ids, '{}'::text[] AS entity_types, 0 AS depth, e.command_id,
    k.command_type, k.parent_command_id, k.root_command_id, k.action_parameters, k.action_parameters_class, k.created_at,
    k.status AS command_status, k.finished_at, k.owner_id, k.taken_at, k.recoveries, k.held_at
FROM public.command_entities e
LEFT JOIN coco.command k ON k.command_id = e.command_id
WHERE false;
COMMENT ON VIEW coco.task_command IS 'A task with one of its commands: the row type of coco.tasks_with_commands.';

CREATE VIEW coco.removed_task AS
SELECT e.parent_command_id AS task_id, e.root_command_id AS command_id FROM public.command_entities e WHERE false;
COMMENT ON VIEW coco.removed_task IS 'A task or a command that was removed: the row type of coco.remove_tasks.';

-- What operators see of a command: its parameters' length, not their text.
CREATE VIEW coco.command_overview AS
SELECT e.command_id, e.command_type, e.parent_command_id, e.root_command_id, e.action_parameters_class,
    octet_length(e.action_parameters) AS parameters_bytes,
    e.created_at, COALESCE(NULLIF(e.status, ''), 'UNKNOWN')::text AS status, e.finished_at,
    o.instance_id AS owner_id, i.name AS owner_name, i.state AS owner_state, o.taken_at, o.recoveries, o.held_at
FROM public.command_entities e
LEFT JOIN coco.command_owner o ON o.command_id = e.command_id
LEFT JOIN coco.instance_state i ON i.instance_id = o.instance_id;

CREATE VIEW coco.exported_command AS
SELECT e.command_id, ''::text AS line FROM public.command_entities e WHERE false;
COMMENT ON VIEW coco.exported_command IS 'A command as a line of an export: the row type of coco.take_out.';

-- A task with its command's values, in the shape async_tasks had: what the engine's getters return.
CREATE VIEW coco.async_task AS
SELECT
    t.task_id,
    t.action_type,
    t.status,
    t.result,
    CASE WHEN a.keeps_action THEN a.action_parameters ELSE acting.action_parameters END AS action_parameters,
    CASE WHEN a.keeps_action THEN a.action_params_class ELSE acting.action_parameters_class END AS action_params_class,
    t.step_id,
    t.command_id,
    t.started_at,
    t.storage_pool_id,
    t.task_type,
    CASE WHEN a.keeps_task THEN a.task_parameters ELSE own.action_parameters END AS task_parameters,
    CASE WHEN a.keeps_task THEN a.task_params_class ELSE own.action_parameters_class END AS task_params_class,
    t.vdsm_task_id,
    CASE WHEN a.keeps_root THEN a.root_command_id
        ELSE COALESCE(own.parent_command_id, own.root_command_id) END AS root_command_id
FROM public.async_tasks t
LEFT JOIN coco.archive a ON a.task_id = t.task_id
LEFT JOIN public.command_entities own ON own.command_id = t.command_id
LEFT JOIN public.command_entities acting ON acting.command_id = COALESCE(
    NULLIF(CASE WHEN a.keeps_root THEN a.root_command_id
        ELSE COALESCE(own.parent_command_id, own.root_command_id) END, '00000000-0000-0000-0000-000000000000'),
    t.command_id);

-- coco:include coco/install.sql

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

-- coco:end
-- coco:include coco/reinstall.sql

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

-- coco:end
-- coco:include coco/compare.sql

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

-- coco:end
-- coco:include coco/record.sql

-- How one task is recorded in command_entities while the engine still passes the command with the task.
--
-- Nothing here waits for another client. The engine's clients update tasks of the same command in any order inside longer
-- transactions; if they waited for one another on an entity they would dead-lock, which they never did on async_tasks. So an
-- entity is taken with SKIP LOCKED, a new one under an advisory try-lock, and whatever cannot be shared right now is kept in
-- the task's own archive row, which belongs to nobody else.

-- offer_command puts a command's values where its entity can give them back, as far as other tasks allow.
-- True: the entity exists and stays as it is until this transaction ends, so the task may rely on it.
CREATE FUNCTION coco.offer_command(
    v_task_id uuid,
    v_command_id uuid,
    v_command_type integer,
    v_linked boolean,
    v_parent_command_id uuid,
    v_root_command_id uuid,
    v_action_parameters text,
    v_action_parameters_class varchar(256),
    v_created_at timestamptz,
    v_status varchar(20)
) RETURNS boolean
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_entity public.command_entities;
    v_new_values boolean;
    v_new_links boolean;
BEGIN
    SELECT * INTO v_entity FROM public.command_entities WHERE command_id = v_command_id;
    IF NOT FOUND THEN
        -- 1668248431 spells coco: our key space among the database's advisory locks.
        IF NOT pg_try_advisory_xact_lock(1668248431, hashtext(v_command_id::text)) THEN
            RETURN false;
        END IF;
        -- Looked at again under the lock: an entity that another client is just deleting would make the INSERT wait for it.
        PERFORM 1 FROM public.command_entities WHERE command_id = v_command_id;
        IF FOUND THEN
            RETURN false;
        END IF;
        INSERT INTO public.command_entities (
            command_id, command_type, parent_command_id, root_command_id,
            action_parameters, action_parameters_class, created_at, status
        ) VALUES (
            v_command_id, v_command_type, v_parent_command_id, v_root_command_id,
            v_action_parameters, v_action_parameters_class, v_created_at, v_status
        ) ON CONFLICT (command_id) DO NOTHING;
        RETURN FOUND;
    END IF;

    v_new_values := (v_entity.action_parameters, v_entity.action_parameters_class)
        IS DISTINCT FROM (v_action_parameters, v_action_parameters_class);
    -- A task says no more of the links than this: a root above the parent, which the new engine knows, stays.
    v_new_links := v_linked AND COALESCE(v_entity.parent_command_id, v_entity.root_command_id)
        IS DISTINCT FROM COALESCE(v_parent_command_id, v_root_command_id);
    IF v_new_values OR v_new_links
        OR (v_entity.command_type = 0 AND v_command_type <> 0)
        OR (v_entity.status = 'NOT_STARTED' AND v_status = 'ACTIVE')
    THEN
        SELECT * INTO v_entity FROM public.command_entities
        WHERE command_id = v_command_id FOR NO KEY UPDATE SKIP LOCKED;
        IF FOUND THEN
            v_new_values := v_new_values AND NOT EXISTS (
                SELECT 1 FROM coco.ledger l LEFT JOIN coco.archive a ON a.task_id = l.task_id
                WHERE l.command_id = v_command_id AND l.task_id <> v_task_id AND a.keeps_task IS NOT TRUE
            ) AND NOT EXISTS (
                SELECT 1 FROM coco.ledger l LEFT JOIN coco.archive a ON a.task_id = l.task_id
                WHERE l.root_command_id = v_command_id AND l.task_id <> v_task_id AND a.keeps_action IS NOT TRUE
            ) AND NOT EXISTS (
                SELECT 1 FROM coco.ledger l LEFT JOIN coco.archive a ON a.task_id = l.task_id
                WHERE l.command_id = v_command_id AND l.root_command_id IS NULL
                    AND l.task_id <> v_task_id AND a.keeps_action IS NOT TRUE
            );
            v_new_links := v_new_links AND NOT EXISTS (
                SELECT 1 FROM coco.ledger l LEFT JOIN coco.archive a ON a.task_id = l.task_id
                WHERE l.command_id = v_command_id AND l.task_id <> v_task_id AND a.keeps_root IS NOT TRUE
            );
            UPDATE public.command_entities SET
                command_type = CASE WHEN command_type = 0 THEN v_command_type ELSE command_type END,
                parent_command_id = CASE WHEN v_new_links THEN v_parent_command_id ELSE parent_command_id END,
                root_command_id = CASE WHEN v_new_links THEN v_root_command_id ELSE root_command_id END,
                action_parameters = CASE WHEN v_new_values THEN v_action_parameters ELSE action_parameters END,
                action_parameters_class = CASE WHEN v_new_values THEN v_action_parameters_class
                    ELSE action_parameters_class END,
                status = CASE WHEN status = 'NOT_STARTED' AND v_status = 'ACTIVE' THEN v_status ELSE status END
            WHERE command_id = v_command_id;
            IF v_new_links THEN
                PERFORM coco.release_command(v_entity.parent_command_id, false, true);
                PERFORM coco.release_command(NULLIF(v_entity.root_command_id, v_command_id), false, true);
            END IF;
            RETURN true;
        END IF;
    END IF;

    PERFORM 1 FROM public.command_entities WHERE command_id = v_command_id FOR SHARE SKIP LOCKED;
    RETURN FOUND;
END;
$procedure$;

-- record_task makes command_entities and the archive give back exactly these values for this task. v_moved: the writer left the
-- moved columns of async_tasks alone.
CREATE FUNCTION coco.record_task(
    v_task_id uuid,
    v_action_type integer,
    v_vdsm_task_id uuid,
    v_started_at timestamptz,
    v_command_id uuid,
    v_root_command_id uuid,
    v_action_parameters text,
    v_action_params_class varchar(256),
    v_task_parameters text,
    v_task_params_class varchar(256),
    v_moved boolean
) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_own_id CONSTANT uuid := NULLIF(v_command_id, c_none);
    v_root_id CONSTANT uuid := NULLIF(v_root_command_id, c_none);
    v_acting_id CONSTANT uuid := COALESCE(v_root_id, v_own_id);
    v_own_status CONSTANT varchar(20) := CASE WHEN v_vdsm_task_id = c_none THEN 'NOT_STARTED' ELSE 'ACTIVE' END;
    v_before coco.ledger;
    v_moved_from bigint;
    v_own public.command_entities;
    v_acting public.command_entities;
    v_own_held boolean := v_own_id IS NULL;
    v_acting_held boolean := v_acting_id IS NULL;
    v_keeps_root boolean;
    v_keeps_action boolean;
    v_keeps_task boolean;
BEGIN
    SELECT * INTO v_before FROM coco.ledger WHERE task_id = v_task_id;
    IF v_moved AND (SELECT mending FROM coco.state) THEN
        -- An old writer may have been here since the task was last recorded.
        EXECUTE 'SELECT coco.fingerprint(root_command_id, action_parameters, action_params_class, task_parameters,
            task_params_class) FROM public.async_tasks WHERE task_id = $1' INTO v_moved_from USING v_task_id;
    ELSIF v_moved AND v_before.task_id IS NULL THEN
        v_moved_from := coco.fingerprint(NULL, NULL, NULL, NULL, NULL);
    ELSIF v_moved THEN
        v_moved_from := COALESCE(v_before.moved_from, v_before.fingerprint);
    END IF;
    INSERT INTO coco.ledger (task_id, command_id, root_command_id, fingerprint, moved_from)
    VALUES (
        v_task_id, v_own_id, v_root_id,
        coco.fingerprint(v_root_command_id, v_action_parameters, v_action_params_class,
            v_task_parameters, v_task_params_class),
        v_moved_from
    )
    ON CONFLICT (task_id) DO UPDATE SET
        command_id = excluded.command_id,
        root_command_id = excluded.root_command_id,
        fingerprint = excluded.fingerprint,
        moved_from = excluded.moved_from;

    IF v_acting_id = v_own_id THEN
        v_own_held := coco.offer_command(v_task_id, v_own_id, v_action_type, true, NULL, v_root_id,
            v_action_parameters, v_action_params_class, v_started_at,
            CASE WHEN v_root_id IS NULL THEN v_own_status ELSE 'ACTIVE' END);
        v_acting_held := v_own_held;
    ELSIF v_acting_id IS NOT NULL THEN
        v_acting_held := coco.offer_command(v_task_id, v_acting_id, v_action_type, false, NULL, v_acting_id,
            v_action_parameters, v_action_params_class, v_started_at, 'ACTIVE');
        IF v_own_id IS NOT NULL THEN
            -- A root that is not held may vanish: then the command is stored without it and the archive keeps the link.
            v_own_held := coco.offer_command(v_task_id, v_own_id, 0, v_acting_held,
                CASE WHEN v_acting_held THEN v_root_id END, CASE WHEN v_acting_held THEN v_root_id END,
                v_task_parameters, v_task_params_class, v_started_at, v_own_status);
        END IF;
    END IF;

    SELECT * INTO v_own FROM public.command_entities WHERE command_id = v_own_id;
    SELECT * INTO v_acting FROM public.command_entities WHERE command_id = v_acting_id;
    v_keeps_root := NOT v_own_held
        OR v_root_command_id IS DISTINCT FROM COALESCE(v_own.parent_command_id, v_own.root_command_id);
    v_keeps_action := NOT v_acting_held
        OR (v_action_parameters, v_action_params_class)
            IS DISTINCT FROM (v_acting.action_parameters, v_acting.action_parameters_class);
    v_keeps_task := NOT v_own_held
        OR (v_task_parameters, v_task_params_class)
            IS DISTINCT FROM (v_own.action_parameters, v_own.action_parameters_class);

    IF v_keeps_root OR v_keeps_action OR v_keeps_task THEN
        INSERT INTO coco.archive (
            task_id, keeps_root, root_command_id,
            keeps_action, action_parameters, action_params_class,
            keeps_task, task_parameters, task_params_class
        ) VALUES (
            v_task_id, v_keeps_root, CASE WHEN v_keeps_root THEN v_root_command_id END,
            v_keeps_action, CASE WHEN v_keeps_action THEN v_action_parameters END,
            CASE WHEN v_keeps_action THEN v_action_params_class END,
            v_keeps_task, CASE WHEN v_keeps_task THEN v_task_parameters END,
            CASE WHEN v_keeps_task THEN v_task_params_class END
        )
        ON CONFLICT (task_id) DO UPDATE SET
            keeps_root = excluded.keeps_root,
            root_command_id = excluded.root_command_id,
            keeps_action = excluded.keeps_action,
            action_parameters = excluded.action_parameters,
            action_params_class = excluded.action_params_class,
            keeps_task = excluded.keeps_task,
            task_parameters = excluded.task_parameters,
            task_params_class = excluded.task_params_class;
    ELSE
        DELETE FROM coco.archive WHERE task_id = v_task_id;
    END IF;

    IF v_before.command_id IS DISTINCT FROM v_own_id AND v_before.command_id IS NOT NULL THEN
        PERFORM coco.release_command(v_before.command_id, true, true);
    END IF;
    IF v_before.root_command_id IS DISTINCT FROM v_root_id AND v_before.root_command_id IS NOT NULL THEN
        PERFORM coco.release_command(v_before.root_command_id, false, true);
    END IF;
END;
$procedure$;

-- release_command deletes a command that a task has left and no task and no child needs any more. v_own: the task was its own;
-- otherwise it named the command as its root. A command that stays, but without a task of its own, loses its parent then: its own
-- tasks said which that was. For the same reason a child leaves a parent that none of its tasks names any more; one that has another
-- parent, and this command as its root alone, still needs it.
-- Before the switch every command is made of tasks, and the parent of one that went is looked at in the same way. From then on
-- a command may have been stored by itself: whatever no task has named stays where it is.
-- What it has to leave, because a task that is about to go may still name it or because it is locked, it enters in
-- coco.to_release: whoever deletes a task next looks at it again (v_again).
-- In a cycle of damaged rows each command is the other's child; there the children that are ancestors too do not count.
CREATE FUNCTION coco.release_command(v_command_id uuid, v_own boolean, v_again boolean) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_id uuid := v_command_id;
    v_stored CONSTANT boolean := (SELECT serves = 'command_entities' FROM coco.state);
    v_entity public.command_entities;
    v_children uuid[];
    v_locked uuid[];
BEGIN
    WHILE v_id IS NOT NULL LOOP
        SELECT * INTO v_entity FROM public.command_entities WHERE command_id = v_id FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            INSERT INTO coco.to_release (command_id, own)
            SELECT command_id, v_own FROM public.command_entities WHERE command_id = v_id;
            RETURN;
        END IF;
        IF EXISTS (SELECT 1 FROM coco.ledger WHERE command_id = v_id) THEN
            INSERT INTO coco.to_release (command_id, own) SELECT v_id, v_own WHERE v_again;
            RETURN;
        END IF;

        IF NOT EXISTS (SELECT 1 FROM coco.ledger WHERE root_command_id = v_id) THEN
            v_locked := ARRAY(
                SELECT e.command_id FROM public.command_entities e
                WHERE (e.parent_command_id = v_id OR (e.parent_command_id IS NULL AND e.root_command_id = v_id))
                    AND e.command_id <> v_id AND EXISTS (SELECT 1 FROM coco.ledger l WHERE l.command_id = e.command_id)
                FOR NO KEY UPDATE SKIP LOCKED);
            UPDATE public.command_entities SET parent_command_id = NULL, root_command_id = command_id
            WHERE command_id = ANY (v_locked);
        END IF;

        v_children := ARRAY(
            WITH RECURSIVE below(command_id) AS (
                SELECT v_id
                UNION
                SELECT e.command_id
                FROM below b
                JOIN public.command_entities e ON e.parent_command_id = b.command_id OR e.root_command_id = b.command_id
            )
            SELECT b.command_id FROM below b WHERE b.command_id <> v_id);
        IF EXISTS (SELECT 1 FROM coco.ledger WHERE root_command_id = v_id) OR EXISTS (
            WITH RECURSIVE ancestor(command_id, parent_command_id) AS (
                SELECT e.command_id, e.parent_command_id FROM public.command_entities e WHERE e.command_id = v_id
                UNION
                SELECT e.command_id, e.parent_command_id
                FROM ancestor a JOIN public.command_entities e ON e.command_id = a.parent_command_id
            )
            SELECT 1 FROM unnest(v_children) AS child(command_id)
            WHERE child.command_id NOT IN (SELECT a.command_id FROM ancestor a)
                OR EXISTS (SELECT 1 FROM coco.ledger l WHERE l.command_id = child.command_id)
                OR EXISTS (SELECT 1 FROM coco.ledger l WHERE l.root_command_id = child.command_id)
        ) THEN
            INSERT INTO coco.to_release (command_id, own)
            SELECT v_id, v_own
            WHERE v_again OR EXISTS (SELECT 1 FROM coco.to_release r WHERE r.command_id = ANY (v_children));
            IF v_entity.parent_command_id IS NULL OR (v_stored AND NOT v_own) THEN
                RETURN;
            END IF;
            UPDATE public.command_entities SET parent_command_id = NULL, root_command_id = v_id WHERE command_id = v_id;
        ELSE
            -- The keys take the rest of a cycle along, and would wait for it.
            v_locked := ARRAY(
                SELECT command_id FROM public.command_entities WHERE command_id = ANY (v_children) FOR UPDATE SKIP LOCKED);
            IF cardinality(v_locked) < cardinality(v_children) THEN
                INSERT INTO coco.to_release (command_id, own) VALUES (v_id, v_own);
                RETURN;
            END IF;
            DELETE FROM public.command_entities WHERE command_id = v_id;
        END IF;
        EXIT WHEN v_stored;
        v_id := NULLIF(v_entity.parent_command_id, v_id);
    END LOOP;
END;
$procedure$;

-- sweep releases up to v_limit commands that an earlier transaction had to leave.
CREATE FUNCTION coco.sweep(v_limit integer) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_left record;
BEGIN
    FOR v_left IN
        WITH taken AS (
            DELETE FROM coco.to_release
            WHERE seq IN (SELECT seq FROM coco.to_release ORDER BY seq LIMIT v_limit FOR UPDATE SKIP LOCKED)
            RETURNING command_id, own
        )
        -- A command that has lost its own tasks leaves its parent, which may go then.
        SELECT t.command_id, bool_or(t.own) AS own FROM taken t GROUP BY t.command_id ORDER BY 2 DESC, 1
    LOOP
        PERFORM coco.release_command(v_left.command_id, v_left.own, false);
    END LOOP;
END;
$procedure$;

-- forget_task drops what coco kept for a task that is gone; with v_release also the commands that only it needed.
CREATE FUNCTION coco.forget_task(v_task_id uuid, v_release boolean) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_before coco.ledger;
BEGIN
    IF v_release THEN
        PERFORM coco.sweep(10);
    END IF;
    DELETE FROM coco.archive WHERE task_id = v_task_id;
    DELETE FROM coco.ledger WHERE task_id = v_task_id RETURNING * INTO v_before;
    IF v_release AND FOUND THEN
        PERFORM coco.release_command(v_before.command_id, true, true);
        PERFORM coco.release_command(v_before.root_command_id, false, true);
    END IF;
END;
$procedure$;

-- renew_command is called when a command is changed on purpose: its tasks follow it from then on, so what was kept for them in
-- its place holds no longer, nor do their fingerprints. v_values: its parameters have changed; v_links: its parent or root has.
CREATE FUNCTION coco.renew_command(v_command_id uuid, v_values boolean, v_links boolean) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    IF v_values THEN
        UPDATE coco.archive a
        SET keeps_task = false, task_parameters = NULL, task_params_class = NULL
        FROM coco.ledger l
        WHERE l.task_id = a.task_id AND l.command_id = v_command_id AND a.keeps_task;

        UPDATE coco.archive a
        SET keeps_action = false, action_parameters = NULL, action_params_class = NULL
        FROM coco.ledger l
        WHERE l.task_id = a.task_id AND a.keeps_action
            AND (l.root_command_id = v_command_id OR (l.command_id = v_command_id AND l.root_command_id IS NULL));

        UPDATE coco.ledger SET fingerprint = NULL, moved_from = COALESCE(moved_from, fingerprint)
        WHERE root_command_id = v_command_id AND fingerprint IS NOT NULL;
    END IF;
    IF v_links THEN
        -- A task's parameters of its parent command are now those of another one.
        UPDATE coco.archive a
        SET keeps_root = false, root_command_id = NULL,
            keeps_action = false, action_parameters = NULL, action_params_class = NULL
        FROM coco.ledger l
        WHERE l.task_id = a.task_id AND l.command_id = v_command_id AND (a.keeps_root OR a.keeps_action);

        UPDATE coco.ledger l SET root_command_id = COALESCE(e.parent_command_id, e.root_command_id)
        FROM public.command_entities e
        WHERE e.command_id = v_command_id AND l.command_id = v_command_id;
    END IF;
    UPDATE coco.ledger SET fingerprint = NULL, moved_from = COALESCE(moved_from, fingerprint)
    WHERE command_id = v_command_id AND fingerprint IS NOT NULL;
END;
$procedure$;

-- task_commands are all commands that tasks name: as their own, or, where only the archive says so, as their root.
CREATE FUNCTION coco.task_commands() RETURNS TABLE (task_id uuid, command_id uuid)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
    SELECT t.task_id, t.command_id FROM public.async_tasks t
    UNION ALL
    SELECT a.task_id, a.root_command_id FROM coco.archive a WHERE a.keeps_root AND a.root_command_id IS NOT NULL
$procedure$;

-- coco:end
-- coco:include coco/log.sql

-- The change log: which rows may have changed since they were last compared. A trigger that wrote the entities itself would make
-- clients wait for one another; recording an id shares no row with anybody.

-- log_task_id serves both tables that are keyed by task; its argument says which one it is: task or archive.
CREATE FUNCTION coco.log_task_id() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO coco.change_log (source, id) SELECT TG_ARGV[0], task_id FROM coco.ledger;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO coco.change_log (source, id) VALUES (TG_ARGV[0], OLD.task_id);
    END IF;
    IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.task_id <> OLD.task_id) THEN
        INSERT INTO coco.change_log (source, id) VALUES (TG_ARGV[0], NEW.task_id);
    END IF;
    RETURN NULL;
END;
$procedure$;

CREATE FUNCTION coco.log_command() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO coco.change_log (source, id)
        SELECT 'command', command_id FROM coco.ledger WHERE command_id IS NOT NULL;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO coco.change_log (source, id) VALUES ('command', OLD.command_id);
    END IF;
    -- What no task can tell is guarded here: until the switch no procedure changes these.
    IF TG_OP = 'UPDATE' AND (SELECT serves = 'async_tasks' FROM coco.state) AND (
        NEW.created_at IS DISTINCT FROM OLD.created_at
        OR NEW.finished_at IS DISTINCT FROM OLD.finished_at
        OR (NEW.command_type <> OLD.command_type AND OLD.command_type <> 0)
        OR (NEW.status IS DISTINCT FROM OLD.status AND (OLD.status, NEW.status) IS DISTINCT FROM ('NOT_STARTED', 'ACTIVE'))
    ) THEN
        INSERT INTO coco.change_log (source, id) VALUES ('altered', OLD.command_id);
    END IF;
    IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.command_id <> OLD.command_id) THEN
        INSERT INTO coco.change_log (source, id) VALUES ('command', NEW.command_id);
    END IF;
    RETURN NULL;
END;
$procedure$;

-- release_task follows a task out, whoever deletes it: a procedure, the task cleaner, a script. While the engine passes commands
-- with tasks, the last task of a command takes the command along, as it took its columns along before.
CREATE FUNCTION coco.release_task() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_release CONSTANT boolean := NOT (SELECT retired FROM coco.state) AND NOT coco.taken_over();
BEGIN
    -- An update fires only after retire, when the task changes its command: what was kept belongs to the command it had.
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM coco.forget_task(task_id, v_release) FROM coco.ledger;
    ELSE
        PERFORM coco.forget_task(OLD.task_id, v_release);
    END IF;
    RETURN NULL;
END;
$procedure$;

-- catch_up takes up to v_batch log rows and brings the entities up to date with them. It returns how many rows remain. A row that
-- shows a change nobody should have made stays in the log: require_proof names it.
CREATE FUNCTION coco.catch_up(v_batch integer) RETURNS bigint
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_taken bigint[];
    v_tasks uuid[];
    v_id uuid;
    v_task public.async_tasks;
    v_wrong uuid[];
    v_remaining bigint;
    -- Until writers keep both places, nobody else records a task, and one that changes meanwhile is in the log again: then no client has to
    -- wait for a lock of this call.
    v_lock CONSTANT text := CASE WHEN to_regproc('coco.v6_insertasync_tasks') IS NULL THEN '' ELSE ' FOR NO KEY UPDATE SKIP LOCKED' END;
BEGIN
    PERFORM coco.sweep(v_batch);
    v_taken := ARRAY(SELECT seq FROM coco.change_log ORDER BY seq LIMIT v_batch FOR UPDATE SKIP LOCKED);
    v_tasks := coco.logged_tasks(v_taken);

    IF (SELECT serves = 'async_tasks' FROM coco.state) THEN
        FOR v_id IN
            SELECT d.id FROM coco.differences(v_tasks, cardinality(v_tasks)) d
            WHERE d.source = 'task' AND EXISTS (SELECT 1 FROM coco.change_log c WHERE c.source = 'task' AND c.id = d.id)
            UNION
            -- Values alone do not tell that a task was submitted, or that its type is known by now.
            SELECT t.task_id FROM public.async_tasks t
            JOIN public.command_entities e ON e.command_id IN (t.command_id, t.root_command_id)
            WHERE t.task_id = ANY (v_tasks) AND (
                e.status = 'NOT_STARTED' AND e.command_id = t.command_id AND t.vdsm_task_id <> '00000000-0000-0000-0000-000000000000'
                OR e.command_type = 0 AND t.action_type <> 0 AND (e.command_id = t.root_command_id OR t.root_command_id IS NULL))
            ORDER BY 1
        LOOP
            EXECUTE 'SELECT * FROM public.async_tasks WHERE task_id = $1' || v_lock INTO v_task USING v_id;
            IF v_task.task_id IS NOT NULL THEN
                EXECUTE 'SELECT coco.record_task($1.task_id, $1.action_type, $1.vdsm_task_id, $1.started_at, $1.command_id,
                    $1.root_command_id, $1.action_parameters, $1.action_params_class, $1.task_parameters,
                    $1.task_params_class, false)' USING v_task;
            ELSIF EXISTS (SELECT 1 FROM public.async_tasks WHERE task_id = v_id) THEN
                INSERT INTO coco.change_log (source, id) VALUES ('task', v_id);
            ELSE
                -- A client may be adding the task anew: then its ledger row is locked, and its turn comes later.
                PERFORM 1 FROM coco.ledger WHERE task_id = v_id FOR UPDATE SKIP LOCKED;
                IF FOUND AND NOT EXISTS (SELECT 1 FROM public.async_tasks WHERE task_id = v_id) THEN
                    PERFORM coco.forget_task(v_id, true);
                ELSE
                    INSERT INTO coco.change_log (source, id) VALUES ('task', v_id);
                END IF;
            END IF;
        END LOOP;
    END IF;

    v_tasks := coco.logged_tasks(v_taken);
    v_wrong := ARRAY(SELECT d.id FROM coco.differences(v_tasks, cardinality(v_tasks)) d);
    DELETE FROM coco.change_log c
    USING coco.state s
    WHERE c.seq = ANY (v_taken) AND NOT CASE c.source
        WHEN 'altered' THEN true
        WHEN 'command' THEN
            EXISTS (SELECT 1 FROM coco.ledger l WHERE l.task_id = ANY (v_wrong) AND c.id IN (l.command_id, l.root_command_id))
            OR s.serves = 'async_tasks' AND NOT coco.is_needed(c.id)
                AND EXISTS (SELECT 1 FROM public.command_entities e WHERE e.command_id = c.id)
        ELSE c.id = ANY (v_wrong)
    END;
    SELECT count(*) INTO v_remaining FROM coco.change_log;
    RETURN v_remaining;
END;
$procedure$;

-- coco:end
-- coco:include coco/held.sql

-- Which commands async_tasks holds, and as what: the one mapping from tasks to commands. The backfill copies by it, and the way
-- back tells by it which commands would be lost.

-- held_tasks is a query for the tasks as their commands see them, without the texts. From 'table' all of them, with their places; from
-- 'commands' those that name one of $1, by way of the ledger, which has an index for it; else all of them, as async_tasks will hold them
-- after the way back. A query, because a million rows had better not be put by in between.
CREATE FUNCTION coco.held_tasks(v_from text) RETURNS text
LANGUAGE plpgsql
STABLE
AS $procedure$
DECLARE
    c_columns CONSTANT text := $columns$t.action_type,
        t.vdsm_task_id IS DISTINCT FROM '00000000-0000-0000-0000-000000000000' AS submitted,
        t.action_parameters IS NOT NULL AS has_action, t.task_parameters IS NOT NULL AS has_task, t.started_at$columns$;
BEGIN
    IF v_from = 'commands' THEN
        RETURN format('SELECT t.task_id, l.command_id, l.root_command_id, %s, NULL::tid AS place
            FROM coco.ledger l
            JOIN public.async_tasks t ON t.task_id = l.task_id
            WHERE l.command_id = ANY ($1) OR l.root_command_id = ANY ($1)', c_columns);
    END IF;
    RETURN format('SELECT t.task_id, NULLIF(t.command_id, %1$L) AS command_id, NULLIF(t.root_command_id, %1$L) AS root_command_id, %2$s,
            %3$s AS place FROM %4$s t', '00000000-0000-0000-0000-000000000000', c_columns,
        CASE v_from WHEN 'table' THEN 't.ctid' ELSE 'NULL::tid' END,
        (SELECT CASE s.serves WHEN 'async_tasks' THEN 'public.async_tasks' ELSE 'coco.async_task' END FROM coco.state s));
END;
$procedure$;

-- held_commands is a query that maps these tasks to commands: one for every distinct root id, one for every command id that is nobody's
-- root. A command's values are those of the task that stands for it (task_id): submitted first, then of a known type, then with
-- parameters, then the latest, then the smallest id. own says which of its parameters: task_parameters, else action_parameters.
-- v_between: only the commands whose ids are $1 or more, and less than $2 unless that is NULL.
CREATE FUNCTION coco.held_commands(v_from text, v_between boolean) RETURNS text
LANGUAGE sql
STABLE
AS $procedure$
    SELECT format($query$
        WITH root AS (
            SELECT DISTINCT ON (t.root_command_id)
                t.root_command_id AS command_id, t.task_id, t.action_type, min(t.started_at) OVER all_of_it AS started_at,
                t.place
            FROM (%1$s) AS t
            WHERE t.root_command_id IS NOT NULL %2$s
            WINDOW all_of_it AS (
                PARTITION BY t.root_command_id
                ORDER BY t.submitted DESC, t.action_type <> 0 DESC, t.has_action DESC, t.started_at DESC NULLS LAST, t.task_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) -- ordered, so that it is sorted once
            ORDER BY t.root_command_id, t.submitted DESC, t.action_type <> 0 DESC, t.has_action DESC,
                t.started_at DESC NULLS LAST, t.task_id
        ), mine AS (
            SELECT DISTINCT ON (t.command_id)
                t.command_id, t.task_id, t.action_type, t.root_command_id, t.submitted,
                min(t.started_at) OVER all_of_it AS started_at,
                t.place
            FROM (%1$s) AS t
            WHERE t.command_id IS NOT NULL %3$s
            WINDOW all_of_it AS (
                PARTITION BY t.command_id
                ORDER BY t.submitted DESC, t.action_type <> 0 DESC, t.has_task DESC, t.started_at DESC NULLS LAST, t.task_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
            ORDER BY t.command_id, t.submitted DESC, t.action_type <> 0 DESC, t.has_task DESC,
                t.started_at DESC NULLS LAST, t.task_id
        )
        -- A root may have a task of its own that names another root: then it hangs below that one.
        SELECT r.command_id, r.action_type AS command_type,
            NULLIF(m.root_command_id, r.command_id) AS parent_command_id, COALESCE(m.root_command_id, r.command_id) AS root_command_id,
            LEAST(r.started_at, m.started_at) AS created_at, 'ACTIVE'::varchar(20) AS status, r.task_id, false AS own,
            r.place
        FROM root r
        LEFT JOIN mine m ON m.command_id = r.command_id
        UNION ALL
        SELECT m.command_id, CASE WHEN m.root_command_id IS NULL THEN m.action_type ELSE 0 END,
            m.root_command_id, m.root_command_id, m.started_at,
            CASE WHEN m.submitted THEN 'ACTIVE' ELSE 'NOT_STARTED' END::varchar(20), m.task_id, m.root_command_id IS NOT NULL,
            m.place
        FROM mine m
        WHERE NOT EXISTS (SELECT 1 FROM root r WHERE r.command_id = m.command_id)
        $query$, coco.held_tasks(v_from),
        CASE WHEN v_between THEN 'AND t.root_command_id >= $1 AND ($2 IS NULL OR t.root_command_id < $2)' END,
        CASE WHEN v_between THEN 'AND t.command_id >= $1 AND ($2 IS NULL OR t.command_id < $2)' END)
$procedure$;

-- coco:end
-- coco:include coco/backfill.sql

-- Copying the command columns of async_tasks into command_entities, a share of the work a call, in the caller's transaction.
-- Several connections may call at the same time: what an open transaction has taken, the others leave.
--
-- The steps depend on nothing but the rows: where a share ends, or how often the run was interrupted, changes no result. Rows that
-- clients change meanwhile are in the change log, and copied again from there.
--   choose    which task stands for each command
--   commands  one command for every distinct root id, and for every command id that is nobody's root; in the order of the tasks' table
--   index     their indexes: at once they cost a fraction of what they would cost row by row, and nobody needs them before
--   survey    the ledger: which commands each task names, and hashes of its values; in the order of their table
--   compare   which tasks their commands may not give back exactly; and the ledger's indexes
--   archive   what the commands do not give back exactly, task by task

-- tasks_between are the tasks in some blocks of their table. Before PostgreSQL 14 a range of blocks would mean to read all of it;
-- there every place that a block can have is asked for.
CREATE FUNCTION coco.tasks_between(v_columns text) RETURNS text
LANGUAGE sql
STABLE
AS $procedure$
    SELECT format('SELECT %s FROM public.async_tasks t WHERE ', v_columns) || CASE
        WHEN current_setting('server_version_num')::integer >= 140000
            THEN 't.ctid >= format(''(%s,0)'', $1)::tid AND t.ctid < format(''(%s,0)'', $2)::tid'
        ELSE 't.ctid = ANY (ARRAY(SELECT format(''(%s,%s)'', block, place)::tid
            FROM generate_series($1, $2 - 1) AS block, generate_series(1, 291) AS place))'
    END
$procedure$;

-- begin_step divides a step of the copy into lanes, each of which one transaction at a time works on.
CREATE FUNCTION coco.begin_step(v_step coco.progress) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_blocks CONSTANT bigint := pg_relation_size('public.async_tasks') / current_setting('block_size')::integer;
    v_end bigint;
    v_lanes bigint;
BEGIN
    CASE v_step.step
        WHEN 'survey', 'commands' THEN
            v_end := v_blocks;
            v_lanes := LEAST(64, GREATEST(1, v_blocks / 128));
        WHEN 'choose' THEN
            DELETE FROM coco.change_log; -- whatever changed so far, the copy sees
            -- Each part reads the whole table, without the texts: more than two cost more than they gain.
            v_end := LEAST(2, GREATEST(1, v_blocks / 2048));
            v_lanes := v_end;
        WHEN 'index', 'compare' THEN
            v_end := 4;
            v_lanes := 4;
        WHEN 'archive' THEN
            PERFORM coco.copy_changed();
            v_end := (SELECT count(*) FROM coco.suspect);
            v_lanes := LEAST(64, GREATEST(1, v_end / 4096));
    END CASE;
    INSERT INTO coco.lane (number, lane, begins, next, ends)
    SELECT v_step.number, n, v_end * (n - 1) / v_lanes, v_end * (n - 1) / v_lanes, v_end * n / v_lanes
    FROM generate_series(1, v_lanes) AS n;
    UPDATE coco.progress SET
        table_file = coco.table_file(),
        total = CASE v_step.step
            WHEN 'survey' THEN (SELECT GREATEST(reltuples, 0)::bigint FROM pg_catalog.pg_class WHERE oid = 'public.async_tasks'::regclass)
            WHEN 'commands' THEN (SELECT count(*) FROM coco.chosen)
            ELSE v_end END,
        bytes = CASE WHEN v_step.step IN ('survey', 'commands') THEN pg_table_size('public.async_tasks') ELSE 0 END
    WHERE number = v_step.number;
END;
$procedure$;

-- table_file is where async_tasks is stored. Blocks mean nothing any more once it is another one: after the table was written anew,
-- and in a copy that was restored from a dump.
CREATE FUNCTION coco.table_file() RETURNS text
LANGUAGE sql
STABLE
AS $procedure$
    SELECT coco.place() || ' ' || pg_relation_filenode('public.async_tasks')
$procedure$;

-- copy_again forgets the copy, so that it begins anew.
CREATE FUNCTION coco.copy_again() RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    -- coco:ignore write-without-where nothing but the copy is in it yet
    DELETE FROM public.command_entities;
    DELETE FROM coco.archive;
    DELETE FROM coco.ledger;
    DELETE FROM coco.chosen;
    DELETE FROM coco.suspect;
    DELETE FROM coco.lane;
    DROP INDEX IF EXISTS public.pk_command_entities, public.idx_parent_command_id, public.idx_root_command_id,
        public.idx_command_entities_unfinished, coco.ledger_task_id, coco.ledger_command_id, coco.ledger_root_command_id,
        coco.chosen_place;
    UPDATE coco.progress SET table_file = NULL, done = NULL, total = NULL, bytes = NULL, finished = false;
END;
$procedure$;

-- survey_tasks enters the tasks in some blocks into the ledger.
CREATE FUNCTION coco.survey_tasks(v_first bigint, v_last bigint) RETURNS bigint
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_rows bigint;
BEGIN
    EXECUTE format($insert$
        INSERT INTO coco.ledger (task_id, command_id, root_command_id, fingerprint, root_is_zero, action_hash, task_hash)
        SELECT t.task_id, NULLIF(t.command_id, %1$L), NULLIF(t.root_command_id, %1$L),
            coco.combine(t.root_command_id, t.action_hash, t.task_hash), COALESCE(t.root_command_id = %1$L, false),
            t.action_hash, t.task_hash
        FROM (%2$s OFFSET 0) AS t -- so that each text is read once
        $insert$, '00000000-0000-0000-0000-000000000000', coco.tasks_between('t.task_id, t.command_id, t.root_command_id,
            coco.value_hash(t.action_parameters, t.action_params_class) AS action_hash,
            coco.value_hash(t.task_parameters, t.task_params_class) AS task_hash')) USING v_first, v_last;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    RETURN v_rows;
END;
$procedure$;

-- choose_tasks decides which task stands for each command: for those of one of v_parts parts of all ids.
CREATE FUNCTION coco.choose_tasks(v_part integer, v_parts bigint) RETURNS bigint
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_ids CONSTANT uuid[] := ARRAY(
        SELECT (lpad(to_hex(n * 4294967296 / v_parts), 8, '0') || '-0000-0000-0000-000000000000')::uuid
        FROM generate_series(v_part - 1, LEAST(v_part, v_parts - 1)) AS n ORDER BY n);
BEGIN
    EXECUTE format('INSERT INTO coco.chosen (command_id, command_type, parent_command_id, root_command_id, created_at, status,
        task_id, own, place) SELECT * FROM (%s) AS h ORDER BY h.place', coco.held_commands('table', true))
    USING v_ids[1], v_ids[2];
    RETURN 1;
END;
$procedure$;

-- suspect_tasks finds the tasks that cannot do with what their commands hold: that of the task that stands for each.
CREATE FUNCTION coco.suspect_tasks() RETURNS bigint
LANGUAGE plpgsql
AS $procedure$
BEGIN
    WITH held AS MATERIALIZED (
        SELECT c.command_id, COALESCE(c.parent_command_id, c.root_command_id) AS root_command_id,
            CASE WHEN c.own THEN l.task_hash ELSE l.action_hash END AS hash
        FROM coco.chosen c
        LEFT JOIN coco.ledger l ON l.task_id = c.task_id
    )
    INSERT INTO coco.suspect (number, task_id)
    SELECT row_number() OVER (), l.task_id
    FROM coco.ledger l
    LEFT JOIN held own ON own.command_id = l.command_id
    LEFT JOIN held acting ON acting.command_id = COALESCE(l.root_command_id, l.command_id)
    WHERE l.root_is_zero
        OR l.root_command_id IS DISTINCT FROM own.root_command_id
        OR l.action_hash IS DISTINCT FROM acting.hash
        OR l.task_hash IS DISTINCT FROM own.hash;
    ANALYZE coco.suspect;
    RETURN 1;
END;
$procedure$;

-- copy_commands copies the commands whose tasks are in some blocks. A task that has moved since, or names another command now, is
-- passed over.
CREATE FUNCTION coco.copy_commands(v_first bigint, v_last bigint) RETURNS bigint
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_rows bigint;
BEGIN
    EXECUTE format($insert$
        INSERT INTO public.command_entities (command_id, command_type, parent_command_id, root_command_id,
            action_parameters, action_parameters_class, created_at, status)
        SELECT c.command_id, c.command_type, c.parent_command_id, c.root_command_id,
            CASE WHEN c.own THEN t.task_parameters ELSE t.action_parameters END,
            CASE WHEN c.own THEN t.task_params_class ELSE t.action_params_class END, c.created_at, c.status
        FROM (%2$s) AS t
        JOIN coco.chosen c ON c.task_id = t.task_id
            AND c.command_id = CASE WHEN c.own THEN t.command_id ELSE COALESCE(NULLIF(t.root_command_id, %1$L), t.command_id) END
        WHERE c.place >= format('(%%s,0)', $1)::tid AND c.place < format('(%%s,0)', $2)::tid
        $insert$, '00000000-0000-0000-0000-000000000000', coco.tasks_between('t.task_id, t.command_id, t.root_command_id,
            t.action_parameters, t.action_params_class, t.task_parameters, t.task_params_class')) USING v_first, v_last;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    RETURN v_rows;
END;
$procedure$;

-- copy_changed copies anew, by the ledger, the commands of tasks that have changed since the choice, and those that copy_commands has
-- passed over. A command that no task names any more is not copied again. Whoever shares one of them is suspected: it may hold another
-- value than that was made by. What changes from here on, the ledger does not know, and catch_up does.
CREATE FUNCTION coco.copy_changed() RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_changed uuid[] := ARRAY(
        WITH changed AS MATERIALIZED (
            SELECT DISTINCT g.id FROM coco.change_log g WHERE g.source = 'task'
        )
        SELECT c.command_id FROM coco.chosen c WHERE c.task_id IN (SELECT id FROM changed)
        UNION
        SELECT l.command_id FROM coco.ledger l WHERE l.task_id IN (SELECT id FROM changed) AND l.command_id IS NOT NULL
        UNION
        SELECT l.root_command_id FROM coco.ledger l WHERE l.task_id IN (SELECT id FROM changed) AND l.root_command_id IS NOT NULL);
BEGIN
    IF (SELECT count(*) FROM coco.chosen) > (SELECT p.done FROM coco.progress p WHERE p.step = 'commands') THEN
        v_changed := v_changed || ARRAY(
            SELECT c.command_id FROM coco.chosen c
            WHERE NOT EXISTS (SELECT 1 FROM public.command_entities e WHERE e.command_id = c.command_id));
    END IF;

    DELETE FROM public.command_entities WHERE command_id = ANY (v_changed);
    EXECUTE format('INSERT INTO public.command_entities (command_id, command_type, parent_command_id, root_command_id,
            action_parameters, action_parameters_class, created_at, status)
        SELECT h.command_id, h.command_type, h.parent_command_id, h.root_command_id,
            CASE WHEN h.own THEN t.task_parameters ELSE t.action_parameters END,
            CASE WHEN h.own THEN t.task_params_class ELSE t.action_params_class END, h.created_at, h.status
        FROM (%s) AS h
        JOIN public.async_tasks t ON t.task_id = h.task_id
        WHERE h.command_id = ANY ($1)', coco.held_commands('commands', false)) USING v_changed;

    INSERT INTO coco.suspect (number, task_id)
    SELECT (SELECT count(*) FROM coco.suspect) + row_number() OVER (), l.task_id
    FROM coco.ledger l
    WHERE (l.command_id = ANY (v_changed) OR l.root_command_id = ANY (v_changed))
        AND NOT EXISTS (SELECT 1 FROM coco.suspect s WHERE s.task_id = l.task_id);
END;
$procedure$;

-- build_index builds one of the indexes of the commands. Their names are those of the end; that of the primary key becomes one with the
-- foreign keys: until then whoever only reads the table, such as a backup, is not waited for.
CREATE FUNCTION coco.build_index(v_lane integer) RETURNS bigint
LANGUAGE plpgsql
AS $procedure$
BEGIN
    CASE v_lane
        WHEN 1 THEN
            CREATE UNIQUE INDEX pk_command_entities ON public.command_entities (command_id);
        WHEN 2 THEN
            CREATE INDEX idx_parent_command_id ON public.command_entities (parent_command_id) WHERE parent_command_id IS NOT NULL;
        WHEN 3 THEN
            CREATE INDEX idx_root_command_id ON public.command_entities (root_command_id) WHERE root_command_id IS NOT NULL;
        WHEN 4 THEN
            -- The predicate names finished_at, not status: status changes stay HOT updates.
            CREATE INDEX idx_command_entities_unfinished ON public.command_entities (created_at) WHERE finished_at IS NULL;
    END CASE;
    RETURN 1;
END;
$procedure$;

-- compare_part finds the suspects, or builds one of the ledger's indexes, which takes as long.
CREATE FUNCTION coco.compare_part(v_lane integer) RETURNS bigint
LANGUAGE plpgsql
AS $procedure$
BEGIN
    CASE v_lane
        WHEN 1 THEN
            RETURN coco.suspect_tasks();
        WHEN 2 THEN
            BEGIN
                CREATE UNIQUE INDEX ledger_task_id ON coco.ledger (task_id);
            EXCEPTION WHEN unique_violation THEN
                -- A task that was updated, and so moved while its table was read, was met twice. It is in the change log.
                DELETE FROM coco.ledger l USING coco.ledger other WHERE other.task_id = l.task_id AND other.ctid > l.ctid;
                CREATE UNIQUE INDEX ledger_task_id ON coco.ledger (task_id);
            END;
        WHEN 3 THEN
            CREATE INDEX ledger_command_id ON coco.ledger (command_id);
        WHEN 4 THEN
            CREATE INDEX ledger_root_command_id ON coco.ledger (root_command_id) WHERE root_command_id IS NOT NULL;
    END CASE;
    RETURN 1;
END;
$procedure$;

-- archive_tasks keeps what the commands of some suspected tasks do not give back exactly.
CREATE FUNCTION coco.archive_tasks(v_first bigint, v_last bigint) RETURNS bigint
LANGUAGE plpgsql
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_ids CONSTANT uuid[] := ARRAY(SELECT s.task_id FROM coco.suspect s WHERE s.number > v_first AND s.number <= v_last);
BEGIN
    DELETE FROM coco.archive WHERE task_id = ANY (v_ids);
    INSERT INTO coco.archive (task_id, keeps_root, root_command_id,
        keeps_action, action_parameters, action_params_class,
        keeps_task, task_parameters, task_params_class)
    SELECT given.task_id,
        given.keeps_root, CASE WHEN given.keeps_root THEN given.root_command_id END,
        given.keeps_action, CASE WHEN given.keeps_action THEN given.action_parameters END,
        CASE WHEN given.keeps_action THEN given.action_params_class END,
        given.keeps_task, CASE WHEN given.keeps_task THEN given.task_parameters END,
        CASE WHEN given.keeps_task THEN given.task_params_class END
    FROM (
        SELECT t.*,
            t.root_command_id IS DISTINCT FROM COALESCE(own.parent_command_id, own.root_command_id) AS keeps_root,
            (t.action_parameters, t.action_params_class)
                IS DISTINCT FROM (acting.action_parameters, acting.action_parameters_class) AS keeps_action,
            (t.task_parameters, t.task_params_class)
                IS DISTINCT FROM (own.action_parameters, own.action_parameters_class) AS keeps_task
        FROM public.async_tasks t
        LEFT JOIN public.command_entities own ON own.command_id = t.command_id
        LEFT JOIN public.command_entities acting
            ON acting.command_id = COALESCE(NULLIF(t.root_command_id, c_none), t.command_id)
        WHERE t.task_id = ANY (v_ids)
    ) AS given
    WHERE given.keeps_root OR given.keeps_action OR given.keeps_task;
    RETURN cardinality(v_ids);
END;
$procedure$;

-- end_step marks a step as done; with the last one, what only the copy needed goes.
CREATE FUNCTION coco.end_step(v_step coco.progress) RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    UPDATE coco.progress SET finished = true, done = (SELECT sum(l.done) FROM coco.lane l WHERE l.number = v_step.number)
    WHERE number = v_step.number;
    DELETE FROM coco.lane WHERE number = v_step.number;
    -- What was just filled is read by the next step, and by every getter later: the planner must know how much it is. Of an empty
    -- table it had better know nothing: once told, sessions plan to read it whole, and do so still when it has grown.
    CASE
        WHEN v_step.step = 'survey' AND EXISTS (SELECT 1 FROM coco.ledger) THEN
            ANALYZE coco.ledger;
        WHEN v_step.step = 'choose' THEN
            CREATE INDEX chosen_place ON coco.chosen (place);
            ANALYZE coco.chosen;
        WHEN v_step.step = 'commands' AND EXISTS (SELECT 1 FROM public.command_entities) THEN
            ANALYZE public.command_entities;
        WHEN v_step.step = 'archive' THEN
            IF EXISTS (SELECT 1 FROM coco.archive) THEN
                ANALYZE coco.archive;
            END IF;
            PERFORM coco.forget_choice();
        ELSE
    END CASE;
END;
$procedure$;

-- forget_choice empties what only the copy needs. Whoever reads these tables now, such as a backup, is not waited for: they are
-- emptied with the switch, or with retire.
CREATE FUNCTION coco.forget_choice() RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    IF to_regclass('coco.chosen_place') IS NOT NULL THEN
        TRUNCATE coco.chosen, coco.suspect;
        DROP INDEX coco.chosen_place;
    END IF;
EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
    RETURN;
END;
$procedure$;

-- take_lane does a share of a lane: about v_batch rows, going by what the lanes before had.
CREATE FUNCTION coco.take_lane(v_step coco.progress, v_lane coco.lane, v_batch integer) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_until bigint := LEAST(v_lane.ends, v_lane.next + v_batch);
    v_rows bigint;
BEGIN
    IF v_step.step IN ('survey', 'commands') THEN
        SELECT LEAST(v_lane.ends, v_lane.next + GREATEST(1, v_batch * sum(l.next - l.begins) / GREATEST(1, sum(l.done))))
        INTO v_until FROM coco.lane l WHERE l.number = v_step.number AND l.done > 0;
        v_until := COALESCE(v_until, LEAST(v_lane.ends, v_lane.next + GREATEST(1, v_batch / 8)));
    END IF;
    v_rows := CASE v_step.step
        WHEN 'survey' THEN coco.survey_tasks(v_lane.next, v_until)
        WHEN 'commands' THEN coco.copy_commands(v_lane.next, v_until)
        WHEN 'archive' THEN coco.archive_tasks(v_lane.next, v_until)
        WHEN 'choose' THEN coco.choose_tasks(v_lane.lane, (SELECT count(*) FROM coco.lane l WHERE l.number = v_lane.number))
        WHEN 'index' THEN coco.build_index(v_lane.lane)
        WHEN 'compare' THEN coco.compare_part(v_lane.lane) END;
    UPDATE coco.lane SET next = v_until, done = done + v_rows WHERE number = v_lane.number AND lane = v_lane.lane;
END;
$procedure$;

-- backfill does a share of about v_batch rows of what is left to copy, and says how far its step is: rows, and bytes of the table
-- that were read. idle: others have all that can be done now.
CREATE FUNCTION coco.backfill(v_batch integer)
RETURNS TABLE (step text, done bigint, total bigint, bytes bigint, finished boolean, idle boolean)
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_step coco.progress;
    v_lane coco.lane;
    v_idle boolean := false;
    v_begins boolean;
    v_again boolean;
BEGIN
    SET LOCAL jit = off;
    SET LOCAL work_mem = '128MB';
    SET LOCAL max_parallel_maintenance_workers = 0; -- how many work at a time is the caller's choice
    LOCK TABLE public.async_tasks IN ACCESS SHARE MODE; -- from here on its blocks stay where they are
    -- What follows waits for nothing but the other connections of the copy, which may be making a table longer.
    SET LOCAL lock_timeout = '2s';
    SELECT * INTO v_step FROM coco.progress p WHERE NOT p.finished ORDER BY p.number LIMIT 1;
    v_again := EXISTS (SELECT 1 FROM coco.progress p WHERE p.table_file <> coco.table_file());
    v_begins := v_step.number IS NOT NULL AND (v_again OR v_step.table_file IS NULL);
    IF v_begins THEN
        PERFORM 1 FROM coco.progress p
        WHERE p.number = v_step.number AND NOT p.finished AND p.table_file IS NOT DISTINCT FROM v_step.table_file
        FOR UPDATE SKIP LOCKED;
        -- The next call finds what is to be done, and so do the others: nobody sees the lanes before this is committed.
        v_idle := NOT FOUND OR v_again;
        IF FOUND AND v_again THEN
            PERFORM coco.copy_again();
        ELSIF FOUND THEN
            PERFORM coco.begin_step(v_step);
        END IF;
    END IF;

    IF v_step.number IS NOT NULL AND NOT v_begins THEN
        SELECT * INTO v_lane FROM coco.lane l
        WHERE l.number = v_step.number AND l.next < l.ends ORDER BY l.lane LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
            PERFORM coco.take_lane(v_step, v_lane, v_batch);
        END IF;
        IF NOT EXISTS (SELECT 1 FROM coco.lane l WHERE l.number = v_step.number AND l.next < l.ends) THEN
            PERFORM 1 FROM coco.progress p WHERE p.number = v_step.number AND NOT p.finished FOR UPDATE SKIP LOCKED;
            IF FOUND THEN
                PERFORM coco.end_step(v_step);
            END IF;
        ELSIF v_lane.number IS NULL THEN
            v_idle := true;
        END IF;
    END IF;

    RETURN QUERY
    SELECT p.step, COALESCE(p.done, l.done, 0)::bigint,
        CASE WHEN p.step <> 'survey' THEN COALESCE(p.total, 0)
            ELSE COALESCE(p.done, l.done * l.all_blocks / NULLIF(l.blocks, 0), p.total, 0) END::bigint,
        CASE WHEN p.finished THEN p.bytes ELSE COALESCE(p.bytes * l.blocks / NULLIF(l.all_blocks, 0), 0) END::bigint,
        NOT EXISTS (SELECT 1 FROM coco.progress open WHERE NOT open.finished), v_idle
    FROM coco.progress p
    LEFT JOIN LATERAL (
        SELECT sum(n.done) AS done, sum(n.next - n.begins) AS blocks, sum(n.ends - n.begins) AS all_blocks
        FROM coco.lane n WHERE n.number = p.number
    ) AS l ON true
    WHERE p.number = COALESCE(v_step.number, (SELECT max(last.number) FROM coco.progress last));
END;
$procedure$;

-- coco:end
-- coco:include coco/drain.sql

-- After a procedure was replaced, transactions that are already open may still run its old body. The step after it waits for them.

-- begin_drain remembers which other transactions are open now. Calling it again changes nothing unless the server was
-- restarted, or this is a copy.
CREATE FUNCTION coco.begin_drain(v_version bigint) RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    DELETE FROM coco.drain WHERE version = v_version AND (server_started, place) IS DISTINCT FROM (pg_postmaster_start_time(), coco.place());
    IF EXISTS (SELECT 1 FROM coco.drain WHERE version = v_version) THEN
        RETURN;
    END IF;
    INSERT INTO coco.drain (version, server_started, place, transactions, prepared)
    SELECT v_version, pg_postmaster_start_time(), coco.place(),
        ARRAY(
            SELECT l.pid || ' ' || l.virtualxid
            FROM pg_catalog.pg_locks l
            JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid AND a.datname = current_database()
            WHERE l.locktype = 'virtualxid' AND l.pid <> pg_backend_pid()
                AND a.usesysid IS NOT NULL -- a client's, not one of autovacuum
                -- Another runner that waits for this one's lock waits until all this is done.
                AND NOT EXISTS (
                    SELECT 1
                    FROM pg_catalog.pg_locks waiting
                    JOIN pg_catalog.pg_locks held ON held.locktype = 'advisory' AND held.granted
                        AND held.pid = pg_backend_pid() AND (held.database, held.classid, held.objid, held.objsubid)
                            = (waiting.database, waiting.classid, waiting.objid, waiting.objsubid)
                    WHERE waiting.pid = l.pid AND waiting.locktype = 'advisory' AND NOT waiting.granted
                )
        ),
        ARRAY(SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = current_database());
END;
$procedure$;

-- drain_blockers names the remembered transactions that are still open; none means that the step may go on.
CREATE FUNCTION coco.drain_blockers(v_version bigint)
RETURNS TABLE (pid integer, usename text, application_name text, xact_age interval, prepared_gid text)
LANGUAGE plpgsql
AS $procedure$
BEGIN
    RETURN QUERY
    SELECT l.pid, a.usename::text, a.application_name, clock_timestamp() - a.xact_start, NULL::text
    FROM coco.drain d
    CROSS JOIN LATERAL unnest(d.transactions) AS open_then
    JOIN pg_catalog.pg_locks l ON l.locktype = 'virtualxid' AND l.pid || ' ' || l.virtualxid = open_then
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE d.version = v_version AND d.server_started = pg_postmaster_start_time() AND d.place = coco.place();
    RETURN QUERY
    SELECT NULL::integer, p.owner::text, NULL::text, clock_timestamp() - p.prepared, p.gid
    FROM coco.drain d
    CROSS JOIN LATERAL unnest(d.prepared) AS open_then
    JOIN pg_catalog.pg_prepared_xacts p ON p.gid = open_then AND p.database = current_database()
    WHERE d.version = v_version AND d.place = coco.place();
END;
$procedure$;

-- require_drained waits up to a minute for the transactions that were open when v_version was installed.
CREATE FUNCTION coco.require_drained(v_version bigint) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_blocker record;
    v_deadline CONSTANT timestamptz := clock_timestamp() + interval '1 minute';
BEGIN
    PERFORM coco.begin_drain(v_version);
    LOOP
        SELECT * INTO v_blocker FROM coco.drain_blockers(v_version) LIMIT 1;
        EXIT WHEN NOT FOUND;
        IF clock_timestamp() > v_deadline THEN
            RAISE EXCEPTION 'a transaction from before the last step is still open: %',
                COALESCE('prepared transaction ' || v_blocker.prepared_gid,
                    format('pid %s, user %s', v_blocker.pid, COALESCE(v_blocker.usename, 'unknown')))
                USING ERRCODE = 'CO005', HINT = 'Wait for it to end, or end it, and run the same command again.';
        END IF;
        PERFORM pg_sleep(0.05);
    END LOOP;
    DELETE FROM coco.drain WHERE version = v_version;
END;
$procedure$;

-- coco:end
-- coco:include coco/lost.sql

-- What the way back cannot leave in async_tasks.

-- unheld_commands lists the commands that async_tasks cannot hold at all: none of its tasks names them, nor as its root. While
-- async_tasks counts, a command that only the ledger still knows was its last task's, and went with it; and until all is copied, there
-- is none that was not a task's.
CREATE FUNCTION coco.unheld_commands() RETURNS SETOF public.command_entities
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY EXECUTE format($query$
    WITH task AS (
        SELECT t.command_id, t.root_command_id FROM (%s) AS t
    )
    SELECT e.*
    FROM public.command_entities e
    WHERE NOT EXISTS (SELECT 1 FROM task t WHERE t.command_id = e.command_id)
        AND NOT EXISTS (SELECT 1 FROM task t WHERE t.root_command_id = e.command_id)
        AND NOT EXISTS (SELECT 1 FROM coco.to_release r WHERE r.command_id = e.command_id)
        AND ((SELECT s.serves = 'command_entities' FROM coco.state s) OR NOT EXISTS (SELECT 1 FROM coco.progress p WHERE NOT p.finished) AND NOT coco.is_needed(e.command_id))
    $query$, coco.held_tasks('tasks'));
END;
$procedure$;

-- lost_commands lists every command that is not, column by column, what an upgrade would make again of the tasks as the way back
-- leaves them. named: a task names it, so that async_tasks holds a part of it. Before the switch, commands are what the
-- tasks say, and only an unheld one is lost; once command_entities has counted, this is no longer so, also on the way back.
CREATE FUNCTION coco.lost_commands()
RETURNS TABLE (
    named boolean,
    command_id uuid,
    command_type integer,
    parent_command_id uuid,
    root_command_id uuid,
    action_parameters text,
    action_parameters_class varchar(256),
    created_at timestamptz,
    status varchar(20),
    finished_at timestamptz
)
LANGUAGE plpgsql
STABLE
AS $procedure$
DECLARE
    v_state coco.state;
BEGIN
    SELECT * INTO v_state FROM coco.state;
    IF NOT v_state.served THEN
        RETURN QUERY SELECT false, u.* FROM coco.unheld_commands() u;
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($query$
        WITH held AS (
            SELECT h.command_id, h.command_type, h.parent_command_id, h.root_command_id,
                CASE WHEN h.own THEN t.task_parameters ELSE t.action_parameters END AS action_parameters,
                CASE WHEN h.own THEN t.task_params_class ELSE t.action_params_class END AS action_parameters_class,
                h.created_at, h.status
            FROM (%s) AS h
            JOIN %s t ON t.task_id = h.task_id
        ), unheld AS (
            SELECT u.command_id FROM coco.unheld_commands() u
        ), damaged AS (
            -- A task that does not read back what was stored for it: which values come back is decided on the way.
            SELECT DISTINCT c.id AS command_id
            FROM coco.ledger l
            JOIN coco.async_task v ON v.task_id = l.task_id
            CROSS JOIN LATERAL (VALUES (l.command_id), (l.root_command_id), (v.command_id), (v.root_command_id)) AS c(id)
            WHERE l.fingerprint <> coco.fingerprint(v.root_command_id, v.action_parameters, v.action_params_class,
                v.task_parameters, v.task_params_class)
        )
        SELECT e.command_id NOT IN (SELECT u.command_id FROM unheld u), e.*
        FROM public.command_entities e
        LEFT JOIN held h ON h.command_id = e.command_id
        -- A join, not IN: under OR a subquery of that size would be read anew for every command.
        LEFT JOIN damaged d ON d.command_id = e.command_id
        WHERE h.command_id IS NULL
            OR (e.command_type, e.parent_command_id, e.root_command_id, e.action_parameters, e.action_parameters_class,
                e.created_at, e.status)
                IS DISTINCT FROM (h.command_type, h.parent_command_id, h.root_command_id, h.action_parameters,
                h.action_parameters_class, h.created_at, h.status)
            OR e.finished_at IS NOT NULL
            OR d.command_id IS NOT NULL
        $query$, coco.held_commands('tasks', false), CASE v_state.serves WHEN 'async_tasks' THEN 'public.async_tasks' ELSE 'coco.async_task' END);
END;
$procedure$;

-- coco:end
-- coco:include coco/load.sql

-- Taking commands in again that the way back has exported. First the lines are staged, then all of them are loaded at once: the
-- keys are checked at the end of a statement, so parents may come after their children, and cycles are no special case.

-- stage_commands takes lines of an export, the first of which has this number. A line is what row_to_json made of a command.
CREATE FUNCTION coco.stage_commands(v_first_line bigint, v_lines text[]) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_number bigint := v_first_line;
    v_line text;
    v_problem text;
BEGIN
    -- The lock on the row keeps the way back out until this is committed.
    PERFORM 1 FROM coco.state s WHERE s.serves = 'command_entities' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'commands can be taken in only after the switch: until then they are what the tasks say'
            USING ERRCODE = 'CO001', HINT = 'Run "upgrade up --to switch", or further, first.';
    END IF;
    LOCK TABLE coco.loading IN SHARE ROW EXCLUSIVE MODE;
    BEGIN
        FOREACH v_line IN ARRAY COALESCE(v_lines, '{}') LOOP
            INSERT INTO coco.loading (line, command_id, command_type, parent_command_id, root_command_id,
                action_parameters, action_parameters_class, created_at, status, finished_at)
            SELECT v_number, e.command_id, e.command_type, e.parent_command_id, e.root_command_id,
                e.action_parameters, e.action_parameters_class, e.created_at, e.status, e.finished_at
            FROM json_populate_record(NULL::public.command_entities, v_line::json) AS e;
            v_number := v_number + 1;
        END LOOP;
    EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
        -- The server's own words may repeat values.
        v_problem := SQLSTATE;
    END;
    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION 'line %: a value is not what the column of command_entities can hold', v_number
            USING ERRCODE = 'CO006', HINT = 'Take the file as "upgrade down" has written it.';
    END IF;
END;
$procedure$;

-- lock_readers locks the tasks that read a command which is about to be replaced, and returns them. A client that stored such a task
-- while its command was locked keeps the values in the task's own archive row, and must have committed them before they are read.
-- Nobody is waited for while locks on tasks are held: the client might want one of them next.
CREATE FUNCTION coco.lock_readers() RETURNS uuid[]
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_deadline CONSTANT timestamptz := clock_timestamp() + interval '10 seconds';
BEGIN
    LOOP
        BEGIN
            RETURN ARRAY(
                SELECT t.task_id FROM public.async_tasks t
                WHERE t.task_id IN (
                    SELECT v.task_id
                    FROM coco.async_task v
                    JOIN coco.ledger l ON l.task_id = v.task_id
                    -- IN, not EXISTS: under OR only that is looked up in a hash table made once.
                    WHERE v.command_id IN (SELECT m.command_id FROM coco.loading m WHERE m.outcome = 'replaced')
                        OR v.root_command_id IN (SELECT m.command_id FROM coco.loading m WHERE m.outcome = 'replaced'))
                ORDER BY t.task_id
                FOR NO KEY UPDATE NOWAIT);
        EXCEPTION WHEN lock_not_available THEN
            IF clock_timestamp() > v_deadline THEN
                RAISE EXCEPTION 'tasks that read the commands to be replaced are being written'
                    USING ERRCODE = 'lock_not_available', HINT = 'Run the same command again when there is less going on.';
            END IF;
        END;
        PERFORM pg_sleep(0.05);
    END LOOP;
END;
$procedure$;

-- load_commands stores what is staged and tells of each line what became of it: loaded; there, exactly as it is; replaced;
-- kept, because another one is there under its id; superseded by a later line. If a parent or root is neither there nor among
-- the lines, it stores nothing and returns the lines with the missing ids instead. Tasks go on reading what was stored for
-- them; a task that follows its command follows it here too.
CREATE FUNCTION coco.load_commands(v_overwrite boolean) RETURNS SETOF coco.loaded_command
LANGUAGE plpgsql
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_tasks uuid[];
    v_driven record;
BEGIN
    -- As all writers do: first who owns it, then the command.
    PERFORM 1
    FROM coco.command_owner o
    WHERE o.command_id IN (SELECT l.command_id FROM coco.loading l)
    ORDER BY o.command_id
    FOR UPDATE;
    PERFORM 1
    FROM public.command_entities e
    WHERE e.command_id IN (SELECT l.command_id FROM coco.loading l)
    ORDER BY e.command_id
    FOR NO KEY UPDATE;

    UPDATE coco.loading l SET outcome = CASE
        WHEN l.line < last_one.line THEN 'superseded'
        WHEN e.command_id IS NULL THEN 'loaded'
        WHEN (e.command_type, e.parent_command_id, e.root_command_id, e.action_parameters, e.action_parameters_class,
                e.created_at, e.status, e.finished_at)
            IS NOT DISTINCT FROM (l.command_type, l.parent_command_id, l.root_command_id, l.action_parameters,
                l.action_parameters_class, l.created_at, l.status, l.finished_at) THEN 'there'
        WHEN v_overwrite THEN 'replaced'
        ELSE 'kept' END
    FROM (SELECT m.command_id, max(m.line) AS line FROM coco.loading m GROUP BY m.command_id) AS last_one
    LEFT JOIN public.command_entities e ON e.command_id = last_one.command_id
    WHERE last_one.command_id = l.command_id;

    RETURN QUERY
    SELECT DISTINCT l.line, 'missing'::text, named.id
    FROM coco.loading l
    CROSS JOIN LATERAL (VALUES (l.parent_command_id), (l.root_command_id)) AS named(id)
    WHERE l.outcome IN ('loaded', 'replaced') AND named.id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM public.command_entities e WHERE e.command_id = named.id)
        AND NOT EXISTS (SELECT 1 FROM coco.loading m WHERE m.command_id = named.id AND m.outcome = 'loaded')
    ORDER BY 1, 3;
    IF FOUND THEN
        DELETE FROM coco.loading;
        RETURN;
    END IF;

    SELECT o.command_id, o.instance_id INTO v_driven
    FROM coco.loading l
    JOIN coco.command_owner o ON o.command_id = l.command_id
    JOIN coco.engine_instance i ON i.instance_id = o.instance_id
    WHERE l.outcome = 'replaced' AND i.ended_at IS NULL AND i.renewed_at > clock_timestamp() - i.lease
    ORDER BY o.command_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'command % cannot be replaced: a live instance drives it', v_driven.command_id
            USING ERRCODE = 'CO010', HINT = 'Stop that instance first, or load without --overwrite.',
                DETAIL = format('command=%s owner=%s', v_driven.command_id, v_driven.instance_id);
    END IF;

    v_tasks := coco.lock_readers();

    -- What tasks read of a command that is about to change goes into the archive, all of it, and what the command still gives
    -- back is taken out again afterwards.
    WITH kept AS (
        INSERT INTO coco.archive AS a (task_id, keeps_root, root_command_id,
            keeps_action, action_parameters, action_params_class,
            keeps_task, task_parameters, task_params_class)
        SELECT v.task_id, true, v.root_command_id, true, v.action_parameters, v.action_params_class,
            true, v.task_parameters, v.task_params_class
        FROM coco.async_task v
        JOIN coco.ledger t ON t.task_id = v.task_id AND t.fingerprint IS NOT NULL
        WHERE v.task_id IN (SELECT unnest(v_tasks))
        ON CONFLICT (task_id) DO UPDATE SET
            keeps_root = true, root_command_id = excluded.root_command_id,
            keeps_action = true, action_parameters = excluded.action_parameters, action_params_class = excluded.action_params_class,
            keeps_task = true, task_parameters = excluded.task_parameters, task_params_class = excluded.task_params_class
        RETURNING a.task_id
    )
    SELECT array_agg(k.task_id) INTO v_tasks FROM kept k;

    INSERT INTO public.command_entities (command_id, command_type, parent_command_id, root_command_id,
        action_parameters, action_parameters_class, created_at, status, finished_at)
    SELECT l.command_id, l.command_type, l.parent_command_id, l.root_command_id,
        l.action_parameters, l.action_parameters_class, l.created_at, l.status, l.finished_at
    FROM coco.loading l
    WHERE l.outcome = 'loaded'
    ORDER BY l.line;
    UPDATE public.command_entities e SET
        command_type = l.command_type,
        parent_command_id = l.parent_command_id,
        root_command_id = l.root_command_id,
        action_parameters = l.action_parameters,
        action_parameters_class = l.action_parameters_class,
        created_at = l.created_at,
        status = l.status,
        finished_at = l.finished_at
    FROM coco.loading l
    WHERE l.outcome = 'replaced' AND l.command_id = e.command_id;
    -- Whoever drove it, and comes back, must not go on with another one.
    DELETE FROM coco.command_owner o
    WHERE o.command_id IN (SELECT l.command_id FROM coco.loading l WHERE l.outcome = 'replaced');

    UPDATE coco.archive a SET
        keeps_root = now.keeps_root,
        root_command_id = CASE WHEN now.keeps_root THEN a.root_command_id END,
        keeps_action = now.keeps_action,
        action_parameters = CASE WHEN now.keeps_action THEN a.action_parameters END,
        action_params_class = CASE WHEN now.keeps_action THEN a.action_params_class END,
        keeps_task = now.keeps_task,
        task_parameters = CASE WHEN now.keeps_task THEN a.task_parameters END,
        task_params_class = CASE WHEN now.keeps_task THEN a.task_params_class END
    FROM (
        SELECT k.task_id,
            k.root_command_id IS DISTINCT FROM COALESCE(own.parent_command_id, own.root_command_id) AS keeps_root,
            (k.action_parameters, k.action_params_class)
                IS DISTINCT FROM (acting.action_parameters, acting.action_parameters_class) AS keeps_action,
            (k.task_parameters, k.task_params_class)
                IS DISTINCT FROM (own.action_parameters, own.action_parameters_class) AS keeps_task
        FROM coco.archive k
        JOIN public.async_tasks t ON t.task_id = k.task_id
        LEFT JOIN public.command_entities own ON own.command_id = t.command_id
        LEFT JOIN public.command_entities acting
            ON acting.command_id = COALESCE(NULLIF(k.root_command_id, c_none), t.command_id)
        WHERE k.task_id IN (SELECT unnest(v_tasks))
    ) AS now
    WHERE now.task_id = a.task_id;
    DELETE FROM coco.archive a
    WHERE a.task_id IN (SELECT unnest(v_tasks)) AND NOT a.keeps_root AND NOT a.keeps_action AND NOT a.keeps_task;
    UPDATE coco.ledger t SET root_command_id = NULLIF(v.root_command_id, c_none)
    FROM coco.async_task v
    WHERE v.task_id = t.task_id AND t.fingerprint IS NULL
        AND EXISTS (SELECT 1 FROM coco.loading l WHERE l.outcome = 'replaced' AND l.command_id = v.command_id);

    -- What was taken in on purpose is not what a task has left behind.
    DELETE FROM coco.to_release r
    WHERE EXISTS (SELECT 1 FROM coco.loading l WHERE l.command_id = r.command_id AND l.outcome <> 'kept');

    RETURN QUERY SELECT l.line, l.outcome, l.command_id FROM coco.loading l ORDER BY l.line;
    DELETE FROM coco.loading;
END;
$procedure$;

-- coco:end
-- coco:include coco/cleanup.sql

-- Cleaning up: commands that finished long ago go, tree by tree. A tree is a root with everything that parent and root links tie to
-- it, in either direction: what the keys would take along, and what it would be torn from. In sound rows that is the root and all
-- below it; where damaged rows tie two trees together, both go or both stay.

-- finished_trees returns the trees of these commands, each row with its tree: at most v_limit rows, or all with NULL. state says what
-- keeps the tree: unfinished, or younger for a further root that did not finish before v_before; root is a further root that did.
-- weight is the work of removing it, in rows of an ordinary size.
CREATE FUNCTION coco.finished_trees(v_top_ids uuid[], v_before timestamptz, v_limit bigint)
RETURNS TABLE (top_id uuid, command_id uuid, state text, weight bigint)
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY
    WITH RECURSIVE tree AS (
        SELECT e.command_id AS top, e.command_id AS id, e.parent_command_id AS parent, e.root_command_id AS root, e.status,
            e.finished_at, COALESCE(octet_length(e.action_parameters), 0) AS size
        FROM public.command_entities e
        WHERE e.command_id = ANY (v_top_ids)
        UNION
        SELECT t.top, n.command_id, n.parent_command_id, n.root_command_id, n.status, n.finished_at, n.size
        FROM tree t
        -- One select for each index: under OR the planner may read the whole table.
        CROSS JOIN LATERAL (
            SELECT e.command_id, e.parent_command_id, e.root_command_id, e.status, e.finished_at,
                COALESCE(octet_length(e.action_parameters), 0) AS size
            FROM public.command_entities e WHERE e.parent_command_id = t.id
            UNION ALL
            SELECT e.command_id, e.parent_command_id, e.root_command_id, e.status, e.finished_at,
                COALESCE(octet_length(e.action_parameters), 0) AS size
            FROM public.command_entities e WHERE e.root_command_id = t.id
            UNION ALL
            SELECT e.command_id, e.parent_command_id, e.root_command_id, e.status, e.finished_at,
                COALESCE(octet_length(e.action_parameters), 0) AS size
            FROM public.command_entities e WHERE e.command_id = NULLIF(t.parent, t.top)
            UNION ALL
            SELECT e.command_id, e.parent_command_id, e.root_command_id, e.status, e.finished_at,
                COALESCE(octet_length(e.action_parameters), 0) AS size
            FROM public.command_entities e WHERE e.command_id = NULLIF(t.root, t.top)
        ) n
    )
    SELECT t.top, t.id,
        CASE
            WHEN t.finished_at IS NULL OR NOT coco.is_final(t.status) THEN 'unfinished'
            WHEN t.id = t.top OR t.parent IS NOT NULL OR t.root <> t.id THEN 'finished'
            WHEN t.finished_at < v_before THEN 'root'
            ELSE 'younger'
        END,
        1 + t.size / 8192::bigint
    FROM tree t
    LIMIT v_limit;
END;
$procedure$;

-- commands_of_tasks are those of v_command_ids that task_commands() lists; the ledger does not know of every task. The tables are
-- named here once more because a function's rows would be written down before they are joined: all of them, with every batch.
CREATE FUNCTION coco.commands_of_tasks(v_command_ids uuid[]) RETURNS uuid[]
LANGUAGE sql
STABLE
AS $procedure$
    SELECT ARRAY(
        SELECT c.command_id FROM unnest(v_command_ids) AS c(command_id)
        JOIN public.async_tasks t ON t.command_id = c.command_id
        UNION
        SELECT c.command_id FROM unnest(v_command_ids) AS c(command_id)
        JOIN coco.archive a ON a.root_command_id = c.command_id AND a.keeps_root)
$procedure$;

-- clean_trees looks at v_rows commands behind v_after, in the order of their ids, and at the trees of those that are roots and finished
-- before v_before; these go, or with v_remove false only the locks are taken. It returns a row for each such tree: removed, or what
-- keeps it. With v_lines it returns each removed command too, as an export holds it. The last row has the id to go on behind, NULL at
-- the end, and how many trees were looked at.
--
-- Once the trees have as many commands as v_rows it ends early, so that no transaction gets long; only a single tree can be larger.
-- Nobody is waited for: a tree in use is kept. Once a tree is locked nobody can add to it or take from it, and it is looked at again:
-- before the locks, a command may have come in, or a task.
CREATE FUNCTION coco.clean_trees(v_before timestamptz, v_after uuid, v_rows integer, v_remove boolean, v_lines boolean)
RETURNS SETOF coco.cleanup_outcome
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off -- it would compile for half a second what runs for some milliseconds
AS $procedure$
DECLARE
    v_next uuid;
    v_ripe uuid[];    -- the roots that finished before v_before, among the rows looked at
    v_others uuid[];  -- all other roots
    v_first integer := 1;
    v_chunk integer := 100;
    v_found record;
    v_trees bigint := 0;
    v_weight bigint := 0;
    v_tops uuid[] := '{}'; -- in parallel the trees' rows
    v_ids uuid[] := '{}';
    v_states text[] := '{}';
    v_named uuid[];
    v_tree record;
    v_clear uuid[] := '{}';
    v_locked uuid[];
    v_going uuid[] := '{}';
BEGIN
    SELECT CASE WHEN count(*) = v_rows THEN (array_agg(w.command_id ORDER BY w.command_id DESC))[1] END,
        COALESCE(array_agg(w.command_id ORDER BY w.command_id) FILTER (WHERE w.is_root AND w.is_ripe), '{}'),
        COALESCE(array_agg(w.command_id) FILTER (WHERE w.is_root AND NOT w.is_ripe), '{}')
    INTO v_next, v_ripe, v_others
    FROM (
        SELECT e.command_id, COALESCE(e.finished_at < v_before, false) AS is_ripe,
            e.parent_command_id IS NULL AND COALESCE(e.root_command_id, e.command_id) = e.command_id AS is_root
        FROM public.command_entities e
        WHERE e.command_id > COALESCE(v_after, '00000000-0000-0000-0000-000000000000')
        ORDER BY e.command_id
        LIMIT v_rows
    ) w;

    WHILE v_first <= cardinality(v_ripe) LOOP
        IF v_weight >= v_rows THEN
            v_next := v_ripe[v_first - 1];
            EXIT;
        END IF;
        SELECT array_agg(t.top_id) AS tops, array_agg(t.command_id) AS ids, array_agg(t.state) AS states, sum(t.weight) AS weight
        INTO v_found
        FROM coco.finished_trees(v_ripe[v_first:v_first + v_chunk - 1], v_before, CASE WHEN v_chunk > 1 THEN v_rows + 1 END) t;
        IF v_chunk > 1 AND v_found.weight > v_rows THEN
            v_chunk := v_chunk / 10; -- large trees: fewer at a time, in the end each by itself
            CONTINUE;
        END IF;
        v_first := v_first + v_chunk;
        v_weight := v_weight + v_found.weight;
        v_tops := v_tops || v_found.tops;
        v_ids := v_ids || v_found.ids;
        v_states := v_states || v_found.states;
    END LOOP;

    v_named := coco.commands_of_tasks(v_ids);
    FOR v_tree IN
        SELECT s.top_id, count(*) AS commands,
            CASE WHEN bool_or(s.state = 'unfinished') THEN 'unfinished'
                WHEN bool_or(c.command_id IS NOT NULL) THEN 'task'
                WHEN bool_or(s.state = 'younger') THEN 'younger' END AS keeps
        FROM unnest(v_tops, v_ids, v_states) AS s(top_id, command_id, state)
        LEFT JOIN unnest(v_named) AS c(command_id) ON c.command_id = s.command_id
        GROUP BY s.top_id
        HAVING NOT bool_or(s.state = 'root' AND s.command_id < s.top_id) -- two trees in one: the first root stands for both
        ORDER BY s.top_id
    LOOP
        v_trees := v_trees + 1;
        IF v_tree.keeps IS NULL THEN
            v_clear := v_clear || v_tree.top_id;
        ELSIF v_tree.keeps <> 'younger' THEN
            RETURN QUERY SELECT v_tree.keeps, v_tree.top_id, v_tree.commands, NULL::text;
        END IF;
    END LOOP;

    IF cardinality(v_clear) > 0 THEN
        v_locked := ARRAY(SELECT s.command_id FROM unnest(v_tops, v_ids) AS s(top_id, command_id) WHERE s.top_id = ANY (v_clear));
        v_locked := ARRAY(
            SELECT e.command_id FROM public.command_entities e WHERE e.command_id = ANY (v_locked)
            ORDER BY e.command_id
            FOR UPDATE SKIP LOCKED);
        v_named := coco.commands_of_tasks(v_locked);
        FOR v_tree IN
            SELECT s.top_id, count(*) AS commands, array_agg(s.command_id) AS command_ids,
                CASE WHEN bool_or(s.state = 'unfinished') THEN 'unfinished'
                    WHEN bool_or(c.command_id IS NOT NULL) THEN 'task'
                    WHEN bool_or(s.state = 'younger' OR l.command_id IS NULL) THEN 'locked'
                    ELSE 'removed' END AS outcome
            FROM coco.finished_trees(v_clear, v_before, NULL) s
            LEFT JOIN unnest(v_locked) AS l(command_id) ON l.command_id = s.command_id
            LEFT JOIN unnest(v_named) AS c(command_id) ON c.command_id = s.command_id
            GROUP BY s.top_id
            ORDER BY s.top_id
        LOOP
            RETURN QUERY SELECT v_tree.outcome, v_tree.top_id, v_tree.commands, NULL::text;
            IF v_tree.outcome = 'removed' THEN
                v_going := v_going || v_tree.command_ids;
            END IF;
        END LOOP;
    END IF;

    IF v_remove AND v_lines THEN
        RETURN QUERY
        WITH gone AS (DELETE FROM public.command_entities e WHERE e.command_id = ANY (v_going) RETURNING e.*)
        SELECT 'line', line.command_id, NULL::bigint, row_to_json(line)::text FROM (
            SELECT 1 AS coco_command, g.command_id, g.command_type, g.parent_command_id, g.root_command_id,
                g.action_parameters, g.action_parameters_class, g.created_at, g.status, g.finished_at
            FROM gone g
        ) AS line;
    ELSIF v_remove THEN
        DELETE FROM public.command_entities e WHERE e.command_id = ANY (v_going);
    END IF;
    RETURN QUERY
    SELECT 'next', v_next, v_trees + count(o.command_id) FILTER (WHERE v_next IS NULL OR o.command_id <= v_next), NULL::text
    FROM unnest(v_others) AS o(command_id);
END;
$procedure$;

-- require_commands refuses where the commands are not coco's to clean up. The lock on the row keeps the way back out until the
-- transaction ends.
CREATE FUNCTION coco.require_commands() RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    PERFORM 1 FROM coco.state s WHERE s.serves = 'command_entities' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'commands can be cleaned up only after the switch: until then they are what the tasks say'
            USING ERRCODE = 'CO001', HINT = 'Run "upgrade up --to switch", or further, first.';
    END IF;
    IF coco.taken_over() THEN
        RAISE EXCEPTION 'commands are not cleaned up here: an engine of version 3.5 or later keeps them itself'
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Leave it to the engine.';
    END IF;
END;
$procedure$;

-- begin_cleanup begins a run of the cleanup under v_run_id, unless another one is at work, or with v_due the run of that day is done
-- already. It returns what is there then: a run that has begun has the id. It lasts as long as it renews its lease, with each batch.
CREATE FUNCTION coco.begin_cleanup(v_run_id uuid, v_runner text, v_lease_ms integer, v_due timestamptz)
RETURNS SETOF coco.cleanup_run
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_run coco.cleanup_run;
BEGIN
    PERFORM coco.require_commands();
    -- A run in the middle of a batch holds the row: it is at work.
    SELECT * INTO v_run FROM coco.cleanup_run FOR NO KEY UPDATE SKIP LOCKED;
    IF FOUND AND (v_run.run_id IS NULL OR v_run.expires_at <= clock_timestamp())
        AND (v_due IS NULL OR v_run.done_until IS NULL OR v_run.done_until < v_due)
    THEN
        UPDATE coco.cleanup_run SET
            run_id = v_run_id,
            runner = v_runner,
            lease = v_lease_ms * interval '1 millisecond',
            started_at = clock_timestamp(),
            expires_at = clock_timestamp() + v_lease_ms * interval '1 millisecond',
            ended_at = NULL,
            removed = 0;
    END IF;
    RETURN QUERY SELECT * FROM coco.cleanup_run;
END;
$procedure$;

-- clean_batch is clean_trees in a run of the cleanup. Where another one has taken the run's place it refuses, and until the transaction
-- ends no other one can. Without a run (v_run_id NULL) it only tells what would go.
CREATE FUNCTION coco.clean_batch(v_run_id uuid, v_before timestamptz, v_after uuid, v_rows integer, v_lines boolean)
RETURNS SETOF coco.cleanup_outcome
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_run coco.cleanup_run;
    v_limit CONSTANT interval := current_setting('idle_in_transaction_session_timeout')::interval;
BEGIN
    IF v_before IS NULL OR v_before > clock_timestamp() THEN
        RAISE EXCEPTION 'the date before which commands are removed lies in the future'
            USING ERRCODE = 'CO017', DETAIL = format('before=%s', to_json(v_before) #>> '{}'), HINT = 'Give one that has passed.';
    END IF;
    PERFORM coco.require_commands();
    IF v_run_id IS NOT NULL THEN
        UPDATE coco.cleanup_run SET expires_at = clock_timestamp() + lease WHERE run_id = v_run_id RETURNING * INTO v_run;
        IF NOT FOUND THEN
            SELECT * INTO v_run FROM coco.cleanup_run;
            RAISE EXCEPTION 'this run of the cleanup has lost its place to another one: %', v_run.runner
                USING ERRCODE = 'CO018', HINT = 'What it removed until now stays removed.', DETAIL = format('run=%s expires=%s runner=%s',
                    COALESCE(v_run.run_id::text, 'none'), to_json(v_run.expires_at) #>> '{}', to_json(v_run.runner) #>> '{}');
        END IF;
        -- A client that stops in the middle of a batch must not keep its place for ever.
        IF v_limit = interval '0' OR v_limit > v_run.lease THEN
            PERFORM set_config('idle_in_transaction_session_timeout', (extract(epoch FROM v_run.lease) * 1000)::integer::text, true);
        END IF;
    END IF;
    RETURN QUERY SELECT * FROM coco.clean_trees(v_before, v_after, v_rows, v_run_id IS NOT NULL, v_lines);
END;
$procedure$;

-- end_cleanup ends a run, so that the next one need not wait for its lease. v_due: the run of that day is done. It returns false where
-- another run has taken its place.
CREATE FUNCTION coco.end_cleanup(v_run_id uuid, v_due timestamptz, v_removed bigint) RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    UPDATE coco.cleanup_run SET
        run_id = NULL,
        expires_at = NULL,
        ended_at = clock_timestamp(),
        removed = v_removed,
        done_until = GREATEST(done_until, v_due) -- NULLs do not count
    WHERE run_id = v_run_id;
    RETURN FOUND;
END;
$procedure$;

-- database_clock is the clock that leases and cutoffs go by.
CREATE FUNCTION coco.database_clock() RETURNS timestamptz
LANGUAGE sql
AS $procedure$
    SELECT clock_timestamp()
$procedure$;

-- coco:end
-- coco:include coco/restore.sql

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

-- coco:end

-- coco:include coco/hierarchy.sql

-- Commands with what is above and below them, in one call. UNION, not UNION ALL: damaged rows may form a cycle.

-- command_chains returns these commands and all above them, each once. Looking each up by itself costs the same in every plan, so one
-- plan is kept: making one takes longer than following a chain.
CREATE FUNCTION coco.command_chains(v_command_ids uuid[]) RETURNS SETOF coco.command
LANGUAGE plpgsql
STABLE
SET plan_cache_mode = force_generic_plan
AS $procedure$
BEGIN
    RETURN QUERY
    WITH RECURSIVE chain(command_id, above) AS (
        SELECT e.command_id, COALESCE(e.parent_command_id, e.root_command_id)
        FROM public.command_entities e
        WHERE e.command_id = ANY (v_command_ids)
        UNION
        SELECT e.command_id, e.above
        FROM chain c
        CROSS JOIN LATERAL (
            SELECT n.command_id, COALESCE(n.parent_command_id, n.root_command_id) AS above
            FROM public.command_entities n
            WHERE n.command_id = c.above
            LIMIT 1
        ) AS e
    )
    SELECT k.*
    FROM chain c
    CROSS JOIN LATERAL (SELECT * FROM coco.command n WHERE n.command_id = c.command_id LIMIT 1) AS k;
END;
$procedure$;

-- command_hierarchy returns a command and all above it, from the command upwards: what the engine's getters return of each, in one call.
-- The rows are carried along, not looked up again: that is a quarter of its time.
CREATE FUNCTION coco.command_hierarchy(v_command_id uuid) RETURNS SETOF public.command_entities
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY
    WITH RECURSIVE chain AS (
        SELECT e.*, ARRAY[e.command_id] AS path FROM public.command_entities e WHERE e.command_id = v_command_id
        UNION ALL
        SELECT e.*, c.path || e.command_id
        FROM chain c
        JOIN public.command_entities e ON e.command_id = COALESCE(c.parent_command_id, c.root_command_id)
        WHERE e.command_id <> ALL (c.path) -- damaged rows may form a cycle
    )
    SELECT c.command_id, c.command_type, c.parent_command_id, c.root_command_id, c.action_parameters, c.action_parameters_class,
        c.created_at, c.status, c.finished_at
    FROM chain c;
END;
$procedure$;

-- command_tree returns a command and all below it: those that name it, or one below it, as their parent or root.
CREATE FUNCTION coco.command_tree(v_command_id uuid) RETURNS SETOF coco.command
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY
    SELECT k.*
    FROM coco.below(v_command_id) b(command_id)
    JOIN coco.command k ON k.command_id = b.command_id
    ORDER BY k.created_at, k.command_id;
END;
$procedure$;

-- below are the ids of a command, if it is there, and of all below it.
CREATE FUNCTION coco.below(v_command_id uuid) RETURNS SETOF uuid
LANGUAGE sql
STABLE
AS $procedure$
    WITH RECURSIVE tree(command_id) AS (
        SELECT e.command_id FROM public.command_entities e WHERE e.command_id = v_command_id
        UNION
        SELECT link.command_id
        FROM tree t
        CROSS JOIN LATERAL (
            SELECT e.command_id FROM public.command_entities e WHERE e.parent_command_id = t.command_id
            UNION ALL
            SELECT e.command_id FROM public.command_entities e WHERE e.root_command_id = t.command_id
        ) AS link
    )
    SELECT t.command_id FROM tree t
$procedure$;

-- coco:end

-- coco:include coco/instances.sql

-- Who drives a command. An instance is one run of a program that keeps its commands here. It holds a lease on this server's clock,
-- renewed by a heartbeat; what it owns stands in coco.command_owner. No session lock: a paused process would keep one, and a
-- dropped connection would lose it.

-- register_instance enters an instance. What has been over for a week and owns nothing is dropped on the occasion.
CREATE FUNCTION coco.register_instance(v_instance_id uuid, v_name text, v_lease_ms integer) RETURNS SETOF coco.engine_instance
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM coco.state s WHERE s.serves = 'command_entities') THEN
        RAISE EXCEPTION 'commands can be kept only after the switch: until then they are what the tasks say'
            USING ERRCODE = 'CO001', HINT = 'Run "upgrade up --to switch", or further, first.';
    END IF;
    DELETE FROM coco.engine_instance i
    WHERE i.renewed_at < clock_timestamp() - interval '7 days' - i.lease
        AND NOT EXISTS (SELECT 1 FROM coco.command_owner o WHERE o.instance_id = i.instance_id);
    RETURN QUERY
    INSERT INTO coco.engine_instance AS i (instance_id, name, lease)
    VALUES (v_instance_id, v_name, v_lease_ms * interval '1 millisecond')
    RETURNING i.*;
END;
$procedure$;

-- renew_lease is the heartbeat. False: the instance has ended, and will never own anything again. After a gap it counts as alive only
-- from now on: the server may have been away for others too.
CREATE FUNCTION coco.renew_lease(v_instance_id uuid) RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    UPDATE coco.engine_instance i SET
        alive_since = CASE WHEN i.renewed_at < clock_timestamp() - i.lease / 2 THEN clock_timestamp() ELSE i.alive_since END,
        renewed_at = clock_timestamp()
    WHERE i.instance_id = v_instance_id AND i.ended_at IS NULL;
    RETURN FOUND;
END;
$procedure$;

-- stop_instance is a clean end: what the instance owns is free at once.
CREATE FUNCTION coco.stop_instance(v_instance_id uuid) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    UPDATE coco.engine_instance i SET ended_at = clock_timestamp(), ended_because = 'stopped'
    WHERE i.instance_id = v_instance_id AND i.ended_at IS NULL;
    PERFORM pg_notify('coco_commands', '');
END;
$procedure$;

-- instances lists them all, and what they own.
CREATE FUNCTION coco.instances() RETURNS SETOF coco.instance_summary
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT * FROM coco.instance_summary s ORDER BY s.started_at, s.instance_id;
END;
$procedure$;

-- fence lets a transaction write commands: only of an instance that has not ended, and only commands that it owns. Their rows in
-- coco.command_owner stay locked until the transaction ends, so nobody takes them meanwhile. A paused process must not keep them
-- locked for ever, hence the time limit on a transaction that does nothing.
CREATE FUNCTION coco.fence(v_instance_id uuid, v_command_ids uuid[]) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_instance coco.engine_instance;
    v_limit CONSTANT interval := current_setting('idle_in_transaction_session_timeout')::interval;
    v_lost record;
BEGIN
    SELECT * INTO v_instance FROM coco.engine_instance i WHERE i.instance_id = v_instance_id;
    IF v_instance.ended_at IS NOT NULL OR v_instance.instance_id IS NULL THEN
        RAISE EXCEPTION 'instance % has ended: it owns no commands any more', v_instance_id
            USING ERRCODE = 'CO016', HINT = 'Register a new one.',
                DETAIL = format('instance=%s because=%s', v_instance_id, COALESCE(replace(v_instance.ended_because, ' ', '_'), 'unknown'));
    END IF;
    IF v_limit = interval '0' OR v_limit > v_instance.lease THEN
        PERFORM set_config('idle_in_transaction_session_timeout', (extract(epoch FROM v_instance.lease) * 1000)::integer::text, true);
    END IF;
    IF cardinality(v_command_ids) = 0 THEN
        RETURN;
    END IF;
    PERFORM 1 FROM coco.command_owner o WHERE o.command_id = ANY (v_command_ids) ORDER BY o.command_id FOR NO KEY UPDATE;
    SELECT wanted.id, e.command_id, o.instance_id, COALESCE(NULLIF(e.status, ''), 'UNKNOWN') AS status,
        e.finished_at IS NOT NULL AND COALESCE(o.instance_id, v_instance_id) = v_instance_id AS finished
    INTO v_lost
    FROM unnest(v_command_ids) AS wanted(id)
    LEFT JOIN public.command_entities e ON e.command_id = wanted.id
    LEFT JOIN coco.command_owner o ON o.command_id = wanted.id
    -- The engine's own procedures ask nobody: they may have finished what is still owned.
    WHERE o.instance_id IS DISTINCT FROM v_instance_id OR e.finished_at IS NOT NULL
    ORDER BY wanted.id
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF v_lost.command_id IS NULL THEN
        RAISE EXCEPTION 'command % is not there', v_lost.id
            USING ERRCODE = 'CO012', DETAIL = format('command=%s', v_lost.id);
    END IF;
    IF v_lost.finished THEN
        RAISE EXCEPTION 'command % has finished: %', v_lost.id, v_lost.status
            USING ERRCODE = 'CO011', DETAIL = format('command=%s status=%s', v_lost.id, v_lost.status);
    END IF;
    RAISE EXCEPTION 'command % belongs to %, not to instance %', v_lost.id,
        CASE WHEN v_lost.instance_id IS NULL THEN 'no instance' ELSE 'instance ' || v_lost.instance_id END, v_instance_id
        USING ERRCODE = 'CO010', DETAIL = format('command=%s owner=%s', v_lost.id, COALESCE(v_lost.instance_id::text, 'none'));
END;
$procedure$;

-- coco:end

-- coco:include coco/persist.sql

-- Storing commands. Arrays take one command or a thousand in one call; one plan serves both, and making new ones costs more than it
-- gains: hence plan_cache_mode. The arrays' elements are never NULL, so that every client can send them: the zero GUID is no parent,
-- and v_nulls says which texts are NULL: 1 the parameters, 2 their class, 4 the status.

-- is_final tells whether a command with this status has finished.
CREATE FUNCTION coco.is_final(v_status text) RETURNS boolean
LANGUAGE sql
IMMUTABLE
AS $procedure$
    SELECT COALESCE(v_status IN ('SUCCEEDED', 'FAILED', 'FAILED_RESTARTED'), false)
$procedure$;

-- may_become tells whether a command may change from one status to the other. NULL and '' read as UNKNOWN. A status that nobody
-- knows can be given up only.
CREATE FUNCTION coco.may_become(v_from text, v_to text) RETURNS boolean
LANGUAGE sql
IMMUTABLE
AS $procedure$
    SELECT CASE COALESCE(NULLIF(v_from, ''), 'UNKNOWN')
        WHEN 'UNKNOWN' THEN v_to IN ('NOT_STARTED', 'ACTIVE', 'SUCCEEDED', 'FAILED', 'FAILED_RESTARTED')
        WHEN 'NOT_STARTED' THEN v_to IN ('ACTIVE', 'FAILED', 'FAILED_RESTARTED')
        WHEN 'ACTIVE' THEN v_to IN ('SUCCEEDED', 'FAILED', 'FAILED_RESTARTED')
        WHEN 'SUCCEEDED' THEN false
        WHEN 'FAILED' THEN false
        WHEN 'FAILED_RESTARTED' THEN false
        ELSE v_to = 'FAILED' END
$procedure$;

-- save_commands stores commands as InsertOrUpdateCommandEntity does, many at once and in any order. It asks nobody who owns them.
-- Returns how many.
CREATE FUNCTION coco.save_commands(
    v_command_ids uuid[],
    v_command_types integer[],
    v_parent_ids uuid[],
    v_root_ids uuid[],
    v_parameters text[],
    v_classes text[],
    v_statuses text[],
    v_nulls integer[]
) RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_named uuid[];
    v_before public.command_entities[];
    v_changed record;
    v_saved integer;
BEGIN
    IF c_none = ANY (v_command_ids) THEN
        RAISE EXCEPTION 'the zero GUID is no command id' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM 1 FROM public.command_entities e WHERE e.command_id = ANY (v_command_ids) ORDER BY e.command_id FOR NO KEY UPDATE;
    -- Only commands that tasks name have anything to renew.
    v_named := ARRAY(SELECT c.command_id FROM coco.named_commands(v_command_ids) c(command_id));
    IF cardinality(v_named) > 0 THEN
        v_before := ARRAY(SELECT e FROM public.command_entities e WHERE e.command_id = ANY (v_named));
    END IF;
    INSERT INTO public.command_entities AS e (command_id, command_type, parent_command_id, root_command_id,
        action_parameters, action_parameters_class, created_at, status, finished_at)
    SELECT c.command_id, c.command_type, NULLIF(c.parent_id, c_none), NULLIF(c.root_id, c_none),
        CASE WHEN c.nulls & 1 = 0 THEN c.parameters END, CASE WHEN c.nulls & 2 = 0 THEN c.class END, now(),
        CASE WHEN c.nulls & 4 = 0 THEN c.status END, CASE WHEN coco.is_final(c.status) THEN now() END
    FROM unnest(v_command_ids, v_command_types, v_parent_ids, v_root_ids, v_parameters, v_classes, v_statuses, v_nulls)
        AS c(command_id, command_type, parent_id, root_id, parameters, class, status, nulls)
    ORDER BY c.command_id
    ON CONFLICT (command_id) DO UPDATE SET
        command_type = excluded.command_type,
        parent_command_id = excluded.parent_command_id,
        root_command_id = excluded.root_command_id,
        action_parameters = excluded.action_parameters,
        action_parameters_class = excluded.action_parameters_class,
        status = excluded.status,
        finished_at = CASE WHEN excluded.finished_at IS NOT NULL THEN COALESCE(e.finished_at, excluded.finished_at) END;
    GET DIAGNOSTICS v_saved = ROW_COUNT;
    FOR v_changed IN
        SELECT e.command_id,
            (b.action_parameters, b.action_parameters_class)
                IS DISTINCT FROM (e.action_parameters, e.action_parameters_class) AS values_changed,
            (b.parent_command_id, b.root_command_id) IS DISTINCT FROM (e.parent_command_id, e.root_command_id) AS links_changed
        FROM unnest(v_before) b JOIN public.command_entities e ON e.command_id = b.command_id
        ORDER BY e.command_id
    LOOP
        IF v_changed.values_changed OR v_changed.links_changed THEN
            PERFORM coco.renew_command(v_changed.command_id, v_changed.values_changed, v_changed.links_changed);
        END IF;
    END LOOP;
    RETURN v_saved;
END;
$procedure$;

-- named_commands are those of these commands that tasks name, or named when they were stored.
CREATE FUNCTION coco.named_commands(v_command_ids uuid[]) RETURNS SETOF uuid
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
    SELECT l.command_id FROM coco.ledger l WHERE l.command_id = ANY (v_command_ids)
    UNION
    SELECT l.root_command_id FROM coco.ledger l WHERE l.root_command_id = ANY (v_command_ids)
$procedure$;

-- made_progress forgets how often the trees of these commands were recovered. A command that another transaction has locked is
-- skipped: that one forgets it.
CREATE FUNCTION coco.made_progress(v_command_ids uuid[]) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM coco.command_owner o WHERE o.command_id = ANY (v_command_ids) AND o.recoveries > 0) THEN
        RETURN;
    END IF;
    UPDATE coco.command_owner o SET recoveries = 0
    WHERE o.command_id IN (
        SELECT k.command_id
        FROM coco.command_owner k
        WHERE k.recoveries > 0 AND k.command_id IN (
            SELECT e.command_id
            FROM public.command_entities e
            WHERE COALESCE(e.root_command_id, e.command_id) IN (
                SELECT COALESCE(m.root_command_id, m.command_id) FROM public.command_entities m WHERE m.command_id = ANY (v_command_ids)))
        FOR NO KEY UPDATE SKIP LOCKED);
END;
$procedure$;

-- persist_commands stores commands of an instance: new ones become its own, others must be. A parent is one of these commands, or is
-- there, has not finished and belongs to the instance or to nobody; it never changes. The root follows from it. The status is that of a
-- new command only: change_status changes it, and a program whose transaction was rolled back may believe in another. Returns
-- the commands as they are stored.
CREATE FUNCTION coco.persist_commands(
    v_instance_id uuid,
    v_command_ids uuid[],
    v_command_types integer[],
    v_parent_ids uuid[],
    v_parameters text[],
    v_classes text[],
    v_statuses text[],
    v_nulls integer[]
) RETURNS SETOF coco.command_head
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_parents uuid[];
    v_fenced uuid[];
    v_roots uuid[];
    v_inserted uuid[];
    v_there uuid[];
    v_changed uuid[];
    v_odd record;
    v_id uuid;
BEGIN
    IF cardinality(v_command_ids) = 0 THEN
        RETURN;
    END IF;
    IF c_none = ANY (v_command_ids) THEN
        RAISE EXCEPTION 'the zero GUID is no command id' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    v_parents := ARRAY(SELECT DISTINCT p FROM unnest(v_parent_ids) p WHERE p <> c_none AND p <> ALL (v_command_ids));
    v_there := ARRAY(SELECT e.command_id FROM public.command_entities e WHERE e.command_id = ANY (v_command_ids || v_parents));
    -- A parent that the engine has written belongs to nobody, and may have children all the same.
    v_fenced := v_there;
    IF cardinality(v_parents) > 0 THEN
        v_fenced := ARRAY(
            SELECT t FROM unnest(v_there) t WHERE t = ANY (v_command_ids)
            UNION ALL
            SELECT e.command_id FROM public.command_entities e
            WHERE e.command_id = ANY (v_parents)
                AND (e.finished_at IS NOT NULL OR EXISTS (SELECT 1 FROM coco.command_owner o WHERE o.command_id = e.command_id)));
    END IF;
    PERFORM coco.fence(v_instance_id, v_fenced);
    -- Its owner cannot lose a parent any more. What belongs to nobody may go until it is locked.
    IF NOT v_parents <@ v_fenced THEN
        PERFORM 1 FROM public.command_entities e WHERE e.command_id = ANY (v_parents) ORDER BY e.command_id FOR KEY SHARE;
        SELECT c.id, c.parent_id INTO v_odd FROM unnest(v_command_ids, v_parent_ids) AS c(id, parent_id)
        WHERE c.parent_id = ANY (v_parents) AND NOT EXISTS (SELECT 1 FROM public.command_entities e WHERE e.command_id = c.parent_id)
        ORDER BY c.parent_id, c.id LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'command % is to be below command %, which is not there', v_odd.id, v_odd.parent_id
                USING ERRCODE = 'CO014', DETAIL = format('command=%s parent=%s', v_odd.id, v_odd.parent_id);
        END IF;
    END IF;

    IF cardinality(v_command_ids) = 1 THEN
        IF v_parent_ids[1] = v_command_ids[1] THEN
            v_roots := '{}';
        ELSE
            v_roots := ARRAY[(SELECT COALESCE(e.root_command_id, e.command_id) FROM public.command_entities e
                WHERE e.command_id = v_parent_ids[1])];
        END IF;
    ELSE
        -- From the commands whose parents are known downwards; whoever is not reached is in a cycle.
        WITH RECURSIVE given AS (
            SELECT c.id, c.parent_id FROM unnest(v_command_ids, v_parent_ids) AS c(id, parent_id)
        ), known(id, root) AS (
            SELECT g.id, COALESCE(e.root_command_id, e.command_id)
            FROM given g LEFT JOIN public.command_entities e ON e.command_id = g.parent_id
            WHERE g.parent_id = c_none OR g.parent_id = ANY (v_parents)
            UNION ALL
            SELECT g.id, COALESCE(k.root, k.id) FROM known k JOIN given g ON g.parent_id = k.id
        )
        SELECT array_agg(k.root ORDER BY c.position) INTO v_roots
        FROM unnest(v_command_ids) WITH ORDINALITY AS c(id, position) JOIN known k ON k.id = c.id;
    END IF;
    IF cardinality(v_roots) IS DISTINCT FROM cardinality(v_command_ids) THEN
        RAISE EXCEPTION 'commands would be below themselves, or come twice: % and others', v_command_ids[1]
            USING ERRCODE = 'CO015', DETAIL = format('command=%s', v_command_ids[1]);
    END IF;

    WITH stored AS (
        INSERT INTO public.command_entities AS e (command_id, command_type, parent_command_id, root_command_id,
            action_parameters, action_parameters_class, created_at, status, finished_at)
        SELECT c.id, c.command_type, NULLIF(c.parent_id, c_none), c.root,
            CASE WHEN c.nulls & 1 = 0 THEN c.parameters END, CASE WHEN c.nulls & 2 = 0 THEN c.class END, now(),
            CASE WHEN c.nulls & 4 = 0 THEN c.status END, CASE WHEN coco.is_final(c.status) THEN now() END
        FROM unnest(v_command_ids, v_command_types, v_parent_ids, v_roots, v_parameters, v_classes, v_statuses, v_nulls)
            AS c(id, command_type, parent_id, root, parameters, class, status, nulls)
        WHERE c.id <> ALL (v_there)
        ORDER BY c.id
        ON CONFLICT (command_id) DO NOTHING
        RETURNING e.command_id, e.finished_at
    ), owned AS (
        INSERT INTO coco.command_owner (command_id, instance_id)
        SELECT s.command_id, v_instance_id FROM stored s WHERE s.finished_at IS NULL
    )
    SELECT array_agg(s.command_id) INTO v_inserted FROM stored s;

    IF COALESCE(cardinality(v_inserted), 0) < cardinality(v_command_ids) THEN
        v_there := ARRAY(SELECT c FROM unnest(v_command_ids) c WHERE c <> ALL (COALESCE(v_inserted, '{}')));
        -- Also those that another transaction has stored meanwhile.
        PERFORM coco.fence(v_instance_id, v_there);
        PERFORM 1 FROM public.command_entities e WHERE e.command_id = ANY (v_there) ORDER BY e.command_id FOR NO KEY UPDATE;
        SELECT e.command_id, e.parent_command_id, c.parent_id
        INTO v_odd
        FROM unnest(v_command_ids, v_parent_ids) AS c(id, parent_id)
        JOIN public.command_entities e ON e.command_id = c.id
        WHERE c.id = ANY (v_there) AND NULLIF(c.parent_id, c_none) IS DISTINCT FROM e.parent_command_id
        ORDER BY e.command_id
        LIMIT 1;
        IF FOUND THEN
            PERFORM 1 FROM coco.command_chains(ARRAY[v_odd.parent_id]) k WHERE k.command_id = v_odd.command_id;
            IF FOUND THEN
                RAISE EXCEPTION 'command % would be below itself: command % is below it', v_odd.command_id, v_odd.parent_id
                    USING ERRCODE = 'CO015', DETAIL = format('command=%s parent=%s', v_odd.command_id, v_odd.parent_id);
            END IF;
            RAISE EXCEPTION 'command % has another parent: %, not %', v_odd.command_id,
                COALESCE(v_odd.parent_command_id::text, 'none'), COALESCE(NULLIF(v_odd.parent_id, c_none)::text, 'none')
                USING ERRCODE = 'CO014', HINT = 'A command keeps the parent it was stored with.',
                    DETAIL = format('command=%s parent=%s stored=%s', v_odd.command_id, v_odd.parent_id,
                        COALESCE(v_odd.parent_command_id::text, 'none'));
        END IF;

        WITH given AS (
            SELECT c.id, c.command_type, CASE WHEN c.nulls & 1 = 0 THEN c.parameters END AS parameters,
                CASE WHEN c.nulls & 2 = 0 THEN c.class END AS class
            FROM unnest(v_command_ids, v_command_types, v_parameters, v_classes, v_nulls) AS c(id, command_type, parameters, class, nulls)
            WHERE c.id = ANY (v_there)
        ), stored AS (
            UPDATE public.command_entities e SET
                command_type = g.command_type,
                action_parameters = g.parameters,
                action_parameters_class = g.class
            FROM given g
            WHERE g.id = e.command_id
                AND (e.command_type, e.action_parameters, e.action_parameters_class)
                    IS DISTINCT FROM (g.command_type, g.parameters, g.class)
            RETURNING e.command_id
        )
        SELECT array_agg(s.command_id ORDER BY s.command_id) INTO v_changed FROM stored s;
        FOR v_id IN SELECT n.command_id FROM coco.named_commands(v_changed) n(command_id) ORDER BY 1 LOOP
            PERFORM coco.renew_command(v_id, true, false);
        END LOOP;
        PERFORM coco.made_progress(v_changed);
    END IF;
    RETURN QUERY SELECT * FROM coco.command_head h WHERE h.command_id = ANY (v_command_ids);
END;
$procedure$;

-- change_status is a compare-and-set: the command must be the instance's and have one of the statuses v_from, and the change must be
-- one that is allowed.
CREATE FUNCTION coco.change_status(v_instance_id uuid, v_command_id uuid, v_from text[], v_to varchar(20)) RETURNS SETOF coco.command_head
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $procedure$
DECLARE
    v_before text;
BEGIN
    PERFORM coco.fence(v_instance_id, ARRAY[v_command_id]);
    UPDATE public.command_entities e SET
        status = v_to,
        finished_at = CASE WHEN coco.is_final(v_to) THEN COALESCE(e.finished_at, now()) END
    WHERE e.command_id = v_command_id AND COALESCE(NULLIF(e.status, ''), 'UNKNOWN') = ANY (v_from) AND coco.may_become(e.status, v_to);
    IF NOT FOUND THEN
        SELECT COALESCE(NULLIF(e.status, ''), 'UNKNOWN') INTO v_before FROM public.command_entities e WHERE e.command_id = v_command_id;
        RAISE EXCEPTION 'command % cannot go from % to %', v_command_id, v_before, v_to
            USING ERRCODE = 'CO011', DETAIL = format('command=%s status=%s', v_command_id, v_before);
    END IF;
    PERFORM coco.made_progress(ARRAY[v_command_id]);
    IF coco.is_final(v_to) THEN
        DELETE FROM coco.command_owner o WHERE o.command_id = v_command_id;
    END IF;
    RETURN QUERY SELECT * FROM coco.command_head h WHERE h.command_id = v_command_id;
END;
$procedure$;

-- coco:end

-- coco:include coco/recover.sql

-- What nobody drives any more, and who takes it.

-- unfinished_commands lists commands that have not finished, the oldest first: all of them, or those of one instance.
CREATE FUNCTION coco.unfinished_commands(v_instance_id uuid, v_limit integer) RETURNS SETOF coco.command
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    IF v_instance_id IS NULL THEN
        RETURN QUERY
        SELECT k.* FROM coco.command k WHERE k.finished_at IS NULL ORDER BY k.created_at LIMIT v_limit;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT k.* FROM coco.command k
    WHERE k.owner_id = v_instance_id AND k.finished_at IS NULL
    ORDER BY k.created_at LIMIT v_limit;
END;
$procedure$;

-- recover_commands hands the commands of instances that have ended to this one, whole trees, until there are v_limit, and returns
-- them. An instance has ended when it was stopped, or when nothing was heard of it for its lease. In the latter case this one must
-- have been heard of all the time, and as long: when the server itself was away, all leases run out at once, and whoever is
-- alive needs time to say so.
--
-- A command whose owners have died v_hold_after times in a row, without progress of its tree in between, is held: its tree is not
-- handed out until somebody resumes it. Those that are held just now are returned too: held_at tells.
--
-- v_recovery_id names the attempt. Repeated under the same one, because its answer was lost, it returns what it has taken before, too.
CREATE FUNCTION coco.recover_commands(
    v_instance_id uuid,
    v_recovery_id uuid,
    v_limit integer,
    v_hold_after integer
) RETURNS SETOF coco.command
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_me coco.engine_instance;
    v_tree record;
    v_locked uuid[];
    v_taken uuid[];
    v_held uuid[] := '{}';
BEGIN
    PERFORM coco.fence(v_instance_id, '{}');
    v_taken := ARRAY(
        SELECT o.command_id FROM coco.command_owner o WHERE o.instance_id = v_instance_id AND o.recovery_id = v_recovery_id);
    SELECT * INTO v_me FROM coco.engine_instance i WHERE i.instance_id = v_instance_id;
    IF v_me.renewed_at >= clock_timestamp() - v_me.lease / 2 THEN
        UPDATE coco.engine_instance dead SET ended_at = clock_timestamp(), ended_because = 'taken over'
        WHERE dead.instance_id IN (
            SELECT i.instance_id
            FROM coco.engine_instance i
            WHERE i.ended_at IS NULL AND i.instance_id <> v_instance_id
                AND i.renewed_at < clock_timestamp() - GREATEST(i.lease, v_me.lease)
                AND v_me.alive_since < clock_timestamp() - GREATEST(i.lease, v_me.lease)
                AND pg_postmaster_start_time() < clock_timestamp() - GREATEST(i.lease, v_me.lease)
            FOR NO KEY UPDATE SKIP LOCKED);
    END IF;

    FOR v_tree IN
        SELECT o.instance_id, COALESCE(e.root_command_id, e.command_id) AS root, array_agg(o.command_id) AS commands,
            max(o.recoveries) AS recoveries,
            COALESCE(bool_and(i.ended_because <> 'taken over'), false) AS stopped
        FROM coco.command_owner o
        JOIN public.command_entities e ON e.command_id = o.command_id AND e.finished_at IS NULL
        LEFT JOIN coco.engine_instance i ON i.instance_id = o.instance_id
        WHERE o.instance_id <> v_instance_id AND (i.instance_id IS NULL OR i.ended_at IS NOT NULL)
        GROUP BY o.instance_id, COALESCE(e.root_command_id, e.command_id)
        HAVING bool_and(o.held_at IS NULL)
        ORDER BY min(o.taken_at), min(o.command_id::text)
    LOOP
        EXIT WHEN cardinality(v_taken) >= v_limit;
        v_locked := ARRAY(
            SELECT o.command_id FROM coco.command_owner o
            WHERE o.command_id = ANY (v_tree.commands) AND o.instance_id = v_tree.instance_id AND o.held_at IS NULL
            FOR NO KEY UPDATE SKIP LOCKED);
        -- Another one has a part of the tree in its hands; the next call looks again.
        CONTINUE WHEN cardinality(v_locked) < cardinality(v_tree.commands);
        -- So it does when a transaction that was open before the locks has added to the tree.
        CONTINUE WHEN cardinality(v_locked) < (
            SELECT count(*)
            FROM public.command_entities e
            JOIN coco.command_owner o ON o.command_id = e.command_id AND o.instance_id = v_tree.instance_id
            WHERE (e.command_id = v_tree.root OR e.root_command_id = v_tree.root) AND e.finished_at IS NULL);
        IF NOT v_tree.stopped AND v_tree.recoveries >= v_hold_after THEN
            UPDATE coco.command_owner o SET held_at = clock_timestamp() WHERE o.command_id = ANY (v_locked);
            v_held := v_held || v_locked;
            CONTINUE;
        END IF;
        UPDATE coco.command_owner o SET
            instance_id = v_instance_id,
            taken_at = clock_timestamp(),
            recovery_id = v_recovery_id,
            recoveries = o.recoveries + CASE WHEN v_tree.stopped THEN 0 ELSE 1 END
        WHERE o.command_id = ANY (v_locked);
        v_taken := v_taken || v_locked;
    END LOOP;
    RETURN QUERY SELECT k.* FROM coco.command k WHERE k.command_id = ANY (v_taken || v_held) ORDER BY k.created_at, k.command_id;
END;
$procedure$;

-- own_commands gives an instance commands that belong to nobody: the engine itself has written them.
CREATE FUNCTION coco.own_commands(v_instance_id uuid, v_command_ids uuid[]) RETURNS SETOF coco.command
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    -- As all writers do: first who owns it, then the command.
    PERFORM 1 FROM coco.command_owner o WHERE o.command_id = ANY (v_command_ids) ORDER BY o.command_id FOR NO KEY UPDATE;
    PERFORM 1 FROM public.command_entities e WHERE e.command_id = ANY (v_command_ids) ORDER BY e.command_id FOR NO KEY UPDATE;
    INSERT INTO coco.command_owner (command_id, instance_id)
    SELECT e.command_id, v_instance_id
    FROM public.command_entities e
    WHERE e.command_id = ANY (v_command_ids) AND e.finished_at IS NULL
    ORDER BY e.command_id
    ON CONFLICT (command_id) DO NOTHING;
    PERFORM coco.fence(v_instance_id, v_command_ids);
    RETURN QUERY SELECT k.* FROM coco.command k WHERE k.command_id = ANY (v_command_ids) ORDER BY k.created_at, k.command_id;
END;
$procedure$;

-- resume_command lets the tree of a command be handed out again. False: no command of it was held.
CREATE FUNCTION coco.resume_command(v_command_id uuid) RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_root uuid;
    v_resumed integer;
BEGIN
    SELECT COALESCE(e.root_command_id, e.command_id) INTO v_root FROM public.command_entities e WHERE e.command_id = v_command_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'command % is not there', v_command_id
            USING ERRCODE = 'CO012', DETAIL = format('command=%s', v_command_id);
    END IF;
    UPDATE coco.command_owner o SET held_at = NULL, recoveries = 0
    WHERE o.command_id IN (
        SELECT k.command_id
        FROM coco.command_owner k
        WHERE k.held_at IS NOT NULL AND k.command_id IN (SELECT b FROM coco.below(v_root) b)
        ORDER BY k.command_id
        FOR NO KEY UPDATE);
    GET DIAGNOSTICS v_resumed = ROW_COUNT;
    PERFORM pg_notify('coco_commands', '');
    RETURN v_resumed > 0;
END;
$procedure$;

-- coco:end

-- coco:include coco/remove.sql

-- Removing a command with all below it.

-- removal_blockers lists what keeps a command from being removed: tasks that name it or one below it; commands below it that have not
-- finished; commands that a live instance owns.
CREATE FUNCTION coco.removal_blockers(v_command_id uuid) RETURNS SETOF coco.removal_blocker
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_going CONSTANT uuid[] := ARRAY(SELECT b FROM coco.below(v_command_id) b);
BEGIN
    RETURN QUERY
    SELECT t.command_id, t.task_id, 'task'::text FROM coco.task_commands() t WHERE t.command_id = ANY (v_going)
    UNION ALL
    SELECT e.command_id, NULL::uuid, 'unfinished'::text
    FROM public.command_entities e
    WHERE e.command_id = ANY (v_going) AND e.command_id <> v_command_id AND e.finished_at IS NULL
    UNION ALL
    SELECT o.command_id, NULL::uuid, 'owned'::text
    FROM coco.command_owner o JOIN coco.engine_instance i ON i.instance_id = o.instance_id
    WHERE o.command_id = ANY (v_going) AND i.ended_at IS NULL AND i.renewed_at > clock_timestamp() - i.lease
    ORDER BY 3, 1, 2;
END;
$procedure$;

-- remove_command removes a command with all below it and returns what it has removed. Never one that a task names. With v_instance_id
-- what has not finished must be the instance's own, and only with v_unfinished may it be below the command. Without, an operator
-- asks: then no live instance may own any of it, and whatever has not finished needs v_unfinished.
CREATE FUNCTION coco.remove_command(v_instance_id uuid, v_command_id uuid, v_unfinished boolean) RETURNS SETOF public.command_entities
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_going uuid[];
    v_again uuid[];
    v_live uuid[];
    v_blocker coco.removal_blocker;
    v_tasks text;
    v_commands text;
BEGIN
    v_going := ARRAY(SELECT b FROM coco.below(v_command_id) b);
    IF cardinality(v_going) = 0 THEN
        RAISE EXCEPTION 'command % is not there', v_command_id
            USING ERRCODE = 'CO012', DETAIL = format('command=%s', v_command_id);
    END IF;
    -- A child that comes in from here on waits for its parent, and finds it gone.
    -- One that came in before is locked too, until there is none.
    LOOP
        PERFORM 1 FROM coco.command_owner o WHERE o.command_id = ANY (v_going) ORDER BY o.command_id FOR UPDATE;
        PERFORM 1 FROM public.command_entities e WHERE e.command_id = ANY (v_going) ORDER BY e.command_id FOR UPDATE;
        v_again := ARRAY(SELECT b FROM coco.below(v_command_id) b);
        EXIT WHEN v_again <@ v_going;
        v_going := v_again;
    END LOOP;
    v_going := v_again;
    v_live := ARRAY(SELECT e.command_id FROM public.command_entities e WHERE e.command_id = ANY (v_going) AND e.finished_at IS NULL);
    IF v_instance_id IS NOT NULL THEN
        PERFORM coco.fence(v_instance_id, v_live);
    ELSE
        SELECT * INTO v_blocker FROM coco.removal_blockers(v_command_id) b WHERE b.reason = 'owned' LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'command % cannot be removed: a live instance drives command %', v_command_id, v_blocker.command_id
                USING ERRCODE = 'CO010', HINT = 'Stop that instance first.',
                    DETAIL = format('command=%s owner=%s', v_blocker.command_id,
                        (SELECT o.instance_id FROM coco.command_owner o WHERE o.command_id = v_blocker.command_id));
        END IF;
    END IF;
    SELECT string_agg(DISTINCT b.task_id::text, ',') FILTER (WHERE b.reason = 'task'),
        string_agg(DISTINCT b.command_id::text, ',') FILTER (WHERE b.reason = 'task' OR NOT v_unfinished)
    INTO v_tasks, v_commands
    FROM (
        SELECT * FROM coco.removal_blockers(v_command_id) r
        WHERE r.reason = 'task' OR (r.reason = 'unfinished' AND NOT v_unfinished)
        UNION ALL
        SELECT v_command_id, NULL, 'unfinished'
        WHERE v_instance_id IS NULL AND NOT v_unfinished AND v_command_id = ANY (v_live)
        ORDER BY 3, 1, 2
        LIMIT 20
    ) AS b;
    IF v_commands IS NOT NULL THEN
        RAISE EXCEPTION 'command % cannot be removed: %', v_command_id,
            CASE WHEN v_tasks IS NOT NULL THEN 'tasks still need it or commands below it' ELSE 'commands have not finished' END
            USING ERRCODE = 'CO013', DETAIL = format('command=%s descendants=%s tasks=%s', v_command_id, v_commands, COALESCE(v_tasks, 'none'));
    END IF;
    RETURN QUERY
    DELETE FROM public.command_entities e WHERE e.command_id = ANY (v_going) RETURNING e.*;
END;
$procedure$;

-- coco:end

-- coco:include coco/tasks.sql

-- Tasks of commands that an instance keeps here. A task is saved with its command and those above it, and read with them. Whoever
-- writes takes locks in one order, so that nobody waits in a circle: owners, then commands, each by id, then tasks.

-- require_retired refuses while the engine still passes commands with tasks: its procedures keep more about a task than these do.
CREATE FUNCTION coco.require_retired() RETURNS void
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM coco.state s WHERE s.retired) THEN
        RAISE EXCEPTION 'tasks can be kept with their commands only after retire: until then the engine itself passes them together'
            USING ERRCODE = 'CO001', HINT = 'Run "upgrade up" first.', DETAIL = 'phase=retire';
    END IF;
END;
$procedure$;

-- save_task stores a task: commands of its chain that are new or changed (the arrays, as for coco.persist_commands), the task, and the
-- entities it locks. Its own command must be the instance's. Returns the task with the heads of these commands.
-- What a task never changes once it is stored: its command, started_at, its type unless that was 0, a NULL that the zero GUID stands
-- for. v_action_type 0: the type of the command's parent, or its own without one; for a stored task, what it has.
CREATE FUNCTION coco.save_task(
    v_instance_id uuid,
    v_task_id uuid,
    v_action_type integer,
    v_status integer,
    v_result integer,
    v_vdsm_task_id uuid,
    v_step_id uuid,
    v_command_id uuid,
    v_started_at timestamptz,
    v_storage_pool_id uuid,
    v_task_type integer,
    v_entity_ids uuid[],
    v_entity_types text[],
    v_command_ids uuid[],
    v_command_types integer[],
    v_parent_ids uuid[],
    v_parameters text[],
    v_classes text[],
    v_statuses text[],
    v_nulls integer[]
) RETURNS SETOF coco.task_command
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_stored_id uuid;
BEGIN
    PERFORM coco.require_retired();
    IF v_task_id = c_none THEN
        RAISE EXCEPTION 'the zero GUID is no task id' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM 1 FROM coco.command_owner o
    WHERE o.command_id = ANY (v_command_ids || v_parent_ids || v_command_id)
    ORDER BY o.command_id FOR NO KEY UPDATE;
    IF cardinality(v_command_ids) > 0 THEN
        PERFORM coco.persist_commands(v_instance_id, v_command_ids, v_command_types, v_parent_ids,
            v_parameters, v_classes, v_statuses, v_nulls);
    END IF;
    -- An array that is NULL is an empty one.
    IF (v_command_id = ANY (v_command_ids)) IS NOT TRUE THEN
        PERFORM coco.fence(v_instance_id, ARRAY[v_command_id]);
    END IF;
    -- It changes nothing. But whoever removes the command in a transaction that sees an older state, without this task, is refused then.
    UPDATE coco.command_owner o SET recoveries = o.recoveries WHERE o.command_id = v_command_id;

    INSERT INTO public.async_tasks AS t (task_id, action_type, status, result, step_id, command_id, started_at,
        storage_pool_id, task_type, vdsm_task_id)
    SELECT v_task_id, COALESCE(NULLIF(v_action_type, 0), acting.command_type), v_status, v_result, NULLIF(v_step_id, c_none),
        own.command_id, COALESCE(v_started_at, clock_timestamp()), v_storage_pool_id, v_task_type, v_vdsm_task_id
    FROM public.command_entities own
    JOIN public.command_entities acting
        ON acting.command_id = COALESCE(own.parent_command_id, own.root_command_id, own.command_id)
    WHERE own.command_id = v_command_id
    ON CONFLICT (task_id) DO UPDATE SET
        action_type = COALESCE(NULLIF(v_action_type, 0), t.action_type),
        status = excluded.status,
        result = excluded.result,
        step_id = excluded.step_id,
        storage_pool_id = NULLIF(excluded.storage_pool_id, CASE WHEN t.storage_pool_id IS NULL THEN c_none END),
        task_type = CASE WHEN t.task_type = 0 THEN excluded.task_type ELSE t.task_type END,
        vdsm_task_id = NULLIF(excluded.vdsm_task_id, CASE WHEN t.vdsm_task_id IS NULL THEN c_none END)
    WHERE t.command_id = excluded.command_id;
    IF NOT FOUND THEN
        SELECT t.command_id INTO v_stored_id FROM public.async_tasks t WHERE t.task_id = v_task_id;
        RAISE EXCEPTION 'task % belongs to command %, not to command %', v_task_id, v_stored_id, v_command_id
            USING ERRCODE = 'CO019', HINT = 'A task keeps the command it was stored with.',
                DETAIL = format('task=%s command=%s', v_task_id, v_stored_id);
    END IF;

    INSERT INTO public.async_tasks_entities (async_task_id, entity_id, entity_type)
    SELECT DISTINCT ON (n.id) v_task_id, n.id, NULLIF(n.type, '')
    FROM unnest(v_entity_ids, v_entity_types) AS n(id, type)
    WHERE NOT EXISTS (
        SELECT 1 FROM public.async_tasks_entities l WHERE l.async_task_id = v_task_id AND l.entity_id = n.id)
    ORDER BY n.id;

    RETURN QUERY
    SELECT t.task_id, t.action_type, t.status, t.result, t.step_id, t.started_at, t.storage_pool_id, t.task_type, t.vdsm_task_id,
        '{}'::uuid[], '{}'::text[], CASE WHEN h.command_id = t.command_id THEN 0 ELSE 1 END, h.command_id,
        h.command_type, h.parent_command_id, h.root_command_id, NULL::text, h.action_parameters_class, h.created_at,
        h.status, h.finished_at, h.owner_id, h.taken_at, h.recoveries, h.held_at
    FROM public.async_tasks t
    CROSS JOIN coco.command_head h
    WHERE t.task_id = v_task_id AND h.command_id = ANY (v_command_ids || v_command_id);
END;
$procedure$;

-- tasks_with_commands returns a row for each task and each command that it leads to: its own (depth 0), the one whose end-action runs
-- when it ends (1), and those above (2 and so on). With no argument all tasks; otherwise the one task, or those that lock the entity,
-- or those of the storage pool, or of the host's task.
-- The first two commands have the very texts that this task has, also where another task of the same commands has others. Without a
-- parent they are one command; then it comes twice only if its texts differ. A command that is not stored has a NULL type.
CREATE FUNCTION coco.tasks_with_commands(
    v_task_id uuid,
    v_entity_id uuid,
    v_storage_pool_id uuid,
    v_vdsm_task_id uuid
) RETURNS SETOF coco.task_command
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off -- it would compile for seconds
SET plan_cache_mode = force_custom_plan -- for one task and for all there are no one plan is right
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_tasks uuid[];
BEGIN
    PERFORM coco.require_retired();
    v_tasks := CASE
        WHEN v_task_id IS NOT NULL THEN ARRAY[v_task_id]
        WHEN v_entity_id IS NOT NULL THEN
            ARRAY(SELECT l.async_task_id FROM public.async_tasks_entities l WHERE l.entity_id = v_entity_id)
        WHEN v_storage_pool_id IS NOT NULL THEN
            ARRAY(SELECT t.task_id FROM public.async_tasks t WHERE t.storage_pool_id = v_storage_pool_id)
        WHEN v_vdsm_task_id IS NOT NULL THEN
            ARRAY(SELECT t.task_id FROM public.async_tasks t WHERE t.vdsm_task_id = v_vdsm_task_id)
        ELSE ARRAY(SELECT t.task_id FROM public.async_tasks t) END;
    RETURN QUERY
    WITH RECURSIVE task AS (
        SELECT t.*, COALESCE(NULLIF(t.root_command_id, c_none), t.command_id) AS acting_id
        FROM coco.async_task t
        WHERE t.task_id = ANY (v_tasks)
    ), leads(task_id, depth, command_id, path) AS (
        SELECT t.task_id, d.depth, CASE d.depth WHEN 0 THEN t.command_id ELSE t.acting_id END, ARRAY[t.command_id, t.acting_id]
        FROM task t CROSS JOIN (VALUES (0), (1)) AS d(depth)
        WHERE d.depth = 0 OR t.acting_id <> t.command_id
            OR (t.action_parameters, t.action_params_class) IS DISTINCT FROM (t.task_parameters, t.task_params_class)
        UNION ALL
        SELECT l.task_id, l.depth + 1, above.id, l.path || above.id
        FROM leads l
        JOIN public.command_entities e ON e.command_id = l.command_id
        CROSS JOIN LATERAL (SELECT COALESCE(e.parent_command_id, e.root_command_id)) AS above(id)
        -- Damaged rows may form a cycle.
        WHERE l.depth > 0 AND l.path[1] <> l.path[2] AND above.id <> ALL (l.path)
    ), entity AS (
        SELECT l.async_task_id AS task_id, array_agg(l.entity_id ORDER BY l.entity_type, l.entity_id) AS ids,
            array_agg(COALESCE(l.entity_type, '')::text ORDER BY l.entity_type, l.entity_id) AS types
        FROM public.async_tasks_entities l
        WHERE l.async_task_id = ANY (v_tasks)
        GROUP BY l.async_task_id
    )
    SELECT t.task_id, t.action_type, t.status, t.result, t.step_id, t.started_at, t.storage_pool_id, t.task_type, t.vdsm_task_id,
        COALESCE(n.ids, '{}'), COALESCE(n.types, '{}'), l.depth, l.command_id, k.command_type, k.parent_command_id, k.root_command_id,
        CASE l.depth WHEN 0 THEN t.task_parameters WHEN 1 THEN t.action_parameters ELSE k.action_parameters END,
        CASE l.depth WHEN 0 THEN t.task_params_class WHEN 1 THEN t.action_params_class ELSE k.action_parameters_class END,
        k.created_at, k.status, k.finished_at, k.owner_id, k.taken_at, k.recoveries, k.held_at
    FROM leads l
    JOIN task t ON t.task_id = l.task_id
    LEFT JOIN coco.command k ON k.command_id = l.command_id
    LEFT JOIN entity n ON n.task_id = t.task_id AND l.depth = 0
    ORDER BY t.started_at, t.task_id, l.depth;
END;
$procedure$;

-- remove_tasks removes a task, or those of a host's task, with their links. The command of each must be the instance's, unless it has
-- finished or is not stored. With v_commands also these commands, and above them those that have finished, as far as nothing needs
-- them any more: no task names them and no command is below them. Returns the ids of the tasks, and those of the commands.
CREATE FUNCTION coco.remove_tasks(v_instance_id uuid, v_task_id uuid, v_vdsm_task_id uuid, v_commands boolean)
RETURNS SETOF coco.removed_task
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_named uuid[];
    v_chain uuid[];
    v_removed uuid[];
    v_needed uuid[];
    v_id uuid;
    v_above uuid;
BEGIN
    PERFORM coco.require_retired();
    v_named := ARRAY(
        SELECT DISTINCT t.command_id FROM public.async_tasks t WHERE t.task_id = v_task_id OR t.vdsm_task_id = v_vdsm_task_id);
    IF v_commands THEN
        v_chain := ARRAY(
            WITH RECURSIVE going(command_id, above) AS (
                SELECT e.command_id, COALESCE(e.parent_command_id, e.root_command_id)
                FROM public.command_entities e
                WHERE e.command_id = ANY (v_named)
                UNION
                SELECT e.command_id, COALESCE(e.parent_command_id, e.root_command_id)
                FROM going g JOIN public.command_entities e ON e.command_id = g.above
                WHERE e.finished_at IS NOT NULL
            )
            SELECT g.command_id FROM going g);
        -- Whoever wants to add a task or a child waits here, and finds the command gone.
        PERFORM 1 FROM coco.command_owner o WHERE o.command_id = ANY (v_chain) ORDER BY o.command_id FOR UPDATE;
        PERFORM 1 FROM public.command_entities e WHERE e.command_id = ANY (v_chain) ORDER BY e.command_id FOR UPDATE;
    END IF;
    PERFORM coco.fence(v_instance_id, ARRAY(
        SELECT e.command_id FROM public.command_entities e WHERE e.command_id = ANY (v_named) AND e.finished_at IS NULL));

    WITH removed AS (
        DELETE FROM public.async_tasks t
        WHERE (t.task_id = v_task_id OR t.vdsm_task_id = v_vdsm_task_id) AND t.command_id = ANY (v_named)
        RETURNING t.task_id
    )
    SELECT array_agg(r.task_id) INTO v_removed FROM removed r;
    IF v_removed IS NULL AND v_task_id IS NOT NULL THEN
        RAISE EXCEPTION 'task % is not there', v_task_id USING ERRCODE = 'CO012', DETAIL = format('task=%s', v_task_id);
    END IF;
    RETURN QUERY SELECT r, NULL::uuid FROM unnest(v_removed) r;
    IF NOT v_commands THEN
        RETURN;
    END IF;

    v_needed := coco.commands_of_tasks(v_chain);
    FOREACH v_id IN ARRAY v_named LOOP
        LOOP
            SELECT COALESCE(e.parent_command_id, e.root_command_id) INTO v_above
            FROM public.command_entities e WHERE e.command_id = v_id;
            EXIT WHEN NOT FOUND OR v_id <> ALL (v_chain) OR v_id = ANY (v_needed)
                OR EXISTS (SELECT 1 FROM public.command_entities e WHERE e.parent_command_id = v_id AND e.command_id <> v_id)
                OR EXISTS (SELECT 1 FROM public.command_entities e WHERE e.root_command_id = v_id AND e.command_id <> v_id);
            DELETE FROM public.command_entities e WHERE e.command_id = v_id;
            RETURN QUERY SELECT NULL::uuid, v_id;
            v_id := v_above;
        END LOOP;
    END LOOP;
END;
$procedure$;

-- coco:end

-- coco:include coco/operate.sql

-- What operators see and do: commands without their parameters, which may hold passwords.

-- require_switch refuses while commands are only what the tasks say.
CREATE FUNCTION coco.require_switch() RETURNS void
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM coco.state s WHERE s.serves = 'command_entities') THEN
        RAISE EXCEPTION 'there are no commands to work on before the switch: until then they are what the tasks say'
            USING ERRCODE = 'CO001', HINT = 'Run "upgrade up --to switch", or further, first.';
    END IF;
END;
$procedure$;

-- list_commands returns one page: the commands behind a place in the list, at most v_limit of them. The list has three parts, each in
-- the order of an index: unfinished commands with a time, the newest first; those without one, by id; finished commands, by id. The
-- place is a part, and the time and id of the last command of the page before; part 0 is the beginning. NULL, or false, of what is to be
-- listed means that it does not matter.
CREATE FUNCTION coco.list_commands(
    v_unfinished boolean,
    v_statuses text[],
    v_types integer[],
    v_owner_id uuid,
    v_no_owner boolean,
    v_held boolean,
    v_roots boolean,
    v_since timestamptz,
    v_before timestamptz,
    v_after_part integer,
    v_after_time text,
    v_after_id uuid,
    v_limit integer
) RETURNS SETOF coco.command_overview
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- A plan for any arguments would not use the index that fits these.
SET plan_cache_mode = force_custom_plan
AS $procedure$
DECLARE
    v_time CONSTANT timestamptz := v_after_time;
    v_left integer := v_limit;
    v_rows integer;
BEGIN
    PERFORM coco.require_switch();
    IF v_after_part <= 1 THEN
        RETURN QUERY
        SELECT o.* FROM coco.command_overview o
        WHERE o.finished_at IS NULL AND o.created_at IS NOT NULL
            AND (v_after_part = 0
                OR o.created_at <= v_time AND (o.created_at, o.command_id) < (v_time, v_after_id))
            AND (v_statuses IS NULL OR o.status = ANY (v_statuses))
            AND (v_types IS NULL OR o.command_type = ANY (v_types))
            AND (v_owner_id IS NULL OR o.owner_id = v_owner_id)
            AND (NOT v_no_owner OR o.owner_id IS NULL)
            AND (NOT v_held OR o.held_at IS NOT NULL)
            AND (NOT v_roots OR o.parent_command_id IS NULL AND COALESCE(o.root_command_id, o.command_id) = o.command_id)
            AND (v_since IS NULL OR o.created_at >= v_since)
            AND (v_before IS NULL OR o.created_at < v_before)
        ORDER BY o.created_at DESC, o.command_id DESC
        LIMIT v_left;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        v_left := v_left - v_rows;
    END IF;
    IF v_after_part <= 2 AND v_left > 0 THEN
        RETURN QUERY
        SELECT o.* FROM coco.command_overview o
        WHERE o.finished_at IS NULL AND o.created_at IS NULL
            AND (v_after_part < 2 OR o.command_id > v_after_id)
            AND (v_statuses IS NULL OR o.status = ANY (v_statuses))
            AND (v_types IS NULL OR o.command_type = ANY (v_types))
            AND (v_owner_id IS NULL OR o.owner_id = v_owner_id)
            AND (NOT v_no_owner OR o.owner_id IS NULL)
            AND (NOT v_held OR o.held_at IS NOT NULL)
            AND (NOT v_roots OR o.parent_command_id IS NULL AND COALESCE(o.root_command_id, o.command_id) = o.command_id)
            AND v_since IS NULL AND v_before IS NULL
        ORDER BY o.command_id
        LIMIT v_left;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        v_left := v_left - v_rows;
    END IF;
    IF NOT v_unfinished AND v_left > 0 THEN
        RETURN QUERY
        SELECT o.* FROM coco.command_overview o
        WHERE o.finished_at IS NOT NULL
            AND (v_after_part < 3 OR o.command_id > v_after_id)
            AND (v_statuses IS NULL OR o.status = ANY (v_statuses))
            AND (v_types IS NULL OR o.command_type = ANY (v_types))
            AND (NOT v_roots OR o.parent_command_id IS NULL AND COALESCE(o.root_command_id, o.command_id) = o.command_id)
            AND (v_since IS NULL OR o.created_at >= v_since)
            AND (v_before IS NULL OR o.created_at < v_before)
        ORDER BY o.command_id
        LIMIT v_left;
    END IF;
END;
$procedure$;

-- tree_overview returns a command, or with v_whole the root of its tree, and all below it: the topmost first, then by age.
CREATE FUNCTION coco.tree_overview(v_command_id uuid, v_whole boolean) RETURNS SETOF coco.command_overview
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_top uuid := v_command_id;
BEGIN
    PERFORM coco.require_switch();
    IF v_whole THEN
        WITH RECURSIVE chain(command_id, above) AS (
            SELECT e.command_id, NULLIF(COALESCE(e.parent_command_id, e.root_command_id), e.command_id)
            FROM public.command_entities e
            WHERE e.command_id = v_command_id
            UNION
            SELECT e.command_id, NULLIF(COALESCE(e.parent_command_id, e.root_command_id), e.command_id)
            FROM chain c JOIN public.command_entities e ON e.command_id = c.above
        )
        -- Damaged rows may form a circle, which has no top.
        SELECT COALESCE(max(c.command_id::text) FILTER (WHERE c.above IS NULL), v_command_id::text)::uuid INTO v_top FROM chain c;
    END IF;
    RETURN QUERY
    SELECT o.*
    FROM coco.below(v_top) b(command_id)
    JOIN coco.command_overview o ON o.command_id = b.command_id
    ORDER BY o.command_id <> v_top, o.created_at, o.command_id;
END;
$procedure$;

-- take_out removes a command with all below it, as remove_command does for an operator, and returns what it has removed as lines of an
-- export.
CREATE FUNCTION coco.take_out(v_command_id uuid, v_unfinished boolean) RETURNS SETOF coco.exported_command
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    PERFORM coco.require_switch();
    RETURN QUERY
    SELECT e.command_id, (SELECT row_to_json(line)::text FROM (
        SELECT 1 AS coco_command, e.command_id, e.command_type, e.parent_command_id, e.root_command_id,
            e.action_parameters, e.action_parameters_class, e.created_at, e.status, e.finished_at) AS line)
    FROM coco.remove_command(NULL, v_command_id, v_unfinished) e;
END;
$procedure$;

-- coco:end

INSERT INTO coco.home (place) VALUES (coco.place());
SELECT coco.own_all();
SELECT coco.share_grants();

-- Nobody waits for the disk: the lock goes when the commit is written, and not when it is flushed. Whoever commits after that flushes it
-- too; a crash before that takes it back.
SELECT set_config('synchronous_commit', 'off', true);
-- ENABLE ALWAYS: a replica's session setting must not silence them.
CREATE TRIGGER coco_log_tasks AFTER INSERT OR UPDATE OR DELETE ON public.async_tasks
    FOR EACH ROW EXECUTE FUNCTION coco.log_task_id('task');
ALTER TABLE public.async_tasks ENABLE ALWAYS TRIGGER coco_log_tasks;
CREATE TRIGGER coco_log_tasks_truncate AFTER TRUNCATE ON public.async_tasks
    FOR EACH STATEMENT EXECUTE FUNCTION coco.log_task_id('task');
ALTER TABLE public.async_tasks ENABLE ALWAYS TRIGGER coco_log_tasks_truncate;
