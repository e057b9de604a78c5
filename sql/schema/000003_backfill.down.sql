-- coco:lock async_tasks ACCESS SHARE
-- Forgets the copy. async_tasks holds every value again by now; commands that it cannot hold must not be lost unasked.

DO $unheld$
DECLARE
    v_count bigint;
    v_first uuid;
BEGIN
    SELECT count(*), (array_agg(command_id ORDER BY created_at, command_id))[1] INTO v_count, v_first FROM coco.unheld_commands();
    IF v_count > 0 AND current_setting('coco.discard_commands', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'async_tasks cannot hold a command without a task, and % of them have none: the first is %', v_count, v_first
            USING ERRCODE = 'CO003',
                HINT = 'Export them and confirm: "upgrade down --export-commands FILE --discard-commands".';
    END IF;
END;
$unheld$;

DELETE FROM public.command_entities;
DELETE FROM coco.archive;
DELETE FROM coco.ledger;
DELETE FROM coco.change_log;
DELETE FROM coco.to_release;
UPDATE coco.progress SET next_id = DEFAULT, done = 0, total = NULL, finished = false;
