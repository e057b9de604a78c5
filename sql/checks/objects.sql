-- Indexes, types and triggers that stand where coco creates its own.
WITH reasons (priority, subject, reason, hint) AS (
    SELECT 1, o.object, format('%s is already there, under a name that coco needs for an index', o.object),
        'Rename it, then run the same command again.'
    FROM pg_catalog.pg_class c
    CROSS JOIN LATERAL (SELECT pg_describe_object('pg_catalog.pg_class'::regclass, c.oid, 0) AS object) AS o
    WHERE c.relnamespace = to_regnamespace('public')
        AND c.relname IN ('pk_command_entities', 'idx_parent_command_id', 'idx_root_command_id', 'idx_command_entities_unfinished')
    UNION ALL
    SELECT 2, o.object, format('%s is already there, under a name that coco needs for itself', o.object),
        'Rename it, then run the same command again.'
    FROM pg_catalog.pg_type t
    CROSS JOIN LATERAL (SELECT pg_describe_object('pg_catalog.pg_type'::regclass, t.oid, 0) AS object) AS o
    WHERE t.typnamespace = to_regnamespace('public')
        AND (t.typname = 'command_entities'
            OR t.typname IN ('iduuidtype', 'async_tasks_info_rs') AND to_regclass('public.async_tasks') IS NULL)
    UNION ALL
    SELECT 3, o.object, format('%s is already there, under a name that coco needs for its own', o.object),
        'Drop it if it is left over from an upgrade, else rename it; then run the same command again.'
    FROM pg_catalog.pg_trigger t
    CROSS JOIN LATERAL (SELECT pg_describe_object('pg_catalog.pg_trigger'::regclass, t.oid, 0) AS object) AS o
    WHERE t.tgrelid = to_regclass('public.async_tasks') AND t.tgname IN
        ('coco_log_tasks', 'coco_log_tasks_truncate', 'coco_release', 'coco_release_truncate', 'coco_release_update')
)
SELECT r.subject, r.reason, r.hint FROM reasons r ORDER BY r.priority, r.subject;
