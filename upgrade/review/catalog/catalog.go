// Package catalog is what a database holds besides its rows, as its catalog says it: every procedure, table, column, constraint, index,
// view, trigger, grant, owner, comment and setting. It is what a review compares, before an upgrade and after it.
package catalog

import "cmp"

// Kind is a kind of object.
type Kind string

// The kinds of objects.
const (
	KindDatabase   Kind = "database"
	KindSchema     Kind = "schema"
	KindRoutine    Kind = "routine" // function, procedure, aggregate
	KindTable      Kind = "table"
	KindColumn     Kind = "column"
	KindConstraint Kind = "constraint"
	KindIndex      Kind = "index"
	KindTrigger    Kind = "trigger"
	KindRule       Kind = "rule"
	KindView       Kind = "view" // materialized ones too
	KindSequence   Kind = "sequence"
	KindType       Kind = "type" // composite, enumerated, domain, range
	KindExtension  Kind = "extension"
	KindMigration  Kind = "migration"
)

// Object names an object, of a database or of a plan.
type Object struct {
	Kind   Kind   `json:"kind"`
	Schema string `json:"schema,omitempty"`
	Name   string `json:"name"`
	// Of is the table of a column, constraint, index, trigger or rule.
	Of string `json:"of,omitempty"`
	// Arguments are the types of a routine's arguments, as SQL names them: uuid, text.
	Arguments string `json:"arguments,omitempty"`
}

// String names the object as people do: deleteasync_tasks(uuid), async_tasks.task_id. The schema public goes without saying.
func (o Object) String() string {
	name := o.Name
	if o.Kind == KindRoutine {
		name += "(" + o.Arguments + ")"
	}
	if o.Of != "" {
		name = o.Of + "." + name
	}
	if o.Schema != "" && o.Schema != "public" {
		name = o.Schema + "." + name
	}
	return name
}

// Compare orders objects by schema, kind and name.
func (o Object) Compare(other Object) int {
	return cmp.Or(cmp.Compare(o.Schema, other.Schema), cmp.Compare(o.Kind, other.Kind), cmp.Compare(o.Of, other.Of),
		cmp.Compare(o.Name, other.Name), cmp.Compare(o.Arguments, other.Arguments))
}

// Catalog is what a database holds. All lists are in the order of their names. What belongs to the server itself or to an extension is
// not in it.
type Catalog struct {
	// Server is the server's version, as 15.18; Major its first number.
	Server string `json:"server"`
	Major  int    `json:"major"`

	Database   Database    `json:"database"`
	Extensions []Extension `json:"extensions"`
	Schemas    []Schema    `json:"schemas"`
	Routines   []Routine   `json:"routines"`
	Tables     []Table     `json:"tables"` // views too
	Sequences  []Sequence  `json:"sequences"`
	Types      []Type      `json:"types"`
}

// Common is what every object has.
type Common struct {
	Object
	Owner   string  `json:"owner,omitempty"`
	Comment string  `json:"comment,omitempty"`
	Grants  []Grant `json:"grants,omitempty"`
}

// Grant is what a role may do with an object. What an object grants by default, such as EXECUTE to everybody, is among its grants.
type Grant struct {
	// Role is empty for PUBLIC, everybody.
	Role string `json:"role"`
	// Privilege is EXECUTE, SELECT, …; Option says that the role may grant it to others.
	Privilege string `json:"privilege"`
	Option    bool   `json:"option,omitempty"`
}

// Database is the database itself. Settings are those of ALTER DATABASE, and of ALTER ROLE … IN DATABASE.
type Database struct {
	Common
	Settings []string `json:"settings,omitempty"`
}

// Extension is an extension. Within is the schema of its objects.
type Extension struct {
	Common

	Version string `json:"version"`
	Within  string `json:"within"`
}

// Schema is a schema.
type Schema struct{ Common }

