-- coco:phase contract
-- coco:lock async_tasks ACCESS EXCLUSIVE
-- coco:lock schema_version ROW EXCLUSIVE
-- Drops the columns that have moved. Everybody waits for this one, for the few milliseconds it takes: it changes the catalog only.

SELECT coco.require_drained(8);
SELECT coco.require_procedures();
SELECT coco.mark_engine_scripts(true); -- first: nobody is to wait for async_tasks while this waits for schema_version
SELECT coco.require_proof(false); -- here too, so that it is quick below: what it needs is planned and read by then
SELECT coco.keep_columns();
-- Nobody waits for the disk either: the lock goes when the commit is written, and not when it is flushed. Whoever commits after that
-- flushes it too; a crash before that takes it back.
SELECT set_config('synchronous_commit', 'off', true);
-- Nor for the network: from here on everything is one message, with the commit in it.
-- coco:commit
LOCK TABLE public.async_tasks, public.command_entities, coco.archive IN ACCESS EXCLUSIVE MODE; -- a write by hand, too, ends before the look
SELECT coco.require_proof(false);
SELECT coco.keep_columns();

DROP TRIGGER coco_log_archive_truncate ON coco.archive;
DROP TRIGGER coco_log_archive ON coco.archive;
DROP TRIGGER coco_log_commands_truncate ON public.command_entities;
DROP TRIGGER coco_log_commands ON public.command_entities;
ALTER TABLE coco.archive RESET (autovacuum_enabled);
ALTER TABLE public.command_entities RESET (autovacuum_enabled);
DROP TRIGGER coco_log_tasks_truncate ON public.async_tasks;
DROP TRIGGER coco_log_tasks ON public.async_tasks;
-- coco:ignore column-uncopied the backfill has copied them, and the proof holds
ALTER TABLE public.async_tasks
    DROP COLUMN action_parameters,
    DROP COLUMN action_params_class,
    DROP COLUMN task_parameters,
    DROP COLUMN task_params_class,
    DROP COLUMN root_command_id;

DELETE FROM coco.change_log;
UPDATE coco.state SET version = 9, contracted = true;
