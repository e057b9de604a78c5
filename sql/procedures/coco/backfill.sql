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
