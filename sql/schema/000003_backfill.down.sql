-- coco:lock async_tasks ACCESS SHARE
-- Forgets the copy. async_tasks holds every value again by now; commands that it cannot hold must not be lost unasked.

-- Whoever is storing a command has committed, and it is among those that are looked at, or stores it when this has ended.
LOCK TABLE public.command_entities IN SHARE ROW EXCLUSIVE MODE;

DO $lost$
DECLARE
    v_unheld bigint;
    v_named bigint;
    v_first uuid;
BEGIN
    IF current_setting('coco.discard_commands', true) = 'on' THEN
        RETURN;
    END IF;
    SELECT count(*) FILTER (WHERE NOT l.named), count(*) FILTER (WHERE l.named),
        (array_agg(l.command_id ORDER BY l.named, l.created_at, l.command_id))[1]
    INTO v_unheld, v_named, v_first FROM coco.lost_commands() l;
    IF v_unheld > 0 THEN
        RAISE EXCEPTION 'commands without a task, which async_tasks cannot hold: %, the first is %', v_unheld, v_first
            USING ERRCODE = 'CO003', HINT = 'Give them up: "upgrade down --discard-commands" writes them to a file first.';
    END IF;
    IF v_named > 0 AND current_setting('coco.commands_exported', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'async_tasks cannot hold all of % commands, such as their status: the first is %', v_named, v_first
            USING ERRCODE = 'CO003', HINT = 'Run "upgrade down": it writes them to a file first.';
    END IF;
END;
$lost$;

SELECT coco.copy_again();
DELETE FROM coco.change_log;
DELETE FROM coco.to_release;
UPDATE coco.state SET version = 2, served = false;
