-- coco:lock async_tasks ACCESS EXCLUSIVE
-- Puts the engine's own writers back.
LOCK TABLE public.async_tasks IN EXCLUSIVE MODE;
SELECT coco.require_procedures();
DROP TRIGGER coco_release_truncate ON public.async_tasks;
DROP TRIGGER coco_release ON public.async_tasks;
SELECT coco.unpark(6);
DELETE FROM coco.drain WHERE version = 6;
UPDATE coco.state SET version = 5;
