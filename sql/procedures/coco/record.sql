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
