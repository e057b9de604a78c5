-- What the database is. Where this finds something, the other checks have nothing to say.
SELECT format('database %s', current_database()) AS subject, x.reason, x.hint
FROM (
    SELECT
        to_regnamespace('public') AS public,
        to_regnamespace('coco') AS coco,
        to_regclass('public.command_entities') AS entities,
        (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = to_regclass('public.async_tasks')) AS tasks,
        EXISTS (
            SELECT 1 FROM pg_catalog.pg_class c
            WHERE c.relnamespace = to_regnamespace('public') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                AND c.relname <> 'schema_migrations'
                AND NOT EXISTS (
                    SELECT 1 FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        ) AS has_tables
) AS d
CROSS JOIN LATERAL (VALUES
    (1, d.public IS NULL, 'the database has no schema public',
        'Name the database of an oVirt engine 3.3 or 3.4, or run CREATE SCHEMA public in an empty one.'),
    (2, d.tasks IS NULL AND d.has_tables, 'this is no engine database: it has tables, but no async_tasks',
        'Name the database of an oVirt engine 3.3 or 3.4, or an empty one.'),
    (3, d.coco IS NOT NULL, 'schema coco is already there, but no migration is recorded',
        'Restore the table schema_migrations, or drop schema coco if nothing of it is needed.'),
    (4, d.entities IS NOT NULL, 'this database has a table command_entities of its own: its engine is version 3.5 or later',
        'coco upgrades databases of engine 3.3 and 3.4: from 3.5 on there is nothing to do. If the table is not the engine''s, rename it.'),
    (5, d.tasks <> 'r', 'async_tasks is no ordinary table',
        'Name the database of an oVirt engine 3.3 or 3.4.')
) AS x (priority, found, reason, hint)
WHERE x.found
ORDER BY x.priority
LIMIT 1;
