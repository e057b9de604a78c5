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
