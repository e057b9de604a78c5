package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// judge looks through a file that goes up.
func (m *migrations) judge() {
	timeout := false
	for _, s := range m.file.statements {
		timeout = timeout || s.at(0) == "set" && s.one("lock_timeout")
		m.create(s)
		m.alter(s)
		m.transaction(s)
		m.rows(s)
		if table := blocked(s); table != "" && !timeout && m.used(table) && !m.declares(table) {
			m.find(LockTimeoutMissing, s, "waits without limit for a lock on "+shown(table), "SET LOCAL lock_timeout = '1s';")
		}
		m.read = append(m.read, s.words)
	}
}

// used says whether a table is there before the files that are judged: somebody may use it.
func (m *migrations) used(table string) bool {
	if m.made[table] || table == "" {
		return false
	}
	schema, name, _ := strings.Cut(table, ".")
	if slices.Contains(m.options.Own, schema) || slices.Contains(m.options.Own, table) {
		return false
	}
	return m.options.Schema.tables == nil || m.options.Schema.table(schema, name) != nil
}

// table reads the name of a table at a place, with its schema.
func (s statement) table(i int) (string, int) {
	for slices.Contains([]string{"if", "not", "exists", "only"}, s.at(i)) {
		i++
	}
	schema, name, next := s.name(i)
	if name == "" {
		return "", next
	}
	return key(schema, name), next
}

// shown is a table's name as people say it.
func shown(table string) string { return strings.TrimPrefix(table, "public.") }

// declares says whether the file tells which lock it takes on a table: who runs it goes by that, and limits the waiting.
func (m *migrations) declares(table string) bool {
	for text := range strings.Lines(m.file.text) {
		if fields := strings.Fields(text); len(fields) > 3 && fields[0] == "--" && fields[1] == "coco:lock" && key("", fields[2]) == key("", shown(table)) {
			return true
		}
	}
	return false
}

// blocked returns the table on which a statement takes a lock that keeps readers or writers out.
func blocked(s statement) string {
	table := ""
	switch s.at(0) {
	case "alter", "drop", "truncate", "lock":
		switch {
		case s.at(1) == "table", s.at(0) == "truncate", s.at(0) == "lock":
			at := 1
			if s.at(1) == "table" {
				at = 2
			}
			table, _ = s.table(at)
		case s.at(1) == "trigger" && s.index(2, "on") > 0:
			table, _ = s.table(s.index(2, "on") + 1)
		}
		if s.has("validate", "constraint") {
			table = ""
		}
	case "create":
		if at := s.index(0, "trigger"); at > 0 && at < 5 && s.index(at, "on") > 0 {
			table, _ = s.table(s.index(at, "on") + 1)
		}
	}
	return table
}

// create remembers the tables that files make, and judges indexes on those that were there.
func (m *migrations) create(s statement) {
	if s.at(0) != "create" {
		return
	}
	if at := s.index(1, "table"); at > 0 && at < 4 {
		table, _ := s.table(at + 1)
		if !s.has("if", "not", "exists") || !m.used(table) || m.options.Schema.tables == nil {
			m.made[table] = true
		}
		return
	}
	at := s.index(1, "index")
	if at < 0 || at > 2 || s.has("concurrently") {
		return
	}
	table, _ := s.table(s.index(at, "on") + 1)
	if s.index(at, "on") > 0 && m.used(table) {
		m.find(IndexBlocking, s, "builds an index on "+shown(table)+" while nobody may write it",
			"CREATE INDEX CONCURRENTLY …;")
	}
}

// alter judges what is done to tables that were there.
func (m *migrations) alter(s statement) {
	if (s.at(0) == "drop" || s.at(0) == "truncate") && s.one("cascade") {
		m.find(DropCascade, s, "removes whatever depends on the object, by CASCADE", "")
	}
	if s.at(0) == "vacuum" && s.one("full") || s.at(0) == "cluster" || s.at(0) == "reindex" && !s.one("concurrently") {
		m.find(RewriteCommand, s, "runs "+strings.ToUpper(s.at(0))+", which keeps everybody out until it is done", "")
	}
	if !s.follow(0, "alter", "table") {
		return
	}
	table, next := s.table(2)
	if !m.used(table) {
		return
	}
	for _, action := range s.words[min(next, len(s.words)):].pieces(",") {
		m.action(s, action, table)
	}
}

// action judges one action of ALTER TABLE.
func (m *migrations) action(s statement, w words, table string) {
	name := shown(table)
	switch {
	case w.at(0) == "rename" && w.at(1) != "constraint":
		m.find(ObjectRenamed, s, "renames "+name+", or a column of it", "")
	case w.at(0) == "drop" && w.at(1) != "constraint":
		m.dropped(s, w, table)
	case w.at(0) == "alter" && w.at(1) != "constraint" && m.rewrites(w, table):
		m.find(RewriteType, s, "changes the type of a column of "+name, "")
	case w.at(0) == "alter" && w.has("set", "not", "null"):
		m.notNull(s, w, table)
	case w.at(0) == "add":
		m.added(s, w, table)
	}
}

// longer are types of text that take any value of varchar as it is.
var longer = regexp.MustCompile(`^(?:text|varchar|character varying)(?:\((\d+)\))?$`)

