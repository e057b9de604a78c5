-- coco_ask has plpgsql_check look at one routine: its errors only, for each table whose trigger calls it. %[1]s is the extension's schema.
CREATE FUNCTION pg_temp.coco_ask(routine oid, tables text[], settings text[]) RETURNS jsonb LANGUAGE plpgsql AS $coco$
DECLARE
    setting text;
    said jsonb;
BEGIN
    FOREACH setting IN ARRAY settings LOOP
        PERFORM pg_catalog.set_config(pg_catalog.split_part(setting, '=', 1),
            pg_catalog.substr(setting, pg_catalog.strpos(setting, '=') + 1), true);
    END LOOP;
    SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('line', coalesce(c.lineno, 0), 'code', c.sqlstate, 'message', c.message,
        'detail', coalesce(c.detail, ''), 'hint', coalesce(c.hint, ''), 'query', coalesce(c.query, '')))
    INTO said
    FROM pg_catalog.unnest(tables) AS t (name)
    CROSS JOIN LATERAL %[1]s.plpgsql_check_function_tb(routine::pg_catalog.regprocedure, coalesce(pg_catalog.to_regclass(nullif(t.name, '')), 0::pg_catalog.regclass),
        fatal_errors => false, other_warnings => false, extra_warnings => false, performance_warnings => false) AS c
    WHERE c.level = 'error';
    RAISE EXCEPTION SQLSTATE 'CO100' USING MESSAGE = coalesce(said, '[]'); -- a return would keep the settings
EXCEPTION
    WHEN SQLSTATE 'CO100' THEN
        RETURN SQLERRM;
    WHEN OTHERS THEN
        RETURN '[]'; -- it is a second opinion: none is one too
END
$coco$;
