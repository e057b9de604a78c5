-- coco:phase backfill
-- coco:lock async_tasks ACCESS SHARE
-- Copies what is still to be copied. The tool has done it before, in batches of its own; run by itself, this does it all.

DO $backfill$
DECLARE
    v_finished boolean := false;
BEGIN
    WHILE NOT v_finished LOOP
        SELECT finished INTO v_finished FROM coco.backfill(10000);
    END LOOP;
END;
$backfill$;
UPDATE coco.state SET version = 3;
