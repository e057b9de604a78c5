-- One line a column, constraint, index and attribute of the tables and types that coco deals with.
WITH wanted AS (
    SELECT c.oid, c.relname
    FROM pg_class AS c
    WHERE c.relnamespace = 'public'::regnamespace
      AND c.relname IN ('async_tasks', 'async_tasks_entities', 'schema_version', 'storage_pool', 'job', 'step',
                        'vdc_options', 'business_entity_snapshot', 'iduuidtype', 'async_tasks_info_rs',
                        'dwh_datacenter_history_view')
)
SELECT line FROM (
    SELECT w.relname, 1 AS part, a.attnum::text AS place,
           format('%s column %s %s %s%s%s', w.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
                  CASE WHEN a.attnotnull THEN ' not null' END,
                  ' default ' || pg_get_expr(d.adbin, d.adrelid)) AS line
    FROM wanted AS w
    JOIN pg_attribute AS a ON a.attrelid = w.oid AND a.attnum > 0
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT w.relname, 2, c.conname, format('%s constraint %s %s', w.relname, c.conname, pg_get_constraintdef(c.oid))
    FROM wanted AS w
    JOIN pg_constraint AS c ON c.conrelid = w.oid AND c.contype <> 'n'
    UNION ALL
    SELECT w.relname, 3, i.indexrelid::regclass::text, format('%s index %s', w.relname, pg_get_indexdef(i.indexrelid))
    FROM wanted AS w
    JOIN pg_index AS i ON i.indrelid = w.oid
) AS l
ORDER BY relname COLLATE "C", part, CASE part WHEN 1 THEN lpad(place, 3) ELSE place END COLLATE "C"
