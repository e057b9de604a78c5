// Package sql carries the versioned migrations, so that the program needs no files beside it.
package sql

import "embed"

// Schema holds schema/NNNNNN_name.{up,down}.sql, in golang-migrate's format.
//
//go:embed schema/*.sql
var Schema embed.FS
