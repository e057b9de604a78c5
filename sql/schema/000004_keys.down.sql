-- Drops the foreign keys of command_entities.
ALTER TABLE public.command_entities DROP CONSTRAINT fk_root_command_id;
ALTER TABLE public.command_entities DROP CONSTRAINT fk_parent_command_id;
UPDATE coco.state SET version = 3;
