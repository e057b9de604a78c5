-- The procedures that coco has put into public, as it made them.
SELECT i.signature, i.name, i.body, i.definition FROM coco.installed i;
