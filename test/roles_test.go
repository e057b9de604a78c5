package test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
)

// strangerRole may log in and nothing else; columnRole may read one column of async_tasks that stays.
const (
	strangerRole = "coco_test_stranger"
	columnRole   = "coco_test_column"
)

var allRoles = []string{enginedb.ExecRole, enginedb.WriterRole, enginedb.ReaderRole, strangerRole, columnRole}

// moreRoles is tried again by itself: roles belong to the server, which several tests share.
const moreRoles = `
	DO $$ DECLARE wanted text; BEGIN
		FOREACH wanted IN ARRAY ARRAY['coco_test_stranger', 'coco_test_column'] LOOP
			BEGIN
				EXECUTE format('CREATE ROLE %I LOGIN', wanted);
			EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
			END;
		END LOOP;
	END $$;
	GRANT SELECT (task_id) ON async_tasks TO coco_test_column`

// oddities are options that people give to functions, with values that are awkward to repeat.
const oddities = `
	ALTER FUNCTION getasynctasksbyvdsmtaskid(uuid) OWNER TO coco_test_stranger;
	ALTER FUNCTION insertorupdateasynctasks SET search_path = public, "Odd, ""Schema", pg_temp;
	ALTER FUNCTION insertorupdateasynctasks SET DateStyle = 'ISO, DMY';
	ALTER FUNCTION insertorupdateasynctasks SECURITY DEFINER;
	COMMENT ON FUNCTION insertasync_tasks IS 'Don''t "call" this \ directly';
	ALTER FUNCTION insertasync_tasks SET application_name = 'it''s, "odd"';
	ALTER FUNCTION getasynctasksbyentityid(uuid) SET search_path = '';
	ALTER FUNCTION getasynctasksbyentityid(uuid) COST 0.5 ROWS 1`

func TestRolesMayCallWhatTheyCouldBeforeAndNothingMore(t *testing.T) {
	t.Parallel()
	db := engine(t, enginedb.Sample(), enginedb.DecorateSQL(), moreRoles)
	conn := db.Connect(t.Context())
	task := query(t, conn, `SELECT task_id::text FROM async_tasks WHERE action_parameters IS NOT NULL ORDER BY 1 LIMIT 1`)[0]
	roles := map[string]*pgx.Conn{}
	before := map[string][]string{}
	for _, role := range allRoles {
		roles[role] = db.ConnectAs(t.Context(), role)
		before[role] = outcomes(t, roles[role], task, false)
	}
	if got := strings.Join(before[enginedb.WriterRole], "\n"); strings.Count(got, ": done") < 6 {
		t.Fatalf("the writer's calls do not succeed to begin with:\n%s", got)
	}
	granted := query(t, conn, tablePrivileges, "async_tasks", allRoles)

	for version := 1; version <= versionRetire; version++ {
		up(t, conn, version-1, version)
		for _, role := range allRoles {
			same(t, fmt.Sprintf("calls of %s at version %d", role, version), before[role],
				outcomes(t, roles[role], task, version >= versionRetire))
		}
		if version < versionExpand {
			continue
		}
		same(t, fmt.Sprintf("privileges on command_entities at version %d", version),
			granted, query(t, conn, tablePrivileges, "command_entities", allRoles))
		nobodyReachesInside(t, conn, version)
	}
}

// calls are all old procedures; %s is a task that is there. The writers come first, in the order of writersAfterRetire.
var calls = []string{
	`insertasync_tasks(4, 0, 2, NULL, md5('n')::uuid, '{}', 'C', '{}', 'C', NULL, md5('c')::uuid, md5('r')::uuid, now(), NULL, 1)`,
	`updateasync_tasks(4, 0, 2, NULL, '%s', '{}', 'C', '{}', 'C', NULL, md5('c')::uuid, md5('r')::uuid, NULL)`,
	`insertorupdateasynctasks(4, 0, 2, NULL, '%s', '{}', 'C', '{}', 'C', NULL, md5('c')::uuid, md5('r')::uuid, now(), NULL, 1)`,
	`deleteasync_tasks('%s')`, `deleteasynctasksbyvdsmtaskid('%s')`, `insertasynctaskentities('%s', md5('e')::uuid, 'VM')`,
	`deleterunningjobsoftasklesscommands()`, `getallfromasync_tasks()`, `getasync_tasksbytask_id('%s')`, `getasynctasksbyentityid('%s')`,
	`getasynctasksbyvdsmtaskid('%s')`, `getasynctasksbystoragepoolid('%s')`, `getasynctasksidsbyentityid('%s')`,
	`getasynctaskentitiesbytaskid('%s')`, `fn_db_get_async_tasks()`,
}

