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
