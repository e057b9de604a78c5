-- What this program itself keeps: the disk of a virtual machine. Volume 0 is the disk, the others are its snapshots, each with the blocks
-- that were written since the one before.
CREATE SCHEMA IF NOT EXISTS livemerge;

CREATE TABLE IF NOT EXISTS livemerge.volume (
    disk_id uuid NOT NULL,
    snapshot integer NOT NULL,
    blocks bigint NOT NULL,
    merging_since timestamp with time zone,
    merges integer NOT NULL DEFAULT 0,
    PRIMARY KEY (disk_id, snapshot)
);
