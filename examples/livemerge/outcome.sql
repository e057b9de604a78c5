-- Of all disks: how many snapshots there are, how many were merged exactly once, whether the disks have all blocks that their
-- snapshots had and none twice; how many commands there are, and how many have succeeded.
SELECT
    count(*) FILTER (WHERE v.snapshot > 0),
    count(*) FILTER (WHERE v.snapshot > 0 AND v.merges = 1),
    COALESCE(sum(v.blocks) FILTER (WHERE v.snapshot = 0) = count(*) FILTER (WHERE v.snapshot = 0) + sum(v.blocks) FILTER (WHERE v.snapshot > 0), false),
    (SELECT count(*) FROM command_entities),
    (SELECT count(*) FROM command_entities e WHERE e.status = 'SUCCEEDED' AND e.finished_at IS NOT NULL)
FROM livemerge.volume v
