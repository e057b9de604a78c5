-- Done twice, this would spoil the disk: nothing here looks whether the snapshot was merged before.
WITH merged AS (
    UPDATE livemerge.volume SET merges = merges + 1 WHERE disk_id = $1 AND snapshot = $2 RETURNING blocks
)
UPDATE livemerge.volume disk SET blocks = disk.blocks + merged.blocks FROM merged WHERE disk.disk_id = $1 AND disk.snapshot = 0
