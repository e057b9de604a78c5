-- What a check makes on the copy, for as long as its transaction: nothing of it stays.
--
-- coco_analyse has one routine looked at. First its language's validator compiles it. Then, of a routine in PL/pgSQL, a block is run that has
-- its variables and its statements, each turned into one that is analysed and moves no row. PL/pgSQL itself so says which names are
-- variables, what types they have and what is ambiguous. The answer leaves as the text of an exception, so that all that was made or set for
-- it is rolled back with it.
CREATE FUNCTION pg_temp.coco_analyse(routine oid, settings text[], pragma text, body text, returns boolean) RETURNS jsonb
LANGUAGE plpgsql AS $coco$
DECLARE
    setting text;
    stage text := 'settings';
    code text;
    message text;
    detail text;
    hint text;
    context text;
BEGIN
    BEGIN
        FOREACH setting IN ARRAY settings LOOP
            PERFORM pg_catalog.set_config(pg_catalog.split_part(setting, '=', 1),
                pg_catalog.substr(setting, pg_catalog.strpos(setting, '=') + 1), true);
        END LOOP;
        stage := 'compile';
        EXECUTE (SELECT pg_catalog.format('SELECT %s(%s)', l.lanvalidator::pg_catalog.regproc, routine)
            FROM pg_catalog.pg_proc p
            JOIN pg_catalog.pg_language l ON l.oid = p.prolang
            WHERE p.oid = routine);
        IF body IS NULL THEN
            RAISE EXCEPTION SQLSTATE 'CO100' USING MESSAGE = '[]'; -- a return would keep the settings
        END IF;
        stage := 'call';
        body := pg_catalog.quote_literal(pragma || pg_temp.coco_block(routine, body, returns));
        IF returns THEN
            -- Under the same name as others with this result: then the server forgets what it has compiled for them. A catalog that
            -- changes makes it look through all that it keeps.
            stage := 'make';
            PERFORM pg_catalog.set_config('check_function_bodies', 'off', true); -- the call compiles it
            EXECUTE pg_temp.coco_header(routine) || body;
            EXECUTE pg_catalog.format('SELECT pg_temp.%I()', pg_temp.coco_name(routine));
        ELSE
            EXECUTE 'DO ' || body;
        END IF;
    EXCEPTION
        WHEN SQLSTATE 'CO100' THEN
            RETURN SQLERRM;
        WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
                hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
            RETURN pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('stage', stage, 'code', code, 'message', message,
                'detail', detail, 'hint', hint, 'context', context));
    END;
    RAISE 'nothing came back from the analysis of %', routine::pg_catalog.regprocedure;
END
$coco$;

-- coco_arguments are the arguments of a routine, the columns of RETURNS TABLE among them. Modes are those of pg_proc: i, o, b, v, t.
CREATE FUNCTION pg_temp.coco_arguments(routine oid) RETURNS TABLE (n bigint, name text, mode text, type text) LANGUAGE sql AS $coco$
    SELECT a.n, nullif(p.proargnames[a.n], ''), coalesce(p.proargmodes[a.n]::text, 'i'), pg_catalog.format_type(a.type, NULL)
    FROM pg_catalog.pg_proc p
    CROSS JOIN LATERAL pg_catalog.unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY AS a (type, n)
    WHERE p.oid = routine
$coco$;

-- coco_block puts the arguments around a block, under the names that they have in the routine: v_id, f.v_id, $1. Those that a result is made
-- of belong to the procedure that returns it.
CREATE FUNCTION pg_temp.coco_block(routine oid, body text, returns boolean) RETURNS text LANGUAGE sql AS $coco$
    SELECT pg_catalog.format(E'<<%I>>\nDECLARE\n%sBEGIN\n%s;\nEND', p.proname, (
            SELECT pg_catalog.string_agg(pg_catalog.format(E'    %I %s;\n', v.name, a.type), '' ORDER BY a.n)
            FROM pg_temp.coco_arguments(routine) AS a
            CROSS JOIN LATERAL (VALUES (a.name), ('$' || a.n)) AS v (name)
            WHERE v.name IS NOT NULL AND NOT (returns AND a.mode IN ('o', 'b', 't') AND v.name = a.name)
                AND (v.name = a.name OR pg_catalog.strpos(body, v.name) > 0)
        ), body)
    FROM pg_catalog.pg_proc p
    WHERE p.oid = routine
$coco$;

-- coco_name is the same for routines with the same result.
CREATE FUNCTION pg_temp.coco_name(routine oid) RETURNS text LANGUAGE sql AS $coco$
    SELECT 'coco_' || pg_catalog.md5(pg_catalog.format('%s %s %s', p.prorettype, p.proallargtypes, p.proargnames))
    FROM pg_catalog.pg_proc p
    WHERE p.oid = routine
$coco$;

-- coco_header is how a procedure with a routine's result is made, up to its body.
CREATE FUNCTION pg_temp.coco_header(routine oid) RETURNS text LANGUAGE sql AS $coco$
    SELECT pg_catalog.format('CREATE OR REPLACE FUNCTION pg_temp.%I(%s) RETURNS %s LANGUAGE plpgsql AS ', pg_temp.coco_name(p.oid), (
            SELECT pg_catalog.string_agg(pg_catalog.format('OUT %I %s', a.name, a.type), ', ' ORDER BY a.n)
            FROM pg_temp.coco_arguments(routine) AS a
            WHERE a.mode IN ('o', 'b')
        ), pg_catalog.pg_get_function_result(p.oid))
    FROM pg_catalog.pg_proc p
    WHERE p.oid = routine
$coco$;
