-- The engine's tables are never dropped.
SELECT 1;
