-- coco:lock async_tasks ACCESS EXCLUSIVE
-- coco:lock schema_version ROW EXCLUSIVE
-- coco:rewrites async_tasks
-- Brings the columns back where they were, with everything that hung on them. The table is written anew; nobody else can use it.
LOCK TABLE public.async_tasks IN ACCESS EXCLUSIVE MODE;
SELECT coco.require_procedures();
SELECT coco.require_values();
SELECT coco.mark_engine_scripts(false);
SELECT coco.restore_columns();
-- The columns hold what is read back, from here on for all tasks.
UPDATE coco.ledger l SET moved_from = CASE WHEN l.fingerprint IS NULL THEN coco.fingerprint(t.root_command_id,
    t.action_parameters, t.action_params_class, t.task_parameters, t.task_params_class) END
FROM public.async_tasks t
WHERE t.task_id = l.task_id AND (l.moved_from IS NOT NULL OR l.fingerprint IS NULL);
UPDATE coco.state SET version = 8, contracted = false;

CREATE TRIGGER coco_log_tasks AFTER INSERT OR UPDATE OR DELETE ON public.async_tasks
    FOR EACH ROW EXECUTE FUNCTION coco.log_task_id('task');
ALTER TABLE public.async_tasks ENABLE ALWAYS TRIGGER coco_log_tasks;
CREATE TRIGGER coco_log_tasks_truncate AFTER TRUNCATE ON public.async_tasks
    FOR EACH STATEMENT EXECUTE FUNCTION coco.log_task_id('task');
ALTER TABLE public.async_tasks ENABLE ALWAYS TRIGGER coco_log_tasks_truncate;
CREATE TRIGGER coco_log_commands AFTER INSERT OR UPDATE OR DELETE ON public.command_entities
    FOR EACH ROW EXECUTE FUNCTION coco.log_command();
ALTER TABLE public.command_entities ENABLE ALWAYS TRIGGER coco_log_commands;
CREATE TRIGGER coco_log_commands_truncate AFTER TRUNCATE ON public.command_entities
    FOR EACH STATEMENT EXECUTE FUNCTION coco.log_command();
ALTER TABLE public.command_entities ENABLE ALWAYS TRIGGER coco_log_commands_truncate;
CREATE TRIGGER coco_log_archive AFTER INSERT OR UPDATE OR DELETE ON coco.archive
    FOR EACH ROW EXECUTE FUNCTION coco.log_task_id('archive');
ALTER TABLE coco.archive ENABLE ALWAYS TRIGGER coco_log_archive;
CREATE TRIGGER coco_log_archive_truncate AFTER TRUNCATE ON coco.archive
    FOR EACH STATEMENT EXECUTE FUNCTION coco.log_task_id('archive');
ALTER TABLE coco.archive ENABLE ALWAYS TRIGGER coco_log_archive_truncate;
ALTER TABLE coco.archive SET (autovacuum_enabled = false);
ALTER TABLE public.command_entities SET (autovacuum_enabled = false);