// rewrites says whether an action changes the type of a column, other than letting a text be longer.
func (m *migrations) rewrites(w words, table string) bool {
	at := 1
	if w.at(1) == "column" {
		at = 2
	}
	_, name, next := w.name(at)
	if w.follow(next, "set", "data") {
		next += 2
	}
	if w.at(next) != "type" {
		return false
	}
	schema, short, _ := strings.Cut(table, ".")
	t := m.options.Schema.table(schema, short)
	if t == nil || column(t, name) == nil {
		return true
	}
	is := longer.FindStringSubmatch(w[next+1:].short())
	was := longer.FindStringSubmatch(column(t, name).Type)
	return is == nil || was == nil || is[1] != "" && (was[1] == "" || len(was[1]) > len(is[1]) || len(was[1]) == len(is[1]) && was[1] > is[1])
}

// notNull lets pass what a check of the same file has proven already.
func (m *migrations) notNull(s statement, w words, table string) {
	at := 1
	if w.at(1) == "column" {
		at = 2
	}
	_, column, _ := w.name(at)
	for _, other := range m.read {
		if other.one("check") && other.has(column, "is", "not", "null") {
			return // validated before, on a server from 12 on, it needs no scan
		}
	}
	m.find(NotNullScan, s, fmt.Sprintf("reads all of %s for nulls in %s", shown(table), column), fmt.Sprintf(
		"ALTER TABLE %[1]s ADD CONSTRAINT %[2]s_not_null CHECK (%[2]s IS NOT NULL) NOT VALID;\nALTER TABLE %[1]s VALIDATE CONSTRAINT %[2]s_not_null;",
		table, column))
}

// added judges a column or a constraint that is added.
func (m *migrations) added(s statement, w words, table string) {
	name := shown(table)
	separate := func(what string) string {
		return "ALTER TABLE " + table + " ADD " + what + " … NOT VALID;\nALTER TABLE " + table + " VALIDATE CONSTRAINT …;"
	}
	valid := !w.has("not", "valid")
	constraint := w.at(1)
	if constraint == "constraint" {
		_, _, next := w.name(2)
		constraint = w.at(next)
	}
	switch constraint {
	case "foreign":
		if valid {
			m.find(ForeignKeyValidated, s, "adds a foreign key to "+name+" and checks all rows at once", separate("CONSTRAINT … FOREIGN KEY"))
		}
	case "check":
		if valid {
			m.find(CheckValidated, s, "adds a check to "+name+" and reads all rows at once", separate("CONSTRAINT … CHECK"))
		}
	case "primary", "unique", "exclude":
		if !w.has("using", "index") {
			m.find(KeyBlocking, s, "adds a key to "+name+" and builds its index at once",
				"CREATE UNIQUE INDEX CONCURRENTLY …;\nALTER TABLE "+table+" ADD CONSTRAINT … USING INDEX …;")
		}
	default:
		m.column(s, w, name)
	}
}

// column judges a column that is added.
func (m *migrations) column(s statement, w words, table string) {
	at := w.index(0, "default")
	rewrites := w.one("serial", "bigserial", "smallserial", "serial4", "serial8", "identity", "stored")
	for i := at; at >= 0 && i < len(w); i++ {
		rewrites = rewrites || slices.Contains(changing, w.at(i)) && w.at(i+1) == "("
	}
	if rewrites {
		m.find(RewriteDefault, s, "adds a column to "+table+" with a value of its own for each row", "")
	}
	if w.one("references") {
		m.find(ForeignKeyValidated, s, "adds a column to "+table+" with a foreign key: the table it refers to is locked", "")
	}
	if w.one("unique", "primary") {
		m.find(KeyBlocking, s, "adds a column to "+table+" with a key, and builds its index at once", "")
	}
}

// dropped judges a column that goes: a statement before it that reads rows must have named it.
func (m *migrations) dropped(s statement, w words, table string) {
	at := 1
	if w.at(1) == "column" {
		at = 2
	}
	if w.follow(at, "if", "exists") {
		at += 2
	}
	_, column, _ := w.name(at)
	for _, other := range m.read {
		if names(other, column) {
			return
		}
	}
	m.find(ColumnUncopied, s, fmt.Sprintf("drops %s.%s, and nothing before it has read its values", shown(table), column), "")
}

// names says whether a statement, or a body quoted in it, moves values of a column.
func names(w words, column string) bool {
	if !slices.Contains([]string{"insert", "update", "with", "select", "create", "do", "copy"}, w.at(0)) {
		return false
	}
	if w.at(0) == "create" && !w.one("function", "procedure", "select") {
		return false
	}
	if w.at(0) == "insert" { // what it reads stands behind SELECT
		query := w.index(0, "select")
		if query < 0 {
			return false
		}
		w = w[query:]
	}
	for _, t := range w {
		if t.Identifier() == column || strings.Contains(t.Value(), column) {
			return true
		}
	}
	return false
}

// transaction judges what does not go with the one transaction in which a file runs.
func (m *migrations) transaction(s statement) {
	if s.at(0) == "set" && !slices.Contains([]string{"local", "transaction", "constraints"}, s.at(1)) {
		m.find(SettingLeaks, s, "sets "+s.at(1)+" for the rest of the session", "SET LOCAL "+s.at(1)+" = …;")
	}
	if slices.Contains([]string{"begin", "start", "commit", "end", "rollback", "abort"}, s.at(0)) {
		m.find(TransactionControl, s, "begins or ends a transaction by itself", "")
	}
	if s.one("concurrently") && slices.Contains([]string{"create", "drop", "reindex"}, s.at(0)) && len(m.file.statements) > 1 {
		m.find(ConcurrentlyInBlock, s, "has CONCURRENTLY among other statements, which makes one transaction of them", "")
	}
}

// rows judges changes of whole tables.
func (m *migrations) rows(s statement) {
	verb, schema, table := written(s.words)
	if verb != "" && m.used(key(schema, table)) && !s.one("where") {
		m.find(WriteWithoutWhere, s, verb+"s every row of "+table, "")
	}
}
