-- One line a function of the engine that touches async_tasks: everything a caller can see of it.
SELECT format('%s(%s) %s %s %s%s%s%s',
              p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), l.lanname,
              CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
              CASE WHEN p.prosecdef THEN ' security definer' END,
              CASE WHEN p.proisstrict THEN ' strict' END,
              ' cost ' || p.procost || ' rows ' || p.prorows || ' parallel ' || p.proparallel::text
                  || coalesce(' set ' || array_to_string(p.proconfig, ', '), '')
                  || coalesce(' acl ' || array_to_string(p.proacl, ', '), ''))
FROM pg_proc AS p
JOIN pg_language AS l ON l.oid = p.prolang
WHERE p.pronamespace = 'public'::regnamespace
  AND p.prosrc ~* 'async_?tasks'
ORDER BY p.proname COLLATE "C"
