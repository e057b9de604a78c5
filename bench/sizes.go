package main

// sizes says how much is measured.
type sizes struct {
	single  pairs // calls of one command
	batch   pairs // calls of 1,000 commands, or as often 1,000 calls
	read    pairs // calls that read a few rows
	chains  int   // each 20 deep
	rows    int   // a large table
	updates int   // commands whose status changes
}

var (
	longSizes = sizes{
		single: pairs{rounds: 100, calls: 100}, batch: pairs{rounds: 15, calls: 1}, read: pairs{rounds: 100, calls: 100},
		chains: 500, rows: 1_000_000, updates: 10_000,
	}
	shortSizes = sizes{
		single: pairs{rounds: 20, calls: 50}, batch: pairs{rounds: 3, calls: 1}, read: pairs{rounds: 20, calls: 50},
		chains: 100, rows: 50_000, updates: 1_000,
	}
)
