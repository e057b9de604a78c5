-- Read by sqlc alone: it cannot type a composite, but it can type a table of the same shape.

CREATE TABLE public.iduuidtype (
    id uuid NOT NULL
);

CREATE TABLE public.async_tasks_info_rs (
    dc_id uuid,
    dc_name varchar,
    spm_host_id uuid,
    spm_host_name varchar,
    task_count integer NOT NULL
);
