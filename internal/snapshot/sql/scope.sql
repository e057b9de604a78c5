-- What a snapshot speaks of. This stands before each of the other queries of this directory.
-- As in a dump, objects that belong to an extension are the extension's business.
WITH extension_member AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
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
      AND c.oid::regclass::text <> ALL (current_setting('snapshot.except_tables')::text[])
      AND NOT EXISTS ( -- nor the indexes and sequences of such a table
          SELECT FROM pg_depend d
          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
            AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
            AND c.relkind IN ('i', 'I', 'S')
            AND d.refobjid::regclass::text = ANY (current_setting('snapshot.except_tables')::text[]))
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
