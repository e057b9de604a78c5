-- Does nothing: the engine's tables are never dropped.
SELECT 1;
