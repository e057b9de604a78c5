-- The queries that read rows and the values of sequences, one a line.
SELECT CASE
           WHEN r.relkind = 'S' THEN format('SELECT %L, concat(last_value, CASE WHEN NOT is_called THEN '' not called'' END) FROM %s',
               'value of ' || r.name, r.name)
           WHEN current_setting('snapshot.digest')::boolean THEN format(
               'SELECT %L, concat(count(*), '' '', sum(hashtextextended(t::text, 0)::numeric), '' '', sum(hashtextextended(t::text, 1)::numeric)) FROM ONLY %s t',
               'rows of ' || r.name, r.name)
           ELSE format('SELECT %L, t::text FROM ONLY %s t', 'row of ' || r.name, r.name)
       END
FROM relation r
WHERE r.relkind IN ('r', 'S')
  AND r.name <> ALL (current_setting('snapshot.except_rows')::text[])
UNION ALL -- tables of extensions that hold what users configure
SELECT format('SELECT %L, t::text FROM ONLY %s t', 'row of ' || c::regclass, c::regclass)
FROM pg_extension
CROSS JOIN unnest(extconfig) c
WHERE (SELECT relkind FROM pg_class WHERE oid = c) = 'r'