var writersAfterRetire = []string{
	`insertasync_tasks(4, 0, 2, NULL, md5('n')::uuid, NULL, md5('c')::uuid, now(), NULL, 1)`,
	`updateasync_tasks(4, 0, 2, NULL, '%s', NULL, md5('c')::uuid, NULL)`,
	`insertorupdateasynctasks(4, 0, 2, NULL, '%s', NULL, md5('c')::uuid, now(), NULL, 1)`,
}

// outcomes calls every procedure and says for each whether it succeeded, or with which SQLSTATE it failed.
func outcomes(t *testing.T, conn *pgx.Conn, task string, retired bool) []string {
	t.Helper()
	var outcomes []string
	for i, call := range calls {
		name, _, _ := strings.Cut(call, "(")
		if retired && i < len(writersAfterRetire) {
			call = writersAfterRetire[i]
		}
		call = strings.ReplaceAll(call, "%s", task)
		_, err := conn.PgConn().Exec(t.Context(), `BEGIN; SELECT * FROM `+call).ReadAll()
		outcome := "done"
		if failed, ok := errors.AsType[*pgconn.PgError](err); ok {
			outcome = failed.Code
		} else if err != nil {
			t.Fatal(err)
		}
		exec(t, conn, `ROLLBACK`)
		outcomes = append(outcomes, name+": "+outcome)
	}
	return outcomes
}

// tablePrivileges lists who may do what with a table.
const tablePrivileges = `SELECT concat_ws(' ', r.name, p.name) FROM unnest($2::text[]) AS r(name),
	unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p(name)
	WHERE has_table_privilege(r.name, 'public.' || $1, p.name) ORDER BY 1`

// readingFunctions may be called by whoever may read tasks, writingFunctions by whoever may also insert, update and delete them.
var (
	readingFunctions = []string{
		"below", "command_chains", "command_hierarchy", "command_tree", "instances", "list_commands", "removal_blockers", "require_switch", "tasks_with_commands",
		"tree_overview", "unfinished_commands",
	}
	writingFunctions = []string{
		"begin_cleanup", "change_status", "clean_batch", "clean_trees", "database_clock", "end_cleanup", "own_commands", "persist_commands", "record_task",
		"recover_commands", "register_instance", "remove_command", "remove_tasks", "renew_command", "renew_lease", "resume_command",
		"save_commands", "save_task", "stop_instance", "take_out", "task_commands",
	}
)

// nobodyReachesInside checks that coco's own tables and functions are closed to all roles, but for the functions that writers and
// programs call, and the view, which shows each role the columns of async_tasks that it may read.
func nobodyReachesInside(t *testing.T, conn *pgx.Conn, version int) {
	t.Helper()
	what := fmt.Sprintf(" at version %d", version)
	same(t, "tables of coco that somebody may use"+what, nil, query(t, conn, `
		SELECT r || ' ' || c.oid::regclass FROM unnest($1::text[]) AS r, pg_class c
		WHERE c.relnamespace = 'coco'::regnamespace AND c.relkind = 'r' AND (has_any_column_privilege(r, c.oid, 'SELECT')
			OR has_table_privilege(r, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'))`, allRoles))
	var callers []string
	for _, function := range readingFunctions {
		callers = append(callers, "coco_test_reader "+function, "coco_test_writer "+function)
	}
	for _, function := range writingFunctions {
		callers = append(callers, "coco_test_writer "+function)
	}
	slices.Sort(callers)
	same(t, "functions of coco that somebody may call"+what, callers,
		query(t, conn, `
			SELECT r || ' ' || p.proname FROM unnest($1::text[]) AS r, pg_proc p
			WHERE p.pronamespace = 'coco'::regnamespace AND p.proname !~ '^v\d+_' AND has_function_privilege(r, p.oid, 'EXECUTE')
			ORDER BY r || ' ' || p.proname COLLATE "C"`, allRoles))
	same(t, "columns of the view"+what, []string{
		"coco_test_column task_id", "coco_test_reader all 15", "coco_test_writer all 15",
	}, query(t, conn, `
		SELECT concat_ws(' ', r, CASE count(*) WHEN 15 THEN 'all 15' ELSE string_agg(a.attname, ' ') END)
		FROM unnest($1::text[]) AS r, pg_attribute a
		WHERE a.attrelid = 'coco.async_task'::regclass AND a.attnum > 0 AND has_column_privilege(r, a.attrelid, a.attnum, 'SELECT')
		GROUP BY r ORDER BY 1`, allRoles))
	same(t, "users of schema coco"+what, []string{columnRole, enginedb.ReaderRole, enginedb.WriterRole}, query(t, conn,
		`SELECT r FROM unnest($1::text[]) AS r WHERE has_schema_privilege(r, 'coco', 'USAGE') ORDER BY 1`, allRoles))
	same(t, "creators in schema coco"+what, nil, query(t, conn,
		`SELECT r FROM unnest($1::text[]) AS r WHERE has_schema_privilege(r, 'coco', 'CREATE')`, allRoles))
}

