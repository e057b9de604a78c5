package upgrade

import (
	"slices"
	"strings"
)

// LockMode is a mode of PostgreSQL's table locks, in capitals: ACCESS SHARE.
type LockMode string

// The lock modes.
const (
	AccessShare          LockMode = "ACCESS SHARE"
	RowShare             LockMode = "ROW SHARE"
	RowExclusive         LockMode = "ROW EXCLUSIVE"
	ShareUpdateExclusive LockMode = "SHARE UPDATE EXCLUSIVE"
	Share                LockMode = "SHARE"
	ShareRowExclusive    LockMode = "SHARE ROW EXCLUSIVE"
	Exclusive            LockMode = "EXCLUSIVE"
	AccessExclusive      LockMode = "ACCESS EXCLUSIVE"
)

// order is the mode's place among all, weak to strong; -1 for none of them. Each mode conflicts with whatever a weaker one conflicts
// with, but for Share, which goes together with itself.
func (m LockMode) order() int {
	return slices.Index([]LockMode{
		AccessShare, RowShare, RowExclusive, ShareUpdateExclusive, Share, ShareRowExclusive, Exclusive, AccessExclusive,
	}, m)
}

// Includes says whether a mode keeps out whatever another one does.
func (m LockMode) Includes(other LockMode) bool {
	if m == Share && (other == ShareUpdateExclusive || other == RowExclusive) { // unlike these, it goes together with itself
		return false
	}
	return other.order() >= 0 && m.order() >= other.order()
}

// ParseLockMode reads what pg_locks calls a mode: AccessShareLock. It is empty for what is none.
func ParseLockMode(name string) LockMode {
	var words strings.Builder
	for _, letter := range strings.TrimSuffix(name, "Lock") {
		if letter >= 'A' && letter <= 'Z' && words.Len() > 0 {
			words.WriteByte(' ')
		}
		words.WriteRune(letter)
	}
	mode := LockMode(strings.ToUpper(words.String()))
	if mode.order() < 0 {
		return ""
	}
	return mode
}

// Blocks says whom a lock keeps waiting.
func (m LockMode) Blocks() Waiters {
	switch {
	case m == AccessExclusive:
		return Everybody
	case m.order() >= Share.order():
		return Writers
	}
	return Nobody
}

// Lock is a lock on a table that was there before coco.
type Lock struct {
	Table string   `json:"table"`
	Mode  LockMode `json:"mode"`
}

// String returns table and mode as people write them: async_tasks access share.
func (l Lock) String() string { return l.Table + " " + strings.ToLower(string(l.Mode)) }

// Waiters are the clients that wait for a step.
type Waiters string

// Those who may have to wait.
const (
	Nobody    Waiters = "nobody"
	Writers   Waiters = "writers"
	Everybody Waiters = "everybody"
)

// waiters are those whom any of the locks keeps waiting.
func waiters(locks []Lock) Waiters {
	found := Nobody
	for _, lock := range locks {
		blocked := lock.Mode.Blocks()
		if blocked == Everybody {
			return Everybody
		}
		if blocked == Writers {
			found = Writers
		}
	}
	return found
}
