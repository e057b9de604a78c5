UPDATE livemerge.volume SET merging_since = now() WHERE disk_id = $1 AND snapshot = $2
