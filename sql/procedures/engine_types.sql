-- Types that procedures of the engine return. coco creates them on an empty database only.

CREATE TYPE public.iduuidtype AS (
    id uuid
);

CREATE TYPE public.async_tasks_info_rs AS (
    dc_id uuid,
    dc_name varchar,
    spm_host_id uuid,
    spm_host_name varchar,
    task_count integer
);
