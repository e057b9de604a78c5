-- coco:phase backfill
-- Adds the keys of command_entities. After the rows: checking each row as it is copied costs 1.6 times as much. All is between new
-- tables, so nobody waits.

ALTER TABLE public.command_entities ADD CONSTRAINT fk_parent_command_id
    FOREIGN KEY (parent_command_id) REFERENCES public.command_entities (command_id) ON DELETE CASCADE NOT VALID;
ALTER TABLE public.command_entities ADD CONSTRAINT fk_root_command_id
    FOREIGN KEY (root_command_id) REFERENCES public.command_entities (command_id) ON DELETE CASCADE NOT VALID;
ALTER TABLE public.command_entities VALIDATE CONSTRAINT fk_parent_command_id;
ALTER TABLE public.command_entities VALIDATE CONSTRAINT fk_root_command_id;
ALTER TABLE coco.command_owner ADD CONSTRAINT command_owner_command_id_fkey
    FOREIGN KEY (command_id) REFERENCES public.command_entities (command_id) ON DELETE CASCADE;
-- Its index is there; becoming the primary key takes a moment, at the end.
ALTER TABLE public.command_entities ADD CONSTRAINT pk_command_entities PRIMARY KEY USING INDEX pk_command_entities;
ALTER TABLE coco.ledger RESET (autovacuum_enabled); -- no later step needs it alone
UPDATE coco.state SET version = 4;
