// Package driver is a golang-migrate database driver that makes a migration's body, its version row and its journal row
// one transaction.
//
// The stock drivers write the version before and after the body, in transactions of their own: a process that dies in
// between leaves the database "dirty". Here SetVersion(v, true) only remembers v, Run does everything in one transaction,
// and SetVersion(v, false) finds the work done. The table, its shape and the advisory locks are those of the stock
// drivers, so that the stock migrate program works on the same database and the two exclude each other.
package driver
