DROP FUNCTION IF EXISTS lend(integer);

CREATE OR REPLACE FUNCTION lend(v_id integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM book WHERE id = v_id;
    RETURN FOUND;
END; $$;
