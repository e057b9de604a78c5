package coordinator

// CleanupReport says what a cleanup has removed.
type CleanupReport struct {
	// Removed is how many commands went.
	Removed int64
}
