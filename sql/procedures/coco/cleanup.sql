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
