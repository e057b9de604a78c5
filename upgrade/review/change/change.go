// Package change is what differs between two catalogs: of a database before an upgrade, and of a copy of it after one.
package change

import "github.com/ovirt/coco/upgrade/review/catalog"

// Sort is what happened to an object.
type Sort string

// What can happen to an object. A routine whose arguments change is another one to the server: it is Signature where one routine of
// the name went and one came.
const (
	Added      Sort = "added"
	Removed    Sort = "removed"
	Changed    Sort = "changed"    // its body, or its definition
	Signature  Sort = "signature"  // a routine's arguments or result
	Attributes Sort = "attributes" // nothing but what stands in Attributes
)

// Change is what happened to one object.
type Change struct {
	Sort   Sort           `json:"sort"`
	Object catalog.Object `json:"object"`
	// Was is the object before, where it was called otherwise.
	Was *catalog.Object `json:"was,omitempty"`
	// Before and After are the definitions, empty where there is none.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Attributes are owner, comment, grants, volatility, security, settings and the like, those that differ.
	Attributes []Attribute `json:"attributes,omitempty"`
}

// Attribute is one that differs. Name is a word of SQL's: owner, comment, grant, volatility, security definer, set, cost, …
type Attribute struct {
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
}