// Routine is a function, a procedure or an aggregate.
type Routine struct {
	Common
	// Sort is function, procedure, aggregate or window.
	Sort string `json:"sort"`
	// Parameters are the arguments with their names, modes and defaults, Result what is returned: SETOF async_tasks.
	Parameters string `json:"parameters"`
	Result     string `json:"result"`
	Language   string `json:"language"`
	// Volatility is immutable, stable or volatile; Parallel is safe, restricted or unsafe.
	Volatility string `json:"volatility"`
	Parallel   string `json:"parallel"`
	Strict     bool   `json:"strict,omitempty"`
	LeakProof  bool   `json:"leak_proof,omitempty"`
	// SecurityDefiner says that it runs with the rights of its owner.
	SecurityDefiner bool     `json:"security_definer,omitempty"`
	Cost            float64  `json:"cost"`
	Rows            float64  `json:"rows,omitempty"`
	Settings        []string `json:"settings,omitempty"` // of SET clauses: search_path=public
	// Trigger says that it returns trigger or event_trigger.
	Trigger bool `json:"trigger,omitempty"`
	// Body is the text between the quotes, Definition the whole statement that makes it: CREATE OR REPLACE FUNCTION …
	Body       string `json:"body"`
	Definition string `json:"definition"`
}

// Table is a table, a view, a materialized view or a foreign table.
type Table struct {
	Common
	// Sort is table, partitioned table, view, materialized view or foreign table.
	Sort     string   `json:"sort"`
	Options  []string `json:"options,omitempty"` // of WITH: fillfactor=85
	Unlogged bool     `json:"unlogged,omitempty"`
	RLS      bool     `json:"row_security,omitempty"`
	Replica  string   `json:"replica_identity,omitempty"` // empty for the default
	// Definition is a view's query.
	Definition  string       `json:"definition,omitempty"`
	Columns     []Column     `json:"columns"`
	Constraints []Constraint `json:"constraints,omitempty"`
	Indexes     []Index      `json:"indexes,omitempty"`
	Triggers    []Trigger    `json:"triggers,omitempty"`
	Rules       []Rule       `json:"rules,omitempty"`
	Policies    []string     `json:"policies,omitempty"`
	// Bytes is the stored size with indexes and TOAST, RowEstimate the server's own estimate, -1 for none.
	Bytes       int64 `json:"bytes"`
	RowEstimate int64 `json:"row_estimate"`
}

// Column is a column of a table or view, in the order of the table.
type Column struct {
	Name      string  `json:"name"`
	Type      string  `json:"type"`
	NotNull   bool    `json:"not_null,omitempty"`
	Default   string  `json:"default,omitempty"`
	Generated string  `json:"generated,omitempty"` // the kind of a generated or identity column
	Collation string  `json:"collation,omitempty"` // unless it is the type's own
	Storage   string  `json:"storage,omitempty"`   // unless it is the type's own
	Statistic int     `json:"statistics,omitempty"`
	Comment   string  `json:"comment,omitempty"`
	Grants    []Grant `json:"grants,omitempty"`
}

// Constraint is a constraint of a table.
type Constraint struct {
	Name string `json:"name"`
	// Sort is primary key, unique, check, foreign key or exclusion.
	Sort       string `json:"sort"`
	Definition string `json:"definition"`
	Valid      bool   `json:"valid"`
	// References is the table of a foreign key's target.
	References string `json:"references,omitempty"`
	Comment    string `json:"comment,omitempty"`
}

// Index is an index.
type Index struct {
	Name       string `json:"name"`
	Definition string `json:"definition"`
	Valid      bool   `json:"valid"`
	Unique     bool   `json:"unique,omitempty"`
	// Clusters says that CLUSTER goes by it, Identifies that replicas do.
	Clusters   bool   `json:"clusters,omitempty"`
	Identifies bool   `json:"identifies,omitempty"`
	Bytes      int64  `json:"bytes"`
	Comment    string `json:"comment,omitempty"`
}

// Trigger is a trigger that somebody made.
type Trigger struct {
	Name       string `json:"name"`
	Definition string `json:"definition"`
	// Enabled is empty for the default, or always, replica, disabled.
	Enabled string `json:"enabled,omitempty"`
	Comment string `json:"comment,omitempty"`
}

// Rule is a rewrite rule of a table or view, a view's own query aside.
type Rule struct {
	Name       string `json:"name"`
	Definition string `json:"definition"`
	// Enabled is as for a trigger.
	Enabled string `json:"enabled,omitempty"`
}

// Sequence is a sequence; Definition says how it counts, and whose column's numbers. Where it is now is no part of it.
type Sequence struct {
	Common

	Definition string `json:"definition"`
}

// Type is a type that somebody made; Definition says what it is made of.
type Type struct {
	Common
	// Sort is composite, enum, domain or range.
	Sort       string `json:"sort"`
	Definition string `json:"definition"`
}
