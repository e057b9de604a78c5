-- Where a routine is, what the review's catalog does not say of it, and the tables whose triggers call it. One that went since the catalog
-- was read has no oid.
WITH calls (routine, tables) AS MATERIALIZED (
    SELECT t.tgfoid, pg_catalog.array_agg(DISTINCT pg_catalog.format('%I.%I', n.nspname, c.relname))
    FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT t.tgisinternal
    GROUP BY t.tgfoid
)
SELECT p.oid,
    p.proretset,
    EXISTS (SELECT FROM pg_catalog.unnest(p.proargtypes::oid[]) AS a (type)
        JOIN pg_catalog.pg_type t ON t.oid = a.type WHERE t.typtype = 'p') AS polymorphic,
    p.prorettype = 'pg_catalog.record'::pg_catalog.regtype
        AND NOT coalesce(p.proargmodes::text[] && '{o,b,t}', false) AS unknown_result,
    calls.tables
FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS r (name, n)
LEFT JOIN pg_catalog.pg_proc p ON p.oid = pg_catalog.to_regprocedure(r.name)
LEFT JOIN calls ON calls.routine = p.oid
ORDER BY r.n;
