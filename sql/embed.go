// Package sql carries the versioned migrations and the checks, so that the program needs no files beside it.
package sql

import "embed"

// Schema holds schema/NNNNNN_name.{up,down}.sql, in golang-migrate's format.
//
//go:embed schema/*.sql
var Schema embed.FS

// Checks holds checks/NAME.sql, queries that only read the catalog, and checks/bodies.txt, the engine's own procedures by their
// hashes.
//
//go:embed checks
var Checks embed.FS
