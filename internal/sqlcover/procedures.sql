-- The procedures that coco has created so far, with the statements that the profiler tells apart. SQL functions have none: what they
-- run is one query.
SELECT p.oid, p.oid::regprocedure::text AS signature, md5(p.prosrc) AS hash, p.prosrc AS body, l.lanname = 'plpgsql' AS counted,
    s.stmtid, s.parent_stmtid, s.parent_note, s.lineno, s.stmtname
FROM pg_proc p
JOIN pg_language l ON l.oid = p.prolang
LEFT JOIN LATERAL (
    SELECT s.*
    FROM (SELECT p.oid WHERE l.lanname = 'plpgsql' OFFSET 0) AS counted
    CROSS JOIN LATERAL sqlcover.plpgsql_profiler_function_statements_tb(counted.oid) s
) AS s ON true
WHERE p.pronamespace::regnamespace::text IN ('public', 'coco')
ORDER BY 2, s.stmtid
