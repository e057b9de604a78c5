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
