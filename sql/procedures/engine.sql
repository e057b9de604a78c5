-- The engine's procedures on async_tasks_entities and the ids of async_tasks. coco leaves them as it finds them; on an empty
-- database it creates them. The upserts stay check-then-insert where the engine's table has no unique key.

CREATE FUNCTION public.InsertAsyncTaskEntities(v_task_id uuid, v_entity_id uuid, v_entity_type varchar(128)) RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    INSERT INTO public.async_tasks_entities (async_task_id, entity_id, entity_type)
    SELECT v_task_id, v_entity_id, v_entity_type
    WHERE NOT EXISTS (
        SELECT 1 FROM public.async_tasks_entities WHERE async_task_id = v_task_id AND entity_id = v_entity_id
    );
END;
$procedure$;

CREATE FUNCTION public.GetAsyncTasksIdsByEntityId(v_entity_id uuid) RETURNS SETOF public.iduuidtype
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT async_task_id FROM public.async_tasks_entities WHERE entity_id = v_entity_id;
END;
$procedure$;

CREATE FUNCTION public.GetAsyncTaskEntitiesByTaskId(v_task_id uuid) RETURNS SETOF public.async_tasks_entities
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT * FROM public.async_tasks_entities WHERE async_task_id = v_task_id;
END;
$procedure$;

CREATE FUNCTION public.GetAsyncTasksByStoragePoolId(v_storage_pool_id uuid) RETURNS SETOF public.iduuidtype
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT task_id FROM public.async_tasks WHERE storage_pool_id = v_storage_pool_id;
END;
$procedure$;

CREATE FUNCTION public.Deleteasync_tasks(v_task_id uuid) RETURNS integer
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_deleted integer;
BEGIN
    DELETE FROM public.async_tasks WHERE task_id = v_task_id;
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END;
$procedure$;

CREATE FUNCTION public.DeleteAsyncTasksByVdsmTaskId(v_vdsm_task_id uuid) RETURNS integer
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_deleted integer;
BEGIN
    DELETE FROM public.async_tasks WHERE vdsm_task_id = v_vdsm_task_id;
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END;
$procedure$;
