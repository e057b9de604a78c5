-- The same from what contract has kept of them.
SELECT k.name, coalesce(k.description, ''), k.grants, coalesce(k.statistics, -1), k.storage::text, coalesce(k.compression, ''),
    coalesce(k.options::text, '')
FROM coco.column_kept k;
