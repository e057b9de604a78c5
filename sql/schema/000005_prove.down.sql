-- Drops the receipt and the triggers that log writes to the new table and the archive.
DROP TRIGGER coco_log_archive_truncate ON coco.archive;
DROP TRIGGER coco_log_archive ON coco.archive;
DROP TRIGGER coco_log_commands_truncate ON public.command_entities;
DROP TRIGGER coco_log_commands ON public.command_entities;
DELETE FROM coco.receipt;
DELETE FROM coco.change_log WHERE source <> 'task';
UPDATE coco.state SET version = 4;
