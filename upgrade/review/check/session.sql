-- How a check plans: quickly, as it is not the plan that is looked at; never for longer than a moment; and with messages that it can tell
-- apart. A procedure that takes fewer or more values than its variables is told too: the server would let it pass.
SELECT set_config('client_min_messages', 'error', true),
    set_config('lc_messages', 'C', true),
    set_config('statement_timeout', '10s', true),
    set_config('lock_timeout', '2s', true),
    set_config('check_function_bodies', 'on', true),
    set_config('plpgsql.extra_errors', 'strict_multi_assignment', true),
    set_config('plpgsql.extra_warnings', 'none', true),
    set_config('plpgsql.variable_conflict', 'error', true),
    set_config('session_replication_role', 'origin', true),
    set_config('jit', 'off', true),
    set_config('max_parallel_workers_per_gather', '0', true),
    set_config('search_path', '"$user", public', true);
