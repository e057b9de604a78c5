package enginejson

// Fields is embedded by every struct that stands for an object of the engine. It keeps what was read, and so the members that the
// struct does not know. The tag is the Java class that the object must have, and that a new one gets:
//
//	enginejson.Fields `engine:"org.ovirt.engine.core.common.businessentities.DiskImage"`
//
// With an empty tag, or none, an object may be of any class, and a new one gets none.
//
// A copy of a struct keeps what was read, too. Assign Fields{} to begin anew.
type Fields struct {
	// A pointer, so that structs stay comparable, and so that printing one does not show members nobody asked for.
	read *Value
}

// Class returns the Java class of the object that was read, empty for one that is new or says none.
func (f Fields) Class() string {
	if f.read == nil {
		return ""
	}
	return f.read.Class()
}

// Get returns a member as it was read, also one that the struct does not know.
func (f Fields) Get(name string) (Value, bool) {
	if f.read == nil {
		return Value{}, false
	}
	return f.read.Get(name)
}
