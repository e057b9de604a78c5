// Package commands is for operators: it lists the commands of an engine, shows one with the tree it belongs to, removes commands and
// takes exported ones in again. It needs a database that is upgraded to the switch or further.
//
// Parameters of commands may hold passwords. Only Parameters returns them, and Remove writes them into the export; no error and no other
// result has anything of them but their length.
package commands
