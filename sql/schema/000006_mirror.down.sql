LOCK TABLE public.async_tasks IN EXCLUSIVE MODE;
SELECT coco.unpark(6);
DELETE FROM coco.drain WHERE version = 6;
