-- Counts the statements of procedures in every database that is made from this one, with the profiler of plpgsql_check. It keeps its
-- counts in shared memory, by database, oid and version of the procedure: also those of transactions that were rolled back and of
-- statements that failed. A change of a procedure begins new ones, so they are written to a file before each change.
CREATE SCHEMA sqlcover;
CREATE EXTENSION plpgsql_check SCHEMA sqlcover;

CREATE TABLE sqlcover.setting (directory text NOT NULL);

-- section collect

-- collect writes what has been counted since the last call to a file of its own, which no rollback takes back.
CREATE FUNCTION sqlcover.collect() RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_procedure regprocedure;
    v_hash text;
    v_lines text[] := '{}';
    v_more text[];
BEGIN
    FOR v_procedure, v_hash IN
        SELECT DISTINCT f.funcoid, md5(p.prosrc)
        FROM sqlcover.plpgsql_profiler_functions_all() f
        JOIN pg_proc p ON p.oid = f.funcoid
        JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname <> 'sqlcover'
    LOOP
        SELECT array_agg(concat_ws('|', v_procedure, v_hash, s.stmtid, s.exec_stmts)) INTO v_more
        FROM sqlcover.plpgsql_profiler_function_statements_tb(v_procedure) s
        WHERE s.exec_stmts > 0;
        v_lines := v_lines || v_more;
        PERFORM sqlcover.plpgsql_profiler_reset(v_procedure);
    END LOOP;
    IF v_lines <> '{}' THEN
        EXECUTE format('COPY (SELECT unnest(%L::text[])) TO %L', v_lines, (
            SELECT format('%s/%s', s.directory, gen_random_uuid()) FROM sqlcover.setting s));
    END IF;
END;
$procedure$;

CREATE FUNCTION sqlcover.before_change() RETURNS event_trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    PERFORM sqlcover.collect();
END;
$procedure$;

CREATE EVENT TRIGGER sqlcover_before_change ON ddl_command_start
WHEN TAG IN ('CREATE FUNCTION', 'ALTER FUNCTION', 'DROP FUNCTION', 'DROP SCHEMA', 'GRANT', 'REVOKE', 'DROP OWNED')
EXECUTE FUNCTION sqlcover.before_change();
