-- What hangs on the columns of async_tasks that move, while they are there. The grants are written as in coco.column_kept, which has all this once
-- they are dropped.
SELECT a.attname::text AS name, coalesce(col_description(a.attrelid, a.attnum), '') AS description, ARRAY(
        SELECT format('GRANT %s (%I) ON public.async_tasks TO %s%s', x.privilege_type, a.attname,
            CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
            CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM aclexplode(a.attacl) AS x) AS grants,
    coalesce(a.attstattarget, -1)::integer AS statistics, a.attstorage::text AS storage,
    coalesce(to_jsonb(a) ->> 'attcompression', '') AS compression, coalesce(a.attoptions::text, '') AS options
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = to_regclass('public.async_tasks') AND NOT a.attisdropped
    AND a.attname IN ('action_parameters', 'action_params_class', 'task_parameters', 'task_params_class', 'root_command_id');
