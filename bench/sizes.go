package main

import "time"

// sizes says how much is measured.
type sizes struct {
	short bool

	tasks  int           // in the databases that are upgraded
	pairs  int           // upgrades under load with one job
	rounds int           // of copies, and of upgrades without load
	quiet  time.Duration // of the played engine before an upgrade
	after  time.Duration

	single   pairs // calls of one command
	batch    pairs // calls of 1,000 commands, or as often 1,000 calls
	read     pairs // calls that read a few rows
	chains   int   // each 20 deep
	rows     int   // a large table
	updates  int   // commands whose status changes
	cleanups int   // of a twentieth of that, for a ratio
}

var (
	longSizes = sizes{
		tasks: 1_000_000, pairs: 5, rounds: 4, quiet: 20 * time.Second, after: 10 * time.Second,
		single: pairs{rounds: 40, calls: 25}, batch: pairs{rounds: 7, calls: 1}, read: pairs{rounds: 40, calls: 40},
		chains: 500, rows: 1_000_000, updates: 2_000, cleanups: 3,
	}
	shortSizes = sizes{
		short: true,
		tasks: 5_000, pairs: 1, rounds: 1, quiet: 2 * time.Second, after: time.Second,
		single: pairs{rounds: 10, calls: 20}, batch: pairs{rounds: 3, calls: 1}, read: pairs{rounds: 20, calls: 30},
		chains: 100, rows: 20_000, updates: 500, cleanups: 1,
	}
)