func TestReplacedProceduresKeepWhatHangsOnThem(t *testing.T) {
	t.Parallel()
	db := engine(t, enginedb.Sample(), enginedb.DecorateSQL(), moreRoles, oddities)
	conn := db.Connect(t.Context())
	const hanging = `
		SELECT concat_ws(' | ', proname, pg_get_userbyid(proowner), (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(proacl) x),
			proconfig, prosecdef, provolatile, procost, prorows, obj_description(oid, 'pg_proc'))
		FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE '%async%task%' ORDER BY proname`
	before, dump := query(t, conn, hanging), db.Dump(t)
	for version := 1; version <= versionRetire; version++ {
		up(t, conn, version-1, version)
		same(t, fmt.Sprintf("procedures at version %d", version), before, query(t, conn, hanging))
	}
	for version := versionRetire; version > 0; version-- {
		down(t, conn, version, version-1)
		same(t, fmt.Sprintf("procedures going down from version %d", version), before, query(t, conn, hanging))
	}
	identical(t, dump, db.Dump(t))
}

// The engine's objects belong to a role that cannot log in and is no superuser. A member of it, with CREATE on the database and on
// schema public, is the least privileged role that can upgrade.
const (
	ownerRole  = "coco_test_owner"
	memberRole = "coco_test_member"
)

func TestTheEnginesRoleKeepsEverythingWhoeverUpgrades(t *testing.T) {
	t.Parallel()
	for name, runner := range map[string]string{
		"a member of the owning role": memberRole,
		"a superuser":                 ephemeral.Superuser,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := ownedEngine(t)
			admin := db.Connect(t.Context())
			exec(t, admin, fmt.Sprintf(`GRANT CREATE ON DATABASE %q TO %s`, db.Name, memberRole))
			before, dump := query(t, admin, allTasks), db.Dump(t)
			task := query(t, admin, `SELECT min(task_id::text) FROM async_tasks WHERE task_parameters IS NOT NULL`)[0]
			callers := map[string]*pgx.Conn{}
			could := map[string][]string{}
			for _, role := range []string{memberRole, enginedb.WriterRole, enginedb.ExecRole} {
				callers[role] = db.ConnectAs(t.Context(), role)
				could[role] = outcomes(t, callers[role], task, false)
			}

			conn := db.ConnectAs(t.Context(), runner)
			for version := 1; version <= versionRetire; version++ {
				up(t, conn, version-1, version)
				same(t, fmt.Sprintf("tasks at version %d", version), before, query(t, admin, allTasks))
				same(t, fmt.Sprintf("objects that are not the owner's at version %d", version), nil, query(t, admin, notTheOwners, ownerRole))
				for role, caller := range callers {
					same(t, fmt.Sprintf("calls of %s at version %d", role, version), could[role],
						outcomes(t, caller, task, version >= versionRetire))
				}
			}
			holds(t, conn)
			down(t, conn, versionRetire, 0)
			identical(t, dump, db.Dump(t))
		})
	}
}

// notTheOwners lists everything in public and coco that belongs to somebody else.
const notTheOwners = `
	SELECT o.kind || ' ' || o.name || ' of ' || pg_get_userbyid(o.owner) FROM (
		SELECT 'relation' AS kind, oid::regclass::text AS name, relnamespace AS namespace, relowner AS owner FROM pg_class
		UNION ALL SELECT 'function', oid::regprocedure::text, pronamespace, proowner FROM pg_proc
		UNION ALL SELECT 'type', oid::regtype::text, typnamespace, typowner FROM pg_type
		UNION ALL SELECT 'schema', nspname, oid, nspowner FROM pg_namespace WHERE nspname = 'coco'
	) AS o
	JOIN pg_namespace n ON n.oid = o.namespace AND n.nspname IN ('public', 'coco')
	WHERE pg_get_userbyid(o.owner) <> $1 ORDER BY 1`

// ownedEngine is an engine's database, decorated and with the sample, that belongs to ownerRole.
func ownedEngine(t *testing.T) *testdb.DB {
	t.Helper()
	scripts := []string{
		fmt.Sprintf(`
			DO $$ BEGIN
				CREATE ROLE %[1]s NOLOGIN;
				CREATE ROLE %[2]s LOGIN IN ROLE %[1]s;
			END $$;
			GRANT CREATE ON SCHEMA public TO %[1]s, %[2]s;
			SET ROLE %[1]s`, ownerRole, memberRole),
		enginedb.FixtureSQL(),
		`RESET ROLE`, enginedb.DecorateSQL(), enginedb.Sample(),
	}
	return testdb.New(t, testdb.Options{Template: testdb.Template{
		Name: "owned", Hash: testdb.Hash(scripts...),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			for _, script := range scripts {
				if _, err := conn.PgConn().Exec(ctx, script).ReadAll(); err != nil {
					return err
				}
			}
			return nil
		},
	}})
}
