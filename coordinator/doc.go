// Package coordinator keeps long-running commands in the database, so that a program can die at any moment, start again and carry on
// where it was.
//
// # Commands
//
// A [Command] has a type, parameters, a status and perhaps a parent. [Coordinator.NewCommand] makes one, [Command.Persist] stores it,
// [Command.UpdateStatus] says how far it is, and [Coordinator.RetrieveCommand] gives it back with all above it. Parameters are values of Go
// types that a [Registry] knows; what it does not know, or cannot decode, is opaque: text with a reason, never an error that stops
// others.
//
// Each call that writes has a form that takes the caller's transaction. What it writes and what the caller changes commit together, or
// not at all.
//
// # Who drives a command
//
// [Open] registers this run of the program as an instance, with a lease that a heartbeat renews. What an instance has stored belongs to
// it until it has finished. When the instance is closed, or nothing is heard of it for its lease, [Coordinator.Recover] and
// [Coordinator.Watch] hand its commands to exactly one other, whole trees at a time.
//
// Ownership is checked in the transaction of every write. A process that was paused, or cut off, and comes back is told [ErrLostOwnership];
// what it writes does not get in. After a failover of the database, when all leases have run out together, nobody is taken over who is
// still alive.
//
// # Losing an answer
//
// When a connection breaks nobody knows whether the call has got through. It may be repeated: storing a command again changes nothing,
// Recover returns what the lost answer has named, and UpdateStatus says in its [TransitionError] that the command has the
// status already. Nothing is repeated by itself.
//
// # What it needs
//
// A database that was upgraded to the phase switch (retire for tasks), the right to write tasks in it, a pool, and one or two connections
// beside it. No session lock, no lock of a table, and notifications only as a hint: it works through a pooler and on a distributed
// PostgreSQL. A pool without prepared statements uses [pgx.QueryExecModeCacheDescribe].
package coordinator
