-- What people add to an engine database over the years: roles, privileges, comments, options, tuning, and one edited
-- procedure. A migration up and down must give all of it back. Needs a role that may create roles, or the three roles
-- to be there; may be run again and in several databases of one server at once.

DO $body$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['coco_test_exec', 'coco_test_writer', 'coco_test_reader'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = wanted);
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- Another session created it meanwhile.
        END;
    END LOOP;
END
$body$;

-- ---- privileges ----

-- Procedures of every kind that only named roles may call; all others stay open to everyone.
REVOKE EXECUTE ON FUNCTION
    public.insertasync_tasks(integer, integer, integer, uuid, uuid, text, character varying, text, character varying,
        uuid, uuid, uuid, timestamp with time zone, uuid, integer),
    public.updateasync_tasks(integer, integer, integer, uuid, uuid, text, character varying, text, character varying,
        uuid, uuid, uuid, uuid),
    public.insertorupdateasynctasks(integer, integer, integer, uuid, uuid, text, character varying, text,
        character varying, uuid, uuid, uuid, timestamp with time zone, uuid, integer),
    public.deleteasync_tasks(uuid),
    public.getallfromasync_tasks(),
    public.getasync_tasksbytask_id(uuid),
    public.getasynctasksbyvdsmtaskid(uuid),
    public.fn_db_get_async_tasks()
FROM PUBLIC;

GRANT EXECUTE ON FUNCTION
    public.getallfromasync_tasks(),
    public.getasync_tasksbytask_id(uuid),
    public.fn_db_get_async_tasks()
TO coco_test_exec;
GRANT EXECUTE ON FUNCTION public.getasynctasksbyvdsmtaskid(uuid) TO coco_test_exec WITH GRANT OPTION;

GRANT SELECT, INSERT, UPDATE, DELETE ON public.async_tasks, public.async_tasks_entities TO coco_test_writer;
GRANT EXECUTE ON FUNCTION
    public.insertasync_tasks(integer, integer, integer, uuid, uuid, text, character varying, text, character varying,
        uuid, uuid, uuid, timestamp with time zone, uuid, integer),
    public.updateasync_tasks(integer, integer, integer, uuid, uuid, text, character varying, text, character varying,
        uuid, uuid, uuid, uuid),
    public.insertorupdateasynctasks(integer, integer, integer, uuid, uuid, text, character varying, text,
        character varying, uuid, uuid, uuid, timestamp with time zone, uuid, integer),
    public.deleteasync_tasks(uuid),
    public.getallfromasync_tasks(),
    public.getasync_tasksbytask_id(uuid)
TO coco_test_writer;

GRANT SELECT ON public.async_tasks, public.async_tasks_entities TO coco_test_reader;
GRANT SELECT (action_parameters) ON public.async_tasks TO coco_test_reader;
GRANT SELECT (entity_type) ON public.async_tasks_entities TO coco_test_reader;

-- ---- comments ----

COMMENT ON TABLE public.async_tasks IS 'Tasks running on storage; see the "task" page of the wiki';
COMMENT ON TABLE public.async_tasks_entities IS 'What a task works on';
COMMENT ON COLUMN public.async_tasks.status IS '2 = running, 3 = finished';
COMMENT ON COLUMN public.async_tasks.action_type IS 'Type of the parent command';
COMMENT ON COLUMN public.async_tasks.action_parameters IS 'The parent''s parameters; may hold passwords';
COMMENT ON COLUMN public.async_tasks.root_command_id IS 'Not a true root';
COMMENT ON INDEX public.idx_vdsm_task_id IS 'Not unique on purpose';
COMMENT ON CONSTRAINT fk_async_task_entity ON public.async_tasks_entities IS 'Links go with their task';
COMMENT ON FUNCTION public.getallfromasync_tasks() IS 'Read once when the engine starts';
COMMENT ON FUNCTION public.updateasync_tasks(integer, integer, integer, uuid, uuid, text, character varying, text,
    character varying, uuid, uuid, uuid, uuid) IS 'Leaves started_at and task_type alone';

-- ---- options of functions ----

ALTER FUNCTION public.getasynctasksbyentityid(uuid) SET search_path = public, pg_temp;
ALTER FUNCTION public.getasynctasksbyentityid(uuid) SET work_mem = '8MB';
ALTER FUNCTION public.getasynctasksbystoragepoolid(uuid) SET work_mem = '2MB';
ALTER FUNCTION public.insertasynctaskentities(uuid, uuid, character varying) SET search_path = public, pg_temp;
ALTER FUNCTION public.getasync_tasksbytask_id(uuid) SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION public.getallfromasync_tasks() COST 250 ROWS 5000;

-- An edited procedure: a line added by hand. Its owner and privileges stay.
CREATE OR REPLACE FUNCTION public.deleteasync_tasks(v_task_id uuid) RETURNS integer
LANGUAGE plpgsql
AS $body$
DECLARE
    gone integer;
BEGIN
    DELETE FROM async_tasks AS task WHERE task.task_id = v_task_id;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RAISE DEBUG 'site edit: % row(s) of task % deleted', gone, v_task_id;
    RETURN gone;
END
$body$;

-- ---- tuning of tables and columns ----

ALTER TABLE public.async_tasks SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE public.async_tasks ALTER COLUMN action_parameters SET STORAGE EXTERNAL;
ALTER TABLE public.async_tasks ALTER COLUMN action_parameters SET STATISTICS 0;
ALTER TABLE public.async_tasks ALTER COLUMN task_params_class SET STORAGE MAIN;
ALTER TABLE public.async_tasks ALTER COLUMN root_command_id SET STATISTICS 500;
ALTER TABLE public.async_tasks ALTER COLUMN root_command_id SET (n_distinct = -0.5);
ALTER TABLE public.async_tasks ALTER COLUMN vdsm_task_id SET STATISTICS 250;
ALTER TABLE public.async_tasks ALTER COLUMN storage_pool_id SET (n_distinct = 12);
ALTER TABLE public.async_tasks_entities ALTER COLUMN entity_type SET STORAGE MAIN;
ALTER TABLE public.async_tasks_entities ALTER COLUMN entity_id SET STATISTICS 75;
