package test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// replaced are the procedures that the upgrade replaces, and created those it adds.
const (
	replaced = `ARRAY['insertasync_tasks', 'updateasync_tasks', 'insertorupdateasynctasks', 'getallfromasync_tasks',
		'getasync_tasksbytask_id', 'getasynctasksbyentityid', 'getasynctasksbyvdsmtaskid', 'fn_db_get_async_tasks']`
	created = `ARRAY['insertcommandentity', 'updatecommandentity', 'insertorupdatecommandentity', 'updatecommandentitystatus',
		'getcommandentitybycommandentityid', 'getallfromcommandentities', 'getcommandentitiesbyparentcmdid',
		'deletecommandentity', 'deletecommandentitiesolderthandate']`
	none = `ARRAY[]::text[]`
)

// functionDigest is one line for each function in public but for those named, its identity included.
const functionDigest = `SELECT format('function %%s %%s %%s', p.oid, coco_sig.text, md5(concat_ws('|',
		CASE WHEN p.prokind IN ('f', 'p') THEN pg_get_functiondef(p.oid) ELSE p.prokind::text END,
		p.proowner::regrole, p.proacl, obj_description(p.oid, 'pg_proc'))))
	FROM pg_proc p CROSS JOIN LATERAL (SELECT p.oid::regprocedure::text) AS coco_sig(text)
	WHERE p.pronamespace = 'public'::regnamespace AND p.proname <> ALL (%s || %s) ORDER BY 1`

// relationDigest is one line for each table, view, sequence and row type in public but for the two tables of tasks and commands
// and the version table: columns, defaults, keys, indexes, triggers, definition, owner, grants, comments.
const relationDigest = `SELECT format('%s %s %s %s', c.relkind, c.oid, c.relname, md5(concat_ws('|',
		c.relowner::regrole, c.relacl, c.reloptions, obj_description(c.oid, 'pg_class'), c.relhastriggers, c.relrowsecurity,
		CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
		(SELECT string_agg(concat_ws(' ', a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstorage,
				a.attstattarget, a.attoptions, a.attacl, pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum)),
				',' ORDER BY a.attnum)
			FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
			WHERE a.attrelid = c.oid AND a.attnum > 0),
		(SELECT string_agg(concat_ws(' ', o.oid, o.conname, o.convalidated, pg_get_constraintdef(o.oid)), ',' ORDER BY o.oid)
			FROM pg_constraint o WHERE o.conrelid = c.oid),
		(SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, pg_get_indexdef(i.indexrelid)), ',' ORDER BY i.indexrelid)
			FROM pg_index i WHERE i.indrelid = c.oid),
		(SELECT string_agg(concat_ws(' ', g.oid, g.tgenabled, pg_get_triggerdef(g.oid)), ',' ORDER BY g.oid)
			FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal),
		(SELECT string_agg(concat_ws(' ', r.oid, pg_get_ruledef(r.oid)), ',' ORDER BY r.oid)
			FROM pg_rewrite r WHERE r.ev_class = c.oid))))
	FROM pg_class c
	WHERE c.relnamespace = 'public'::regnamespace AND c.relkind NOT IN ('i', 'I', 't')
		AND c.relname NOT IN ('async_tasks', 'command_entities', 'schema_migrations') ORDER BY 1`

// untouched describes everything in public that the upgrade must leave alone at every stage: hundreds of functions, views and
// tables, and the rows of those tables.
func untouched(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	lines := query(t, conn, fmt.Sprintf(functionDigest, replaced, created))
	lines = append(lines, query(t, conn, relationDigest)...)
	tables := query(t, conn, `SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
		AND relname NOT IN ('async_tasks', 'command_entities', 'schema_migrations') ORDER BY relname`)
	for _, table := range tables {
		own := ""
		if table == "schema_version" { // where a later engine-setup finds the upgrade's two marks
			own = "WHERE id > 0"
		}
		lines = append(lines, query(t, conn, fmt.Sprintf(
			`SELECT 'rows of %[1]s ' || count(*) || ' ' || md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), ''))
				FROM public.%[1]s t %[2]s`, table, own))...)
	}
	return lines
}

// sameProcedures describes the procedures that are replaced on the way up and put back on the way down, the very same ones.
func sameProcedures(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	return query(t, conn, fmt.Sprintf(functionDigest, none, none))
}
