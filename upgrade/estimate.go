package upgrade

import (
	"math"
	"time"
)

// cost is what an action takes. Its numbers come from upgrades of generated databases of 2,000 to 30,000 tasks with texts of 0.2 to
// 32 KB, on PostgreSQL 15; a test holds the estimates against real runs, and docs/results/estimate.txt has them.
type cost struct {
	// fixed is milliseconds, however many tasks there are. row is microseconds for each task; both on a server as fast as the one
	// where they were measured. probes is how often a task's values are read and their fingerprint computed.
	fixed, row, probes float64
	// rows and commands are how many rows are written, or compared, for each task and for each command.
	rows, commands float64
	// Bytes of the write-ahead log: fixed, for each task, and for each stored byte of the values of tasks and of commands.
	wal, walTask, walTaskByte, walCommandByte float64
}

// costs by kind and name of the migration; otherCost for those that do not depend on the number of tasks.
var costs = map[Kind]map[string]cost{
	KindBackfill: {
		"backfill": {row: 42, probes: 1.7, rows: 1, commands: 1, walTask: 720, walCommandByte: 1.15},
	},
	KindApply: {
		"expand":   {fixed: 16, wal: 390 << 10},
		"backfill": {},
		"keys":     {row: 1.3, commands: 1},
		"prove":    {row: 11, probes: 1.45, rows: 1},
		"retire":   {fixed: 3, row: 9, probes: 1, rows: 1, wal: 23 << 10},
	},
	KindExport: {
		"backfill": {row: 20, probes: 1.3},
	},
	KindTakeBack: {
		"retire":   {row: 10, probes: 1, rows: 1},
		"contract": {row: 44, probes: 1.7, rows: 1, wal: 8 << 10, walTask: 350, walTaskByte: 2.2},
		"switch":   {row: 4.5, probes: 0.95, rows: 1, wal: 30 << 10},
		"backfill": {row: 20, probes: 1, rows: 1, commands: 1, walTask: 70, walTaskByte: 0.015},
		"expand":   {fixed: 5, wal: 73 << 10},
	},
}

const (
	migrationTime = 5.0  // milliseconds of a migration that does nothing
	waitTime      = 3.0  // and of what looks whether something is to be done, or waited for
	roundTrips    = 15.0 // in a migration
	otherWAL      = 16 << 10

	// What a change in the log takes: little where the values are the same, more than twice as much where they are others.
	logTime, logProbes, logWAL, logWALByte = 0.25, 4.0, 150.0, 0.5

	// How much the database grows: its catalog by growthFixed; the new tables by growthTask for each task, and by growthByte for each
	// stored byte that is copied.
	growthFixed, growthTask, growthByte = 600 << 10, 540.0, 1.15
)

// estimate says what each action takes, and the whole.
func (p Plan) estimate(s sample) Plan {
	p.Measured = s.measured
	p.Tasks, p.Commands = round(s.tasks), round(s.commands)
	p.Bytes = round(s.tasks * s.taskBytes)
	for i := range p.Steps {
		a := p.Steps[i].estimate(s)
		if a.Kind == KindCatchUp { // the first one takes it all
			a, s.logged = a.estimateLog(s), 0
		}
		p.Steps[i] = a
		p.Rows += a.Rows
		p.WAL += a.WAL
		p.Estimate += a.Time
		switch {
		case a.Kind == KindBackfill:
			p.Space += round(growthFixed + s.tasks*growthTask + s.commands*s.commandBytes*growthByte)
		case a.Kind == KindTakeBack && len(a.Rewrites) > 0:
			p.Space += a.WAL // what is written anew stands beside what it replaces until it is committed
		}
	}
	return p
}

func (a Action) estimate(s sample) Action {
	milliseconds, trips, wal := waitTime, 3.0, 0.0
	if a.migrates() {
		milliseconds, trips, wal = migrationTime, roundTrips, otherWAL
	}
	c := costs[a.Kind][a.Name]
	if c.wal > 0 {
		wal = c.wal
	}
	milliseconds = (milliseconds+c.fixed+s.tasks*c.row/1000)*s.slowness + trips*float64(s.roundTrip)/float64(time.Millisecond)
	a.Time = time.Duration(milliseconds*float64(time.Millisecond)) + time.Duration(s.tasks*c.probes*float64(s.probe))
	a.Rows = round(s.tasks*c.rows + s.commands*c.commands)
	a.WAL = round(wal + s.tasks*(c.walTask+s.taskBytes*c.walTaskByte) + s.commands*s.commandBytes*c.walCommandByte)
	return a
}

func (a Action) estimateLog(s sample) Action {
	a.Rows = round(s.logged)
	a.Time += time.Duration(s.logged * (logTime*s.slowness*float64(time.Millisecond) + logProbes*float64(s.probe)))
	a.WAL += round(s.logged * (logWAL + logWALByte*s.taskBytes))
	return a
}

func round(f float64) int64 { return int64(math.Round(f)) }
