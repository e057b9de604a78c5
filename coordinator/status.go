package coordinator

import "slices"

// Status is how far a command has come: one of the strings that the engine knows.
type Status string

// A command begins as UNKNOWN or NOT_STARTED. The last three are final: a command that has one of them has finished.
const (
	// StatusUnknown is also what a command without a status reads as.
	StatusUnknown    Status = "UNKNOWN"
	StatusNotStarted Status = "NOT_STARTED"
	StatusActive     Status = "ACTIVE"
	StatusSucceeded  Status = "SUCCEEDED"
	StatusFailed     Status = "FAILED"
	// StatusFailedRestarted is that of a command that failed because the engine was restarted.
	StatusFailedRestarted Status = "FAILED_RESTARTED"
)

// Statuses are all there are.
func Statuses() []Status {
	return []Status{StatusUnknown, StatusNotStarted, StatusActive, StatusSucceeded, StatusFailed, StatusFailedRestarted}
}

// ParseStatus reads a status. The empty text is UNKNOWN. The error is ErrStatus.
func ParseStatus(text string) (Status, error) {
	status := statusOf(&text)
	if !status.Valid() {
		return "", &StatusError{Status: text}
	}
	return status, nil
}

// Valid says whether the engine knows the status.
func (s Status) Valid() bool { return slices.Contains(Statuses(), s) }

// Final says whether a command with this status has finished.
func (s Status) Final() bool {
	return s == StatusSucceeded || s == StatusFailed || s == StatusFailedRestarted
}

// MayBecome says whether a command may go from this status to the other. The procedures hold the same table, and decide.
func (s Status) MayBecome(to Status) bool {
	switch s {
	case StatusUnknown:
		return to.Valid() && to != StatusUnknown
	case StatusNotStarted:
		return to == StatusActive || to == StatusFailed || to == StatusFailedRestarted
	case StatusActive:
		return to.Final()
	case StatusSucceeded, StatusFailed, StatusFailedRestarted:
		return false
	default: // some program has written what the engine does not know: it can be given up
		return to == StatusFailed
	}
}

// String returns the engine's string.
func (s Status) String() string { return string(s) }

// statusOf reads a column that may hold nothing.
func statusOf(column *string) Status {
	if column == nil || *column == "" {
		return StatusUnknown
	}
	return Status(*column)
}
