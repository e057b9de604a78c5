package upgrade

const (
	insufficientPrivilege = "42501"
	dependentObjects      = "2BP01"
)

// hintOverServers says what to do about errors of PostgreSQL for which its own hint, if any, does not say enough.
func hintOverServers(code string) string {
	switch code {
	case "53100": // disk full
		return "Make room on the server's disk. " + again
	case "53200": // out of memory
		return "Give the server more memory, or try with a smaller --batch. " + again
	case "42723", "42P07", "42710", "42P06": // a function, table, other object or schema that is there already
		return "Rename it, or drop it if nothing needs it. " + again
	case dependentObjects: // which the server would drop, too
		return "Drop what depends on it, and create it again afterwards if it still fits. " + again
	case "25006": // read-only transaction
		return "Connect to a server, and as a role, that may write."
	case "57014": // canceled, by a time-out or by somebody
		return "Somebody canceled it, or a time-out of the server did (statement_timeout). " + again
	}
	return ""
}

// hintFor says what to do about errors of PostgreSQL that come without a hint.
func hintFor(code string, kind error) string {
	switch {
	case code == insufficientPrivilege:
		return "Connect as the role that owns the engine's tables and procedures, or as a member of it."
	case kind == ErrUnreachable, kind == ErrBusy: //nolint:errorlint // kinds are compared, not wrapped
		return again
	}
	return ""
}
