package main

import (
	"time"

	"github.com/ovirt/coco/internal/human"
)

// The words that are coloured where colours are on.
const (
	wordApplied = "applied"
	wordPending = "pending"
	wordHolds   = "holds"
	wordFails   = "does not hold"
	wordHeld    = "held"
	wordAlive   = "alive"
	wordExpired = "expired"
	wordFailed  = "FAILED"
)

// What people read is written in one way everywhere: package human says how.

func table(rows [][]string, paint func(string) string) string { return human.Table(rows, paint) }

// plain is for tables without colours.
func plain(cell string) string { return cell }

func count(n int64) string { return human.Count(n) }

func counted(n int64, noun string) string { return human.Counted(n, noun) }

func size(bytes int64) string { return human.Size(bytes) }

func took(d time.Duration) string { return human.Took(d) }

func timestamp(t time.Time) string { return human.Timestamp(t) }
