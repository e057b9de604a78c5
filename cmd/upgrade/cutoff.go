package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// cutoff is a date, or how long ago it is.
type cutoff struct {
	at  time.Time
	age time.Duration
}

// cutoffLayouts are the ways to write a date. Without a zone it is that of this machine.
var cutoffLayouts = []string{
	time.DateOnly, "2006-01-02 15:04", time.DateTime, "2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339Nano, "2006-01-02 15:04:05Z07:00",
}

var cutoffAge = regexp.MustCompile(`^([0-9]{1,5})([hdw])$`)

var cutoffUnits = map[string]time.Duration{"h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}

func parseCutoff(text string) (cutoff, error) {
	if parts := cutoffAge.FindStringSubmatch(text); parts != nil {
		number, err := strconv.Atoi(parts[1])
		if err == nil && number > 0 {
			return cutoff{age: time.Duration(number) * cutoffUnits[parts[2]]}, nil
		}
	}
	for _, layout := range cutoffLayouts {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil { //nolint:gosmopolitan // whoever types it is here
			return cutoff{at: at}, nil
		}
	}
	return cutoff{}, &usageError{
		reason: fmt.Sprintf("--before %q is no date, time or age", text),
		hint:   `Write 2026-01-31, "2026-01-31 12:00", 2026-01-31T12:00:00Z, or an age such as 30d, 4w or 12h.`,
	}
}

// date is what the cutoff means. An age counts from the clock of the database, which has written when commands finished.
func (c cutoff) date(ctx context.Context, conn *pgx.Conn) (time.Time, error) {
	if c.age == 0 {
		return c.at, nil
	}
	var now time.Time
	if err := conn.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
		return time.Time{}, fmt.Errorf("ask for the time: %w", err)
	}
	return now.Add(-c.age), nil
}
