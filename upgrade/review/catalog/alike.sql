-- Settings by which the server writes names, constants and numbers in definitions. The compiler is off: it takes longer than the query.
SELECT set_config('search_path', '', true), set_config('quote_all_identifiers', 'off', true),
    set_config('standard_conforming_strings', 'on', true), set_config('datestyle', 'ISO, MDY', true),
    set_config('intervalstyle', 'postgres', true), set_config('timezone', 'UTC', true), set_config('bytea_output', 'hex', true),
    set_config('extra_float_digits', '1', true), set_config('lc_monetary', 'C', true), set_config('jit', 'off', true);
