-- Drops the keys of command_entities; the index of the primary key stays.
ALTER TABLE coco.command_owner DROP CONSTRAINT command_owner_command_id_fkey;
ALTER TABLE public.command_entities DROP CONSTRAINT fk_root_command_id;
ALTER TABLE public.command_entities DROP CONSTRAINT fk_parent_command_id;
ALTER TABLE public.command_entities DROP CONSTRAINT pk_command_entities;
CREATE UNIQUE INDEX pk_command_entities ON public.command_entities (command_id);
ALTER TABLE coco.ledger SET (autovacuum_enabled = false);
UPDATE coco.state SET version = 3;
