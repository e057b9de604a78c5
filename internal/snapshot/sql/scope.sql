-- What a snapshot speaks of. This stands before each of the other queries of this directory.
-- As in a dump, objects that belong to an extension are the extension's business.
WITH extension_member AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
),
excepted AS ( -- tables, with their indexes and sequences
    WITH leader AS (
        SELECT oid FROM pg_class WHERE oid::regclass::text = ANY (current_setting('snapshot.except_tables')::text[])
    )
    SELECT oid FROM leader
    UNION ALL
    SELECT indexrelid FROM pg_index WHERE indrelid IN (SELECT oid FROM leader)
    UNION ALL
    SELECT objid FROM pg_depend
    WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')
      AND objid IN (SELECT seqrelid FROM pg_sequence) AND refobjid IN (SELECT oid FROM leader)
),
schema AS (
    SELECT oid, nspname, nspowner, nspacl
    FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
),
relation AS (
    SELECT c.*, c.oid::regclass::text AS name
    FROM pg_class c
    JOIN schema s ON s.oid = c.relnamespace
    WHERE ('pg_class'::regclass, c.oid) NOT IN (SELECT classid, objid FROM extension_member)
      AND c.oid NOT IN (SELECT oid FROM excepted)
),
-- All columns of all versions: what a version does not know is NULL.
attribute AS (
    SELECT r.name AS relation, r.relkind, a.*, to_jsonb(a) AS a,
           row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS place
    FROM relation r
    JOIN pg_attribute a ON a.attrelid = r.oid
    WHERE a.attnum > 0 AND NOT a.attisdropped
),
collation_name AS ( -- regcollation is new in PostgreSQL 13
    SELECT oid, format('%I.%I', collnamespace::regnamespace, collname) AS name FROM pg_collation
)
