package judge

import (
	"regexp"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

// plain are names that need no quotes, unless they are reserved.
var plain = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// reserved are the words that PostgreSQL does not take as a name of a column, a table or a role.
const reserved = ` all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
 concurrently constraint create cross current_catalog current_date current_role current_schema current_time current_timestamp current_user
 default deferrable desc distinct do else end except false fetch for foreign freeze from full grant group having ilike in initially inner
 intersect into is isnull join lateral leading left like limit localtime localtimestamp natural none not notnull null offset on only or
 order outer overlaps placing primary public references returning right select session_user similar some symmetric system_user table
 tablesample then to trailing true union unique user using variadic verbose when where window with `

// identifier writes a name as SQL needs it.
func identifier(name string) string {
	if plain.MatchString(name) && !strings.Contains(strings.ReplaceAll(reserved, "\n", ""), " "+name+" ") {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

func literal(text string) string {
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if strings.Contains(text, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

// role writes a grantee; PUBLIC has no name.
func role(name string) string {
	if name == "" {
		return "PUBLIC"
	}
	return identifier(name)
}

// within writes a name with its schema.
func within(schema, name string) string {
	if schema == "" {
		return identifier(name)
	}
	if schema == "public" {
		return "public." + identifier(name)
	}
	return identifier(schema) + "." + identifier(name)
}

// reference writes an object as ALTER and COMMENT ON name it: FUNCTION public.f(uuid).
func reference(o catalog.Object, sort string) string {
	switch o.Kind {
	case catalog.KindRoutine:
		arguments := o.Arguments
		if sort == "aggregate" && arguments == "" {
			arguments = "*"
		}
		return routineWord(sort) + " " + within(o.Schema, o.Name) + "(" + arguments + ")"
	case catalog.KindColumn:
		return "COLUMN " + within(o.Schema, o.Of) + "." + identifier(o.Name)
	case catalog.KindConstraint, catalog.KindTrigger, catalog.KindRule:
		return strings.ToUpper(string(o.Kind)) + " " + identifier(o.Name) + " ON " + within(o.Schema, o.Of)
	case catalog.KindTable, catalog.KindView:
		return relationWord(sort) + " " + within(o.Schema, o.Name)
	case catalog.KindDatabase, catalog.KindSchema, catalog.KindExtension:
		return strings.ToUpper(string(o.Kind)) + " " + identifier(o.Name)
	case catalog.KindType:
		if sort == "domain" {
			return "DOMAIN " + within(o.Schema, o.Name)
		}
		return "TYPE " + within(o.Schema, o.Name)
	default:
		return strings.ToUpper(string(o.Kind)) + " " + within(o.Schema, o.Name)
	}
}

func routineWord(sort string) string {
	switch sort {
	case "procedure", "aggregate":
		return strings.ToUpper(sort)
	default:
		return "FUNCTION"
	}
}

func relationWord(sort string) string {
	switch sort {
	case "view", "materialized view", "foreign table":
		return strings.ToUpper(sort)
	default:
		return "TABLE"
	}
}

// grantee writes what GRANT and REVOKE name behind ON, and the columns behind the privilege.
func grantee(o catalog.Object, sort string) (columns, target string) {
	switch o.Kind {
	case catalog.KindColumn:
		return " (" + identifier(o.Name) + ")", "TABLE " + within(o.Schema, o.Of)
	case catalog.KindTable, catalog.KindView:
		return "", "TABLE " + within(o.Schema, o.Name)
	case catalog.KindRoutine:
		if sort != "procedure" {
			sort = "function"
		}
		return "", routineWord(sort) + " " + within(o.Schema, o.Name) + "(" + o.Arguments + ")"
	default:
		return "", reference(o, sort)
	}
}

func grantSQL(o catalog.Object, sort string, g catalog.Grant) string {
	columns, target := grantee(o, sort)
	option := ""
	if g.Option {
		option = " WITH GRANT OPTION"
	}
	return "GRANT " + g.Privilege + columns + " ON " + target + " TO " + role(g.Role) + option + ";"
}

func revokeSQL(o catalog.Object, sort string, g catalog.Grant, onlyOption bool) string {
	columns, target := grantee(o, sort)
	option := ""
	if onlyOption {
		option = "GRANT OPTION FOR "
	}
	return "REVOKE " + option + g.Privilege + columns + " ON " + target + " FROM " + role(g.Role) + ";"
}

// setting writes a SET clause's value back: search_path=public, pg_temp.
func settingSQL(o catalog.Object, sort, setting string) string {
	name, value, _ := strings.Cut(setting, "=")
	return "ALTER " + reference(o, sort) + " SET " + identifier(name) + " = " + settingValue(name, value) + ";"
}

// settingValue quotes a value. Those of lists are quoted each, as the catalog holds them already.
func settingValue(name, value string) string {
	switch name {
	case "search_path", "temp_tablespaces", "session_preload_libraries", "shared_preload_libraries", "local_preload_libraries",
		"unix_socket_directories", "datestyle", "DateStyle":
		return value
	}
	return literal(value)
}

// words are the names and words that SQL texts have, in lower case.
func words(texts []string) map[string]bool {
	found := map[string]bool{}
	for _, text := range texts {
		for word := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool {
			return r != '_' && r != '$' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && r < 0x80
		}) {
			found[word] = true
		}
	}
	return found
}
