// Package enginejson reads and writes parameters as the engine itself keeps them.
//
// The engine turns its parameters into JSON with Jackson and tells their Java classes in the text, in two ways. Parameters and
// business entities have the class as a first member:
//
//	{ "@class" : "org.ovirt.engine.core.common.action.RemoveSnapshotParameters", "snapshotId" : … }
//
// GUIDs, and whatever is declared as an interface, are typed values, arrays of a class and a value:
//
//	"snapshotId" : [ "org.ovirt.engine.core.compat.Guid", { "uuid" : "…" } ]
//	"vdsmTaskIds" : [ "java.util.ArrayList", [ … ] ]
//
// Everything else is plain: numbers, strings, booleans, the names of enum constants, dates as milliseconds since 1970.
//
// For makes a codec out of a Go struct for a coordinator's registry. The struct embeds Fields, whose tag is the Java class, and has a
// tag with the member's name for each field:
//
//	type RemoveSnapshot struct {
//		enginejson.Fields `engine:"org.ovirt.engine.core.common.action.RemoveSnapshotParameters"`
//
//		VM          uuid.UUID   `engine:"vmId"`
//		Snapshot    uuid.UUID   `engine:"snapshotId"`
//		VDSMTaskIDs []uuid.UUID `engine:"vdsmTaskIds"`
//	}
//
// A struct need not know all members. Those that it does not know stay with Fields and are written back in their place, and what
// it knows and nobody changed is written as it was read, to the digit. So a program may change one value of parameters of which it
// knows three.
//
// # Fields of a struct
//
//   - bool, integers, floats, strings (also for enums);
//   - uuid.UUID is a GUID; time.Time is a date;
//   - a slice is a list, by default [ "java.util.ArrayList", [ … ] ]; a map with strings or GUIDs for keys is by default
//     [ "java.util.HashMap", { … } ];
//   - a struct that embeds Fields is an object; with an empty tag it may be of any class, which Fields.Class tells;
//   - an embedded struct without Fields, and without a tag, adds its fields: that is how the members of a Java base class are shared;
//   - Value takes anything as it is;
//   - a pointer to one of these has null for nil. Without a pointer null reads as the zero value, and stays null until it is changed.
//
// Two options may follow the name. "plain" writes a list or map without a class: that is how the engine writes one that is declared as
// a class and not as an interface. "type=CLASS" writes a typed value of this class. They count for values that are new:
// what was read keeps its form.
//
// A member that was not there is added once the field is not the zero value.
package enginejson
