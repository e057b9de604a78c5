// Package coordinator keeps long-running commands in the database, so that a program can die at any moment, start again and carry on
// where it was.
package coordinator
