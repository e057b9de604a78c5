CREATE TABLE shelf (id integer PRIMARY KEY, room text NOT NULL);

CREATE TABLE book (id integer PRIMARY KEY, title text NOT NULL, author text, shelf_id integer);

CREATE FUNCTION titles_of(v_author text) RETURNS SETOF text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY SELECT title FROM book WHERE author = v_author;
END; $$;

CREATE FUNCTION lend(v_id integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM book WHERE id = v_id;
    RETURN FOUND;
END; $$;

REVOKE EXECUTE ON FUNCTION lend(integer) FROM PUBLIC;
