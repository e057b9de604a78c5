-- The engine's procedures that wait in schema coco, by the names that they have there.
SELECT k.parked_name, k.name FROM coco.parked k WHERE k.installed_by IS NULL;
