package upgrade

import (
	"context"
	"fmt"
)

// CheckDisk is a place where the server keeps what grows.
type CheckDisk struct {
	// Holds is what is kept there; Path is empty and Free nil where they cannot be seen, and Unknown says why.
	Holds   string `json:"holds"`
	Path    string `json:"path,omitempty"`
	Free    *int64 `json:"free_bytes"`
	Unknown string `json:"unknown,omitempty"`
}

// The places: new tables, the rewriting of the old one on the way back, and the write-ahead log.
const (
	holdsNew   = "new tables"
	holdsTasks = "async_tasks"
	holdsLog   = "write-ahead log"
)

// disks finds out where new tables, async_tasks and the log are.
func (c *check) disks(ctx context.Context) error {
	var data, tables, tasks *string
	err := c.conn.QueryRow(ctx, `SELECT (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory'),
			(SELECT NULLIF(pg_tablespace_location(coalesce(
					(SELECT s.oid FROM pg_catalog.pg_tablespace s WHERE s.spcname = current_setting('default_tablespace')), d.dattablespace)), '')
				FROM pg_catalog.pg_database d WHERE d.datname = current_database()),
			(SELECT NULLIF(pg_tablespace_location(coalesce(NULLIF(c.reltablespace, 0), d.dattablespace)), '')
				FROM pg_catalog.pg_database d LEFT JOIN pg_catalog.pg_class c ON c.oid = to_regclass('public.async_tasks')
				WHERE d.datname = current_database())`).Scan(&data, &tables, &tasks)
	if err != nil {
		return fmt.Errorf("ask where the tables are: %w", err)
	}
	if tables == nil {
		tables = data
	}
	if tasks == nil {
		tasks = data
	}
	log := data
	if data != nil {
		path := *data + "/pg_wal"
		log = &path
	}
	for _, place := range []struct {
		holds string
		path  *string
	}{{holdsNew, tables}, {holdsTasks, tasks}, {holdsLog, log}} {
		c.result.Disks = append(c.result.Disks, c.look(place.holds, place.path))
	}
	return nil
}

// look asks this machine how much is free, if the server runs on it.
func (c *check) look(holds string, path *string) CheckDisk {
	disk := CheckDisk{Holds: holds}
	switch {
	case !c.result.Connection.Local:
		disk.Unknown = "the server is on another machine"
		return disk
	case path == nil:
		disk.Unknown = "only members of pg_monitor may see where the server keeps its data"
		return disk
	}
	disk.Path = *path
	free, err := freeBytes(*path)
	if err != nil {
		disk.Unknown = fmt.Sprintf("%s cannot be looked at from here: %s", *path, err)
		return disk
	}
	disk.Free = &free
	return disk
}

// disk warns where what is free is less than what is needed.
func (c *check) disk() {
	plan := c.result.Plan
	if plan == nil {
		return
	}
	for _, d := range c.result.Disks {
		needed := map[string]int64{holdsNew: plan.Space, holdsLog: plan.WAL}[d.Holds]
		if d.Free == nil || *d.Free >= needed {
			continue
		}
		c.find(Caution, d.Holds, fmt.Sprintf("%s has %d bytes free, and the upgrade needs about %d for %s", d.Path, *d.Free, needed, d.Holds),
			"Make room there first. An upgrade that runs out of space stops, keeps what it has committed and goes on when there is room.")
	}
}
