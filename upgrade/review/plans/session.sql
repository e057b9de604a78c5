-- How statements are planned. A generic plan is one for any values of the variables. A table is read as a whole only where there is no other
-- way: of the few rows of a copy, the server would read all rather than open an index, and so say nothing about the database's own.
SELECT set_config('plan_cache_mode', 'force_generic_plan', true),
    set_config('enable_seqscan', 'off', true),
    set_config('max_parallel_workers_per_gather', '0', true),
    set_config('jit', 'off', true),
    set_config('statement_timeout', '10s', true),
    set_config('lock_timeout', '2s', true),
    set_config('search_path', '"$user", public', true);
