-- Snapshot N has 2^N blocks, so that the disk's blocks tell which were merged, and how often.
INSERT INTO livemerge.volume (disk_id, snapshot, blocks)
SELECT $1, n, CASE WHEN n > 0 THEN 2 ^ n ELSE 1 END
FROM generate_series(0, $2::integer) n
