package enginejson

import "fmt"

// Error says why a text cannot be read, or why a value cannot be written. Nothing of the text or the value is in it: parameters may
// hold secrets.
type Error struct {
	// Path leads to the place by the names that the Go type gives: vm.images[3].id. An entry of a map is counted, {3}.
	// Empty at the top, and where the text is not JSON.
	Path string

	reason string
	offset int
	syntax bool
}

// Error returns the reason.
func (e *Error) Error() string { return "the engine's JSON: " + e.Reason() }

// Reason says where and what, as a part of a sentence. A coordinator's registry repeats it to people.
func (e *Error) Reason() string {
	switch {
	case e.syntax:
		return fmt.Sprintf("%s, at byte %d", e.reason, e.offset)
	case e.Path != "":
		return fmt.Sprintf("%s: %s", e.Path, e.reason)
	default:
		return e.reason
	}
}
