-- coco:lock async_tasks EXCLUSIVE
-- Puts the engine's own getters back.
LOCK TABLE public.async_tasks IN EXCLUSIVE MODE;
SELECT coco.require_procedures();
SELECT coco.unpark(7);
DELETE FROM coco.drain WHERE version = 7;
UPDATE coco.state SET version = 6;
