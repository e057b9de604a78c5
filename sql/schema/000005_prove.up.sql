-- coco:phase prove
-- coco:lock async_tasks ACCESS SHARE
-- Compares every row and writes the receipt. From here on every write to the new table and the archive is logged too.

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

SELECT coco.prove(5);
UPDATE coco.state SET version = 5;
