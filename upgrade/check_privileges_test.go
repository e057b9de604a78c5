package upgrade_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

// leastPrivileged is an engine's database of a role that cannot log in, and a URL for a role that has just what it takes. Roles belong
// to the server, so each test has its own.
type leastPrivileged struct {
	*testdb.DB

	owner, role, url string
}

func newLeastPrivileged(t *testing.T) leastPrivileged {
	t.Helper()
	db := engine(t)
	l := leastPrivileged{DB: db, owner: db.Name[:min(len(db.Name), 50)] + "_owner", role: db.Name[:min(len(db.Name), 50)] + "_role"}
	l.url = db.URLFor(l.role)
	exec(t, db, l.fill(`CREATE ROLE $OWNER; CREATE ROLE $ROLE LOGIN IN ROLE $OWNER; ALTER DATABASE $DATABASE OWNER TO $OWNER;
		REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO PUBLIC; GRANT CREATE ON SCHEMA public TO $OWNER, $ROLE;
		ALTER DATABASE $DATABASE OWNER TO postgres; GRANT CREATE ON DATABASE $DATABASE TO $ROLE;
		DO $$ DECLARE v_sql text; BEGIN
			FOR v_sql IN
				SELECT format('ALTER %s %s OWNER TO $OWNER', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, c.oid::regclass)
				FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'S')
					AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'a')
				UNION ALL
				SELECT format('ALTER FUNCTION %s OWNER TO $OWNER', p.oid::regprocedure) FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
				UNION ALL
				SELECT format('ALTER TYPE %s OWNER TO $OWNER', t.oid::regtype) FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
				WHERE t.typnamespace = 'public'::regnamespace
			LOOP EXECUTE v_sql; END LOOP;
		END $$`))
	return l
}

// fill puts names in their places.
func (l leastPrivileged) fill(text string) string {
	return strings.NewReplacer("$OWNER", pgx.Identifier{l.owner}.Sanitize(), "$ROLE", pgx.Identifier{l.role}.Sanitize(),
		"$DATABASE", pgx.Identifier{l.Name}.Sanitize()).Replace(text)
}

// privilegeCases take away one privilege each, and give it back. NAME in want is the role's.
var privilegeCases = map[string]struct {
	since      int // the server's first version that has this
	at         upgrade.Phase
	take, back string
	want, hint string
}{
	"membership": {0, "", `REVOKE $OWNER FROM $ROLE`, `GRANT $OWNER TO $ROLE`,
		"role $ROLE is no member of role $OWNER, which owns table async_tasks", "GRANT $OWNER TO $ROLE"},
	"membership half-way": {0, upgrade.Prove, `REVOKE $OWNER FROM $ROLE`, `GRANT $OWNER TO $ROLE`,
		"role $ROLE is no member of role $OWNER, which owns table async_tasks", "GRANT $OWNER TO $ROLE"},
	"inheritance": {0, "", `ALTER ROLE $ROLE NOINHERIT; REVOKE $OWNER FROM $ROLE; GRANT $OWNER TO $ROLE`,
		`ALTER ROLE $ROLE INHERIT; REVOKE $OWNER FROM $ROLE; GRANT $OWNER TO $ROLE`, "role $ROLE does not inherit the privileges of role $OWNER", ""},
	"the SET option": {160000, "", `GRANT $OWNER TO $ROLE WITH SET FALSE`, `GRANT $OWNER TO $ROLE WITH SET TRUE`,
		"role $ROLE may not become role $OWNER", "GRANT $OWNER TO $ROLE WITH SET TRUE"},
	"CREATE on the database": {0, "", `REVOKE CREATE ON DATABASE $DATABASE FROM $ROLE`, `GRANT CREATE ON DATABASE $DATABASE TO $ROLE`,
		"role $ROLE lacks CREATE on database $DATABASE", "GRANT CREATE ON DATABASE $DATABASE TO $ROLE"},
	"CREATE on schema public": {0, "", `REVOKE CREATE ON SCHEMA public FROM $ROLE, $OWNER; GRANT CREATE ON SCHEMA public TO $OWNER WITH GRANT OPTION;
		REVOKE CREATE ON SCHEMA public FROM $OWNER`, `GRANT CREATE ON SCHEMA public TO $ROLE, $OWNER`,
		"role $ROLE lacks CREATE on schema public", "GRANT CREATE ON SCHEMA public TO $ROLE"},
	"CREATE on schema public for the owner": {0, "", `REVOKE CREATE ON SCHEMA public FROM $OWNER`, `GRANT CREATE ON SCHEMA public TO $OWNER`,
		"role $OWNER, which owns table async_tasks and 8 more, lacks CREATE on schema public", "GRANT CREATE ON SCHEMA public TO $OWNER"},
	"ownership of one procedure": {0, "", `ALTER FUNCTION getallfromasync_tasks() OWNER TO postgres`, `ALTER FUNCTION getallfromasync_tasks() OWNER TO $OWNER`,
		"role $ROLE is no member of role postgres, which owns procedure getallfromasync_tasks", "Connect as postgres"},
	"INSERT on schema_version": {0, "", `REVOKE INSERT ON schema_version FROM $OWNER`, `GRANT INSERT ON schema_version TO $OWNER`,
		"role $ROLE lacks INSERT on table public.schema_version", "GRANT INSERT ON public.schema_version TO $ROLE"},
	"DELETE on schema_version": {0, upgrade.Switch, `REVOKE DELETE ON schema_version FROM $OWNER`, `GRANT DELETE ON schema_version TO $OWNER`,
		"role $ROLE lacks DELETE on table public.schema_version", "GRANT DELETE ON public.schema_version TO $ROLE"},
	"TRIGGER on async_tasks": {0, "", `REVOKE TRIGGER ON async_tasks FROM $OWNER`, `GRANT TRIGGER ON async_tasks TO $OWNER`,
		"role $ROLE lacks TRIGGER on table public.async_tasks", "GRANT TRIGGER ON public.async_tasks TO $ROLE"},
	"SELECT on async_tasks": {0, upgrade.Expand, `REVOKE SELECT ON async_tasks FROM $OWNER`, `GRANT SELECT ON async_tasks TO $OWNER`,
		"role $ROLE lacks SELECT on table public.async_tasks", "GRANT SELECT ON public.async_tasks TO $ROLE"},
	"DELETE on schema_migrations": {0, upgrade.Expand, `REVOKE DELETE ON schema_migrations FROM $ROLE`, `GRANT DELETE ON schema_migrations TO $ROLE`,
		"role $ROLE lacks DELETE on table public.schema_migrations", "GRANT DELETE ON public.schema_migrations TO $ROLE"},
	"USAGE on plpgsql": {0, "", `REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC`, `GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC`,
		"role $ROLE lacks USAGE on language plpgsql", "GRANT USAGE ON LANGUAGE plpgsql TO $ROLE"},
	"USAGE on a result type": {0, "", `REVOKE USAGE ON TYPE async_tasks_info_rs FROM PUBLIC, $OWNER`, `GRANT USAGE ON TYPE async_tasks_info_rs TO PUBLIC, $OWNER`,
		"role $ROLE lacks USAGE on type public.async_tasks_info_rs", "GRANT USAGE ON TYPE public.async_tasks_info_rs TO $ROLE"},
}

func TestEachMissingPrivilegeIsNamedBeforeAnythingIsChanged(t *testing.T) {
	t.Parallel()
	for name, c := range privilegeCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLeastPrivileged(t)
			if get[int](t, l.DB, `SELECT current_setting('server_version_num')::integer`) < c.since {
				t.Skipf("before PostgreSQL %d there is no such thing", c.since/10000)
			}
			upgrader, _ := newUpgrader(t, l.url)
			if c.at != "" {
				if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: c.at}); err != nil {
					t.Fatal(err)
				}
			}
			exec(t, l.DB, l.fill(c.take))
			refusedAsChecked(t, l.DB, l.url, strings.ReplaceAll(l.fill(c.want), `"`, ""))
			result := checked(t, l.url, upgrade.Contract)
			hinted := slices.ContainsFunc(result.Findings, func(f upgrade.CheckFinding) bool {
				return strings.HasPrefix(f.Hint, strings.ReplaceAll(l.fill(c.hint), `"`, "")) && strings.Contains(f.Reason, strings.ReplaceAll(l.fill(c.want), `"`, ""))
			})
			if !hinted {
				t.Errorf("no hint %q: %+v", l.fill(c.hint), result.Findings)
			}

			exec(t, l.DB, l.fill(c.back))
			if result := checked(t, l.url, upgrade.Contract); result.Verdict != upgrade.VerdictGo {
				t.Errorf("given back: %s: %+v", result.Verdict, result.Findings)
			}
			if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Contract}); err != nil {
				t.Errorf("given back: %v", err)
			}
		})
	}
}

func TestTheHintsAloneMendWhatIsMissing(t *testing.T) {
	t.Parallel()
	l := newLeastPrivileged(t)
	exec(t, l.DB, l.fill(`REVOKE $OWNER FROM $ROLE; REVOKE CREATE ON DATABASE $DATABASE FROM $ROLE; REVOKE CREATE ON SCHEMA public FROM $ROLE, $OWNER;
		REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC; REVOKE ALL ON schema_version FROM $OWNER`))
	for range 3 { // what a member lacks is seen once it is one
		for _, f := range checked(t, l.url, upgrade.Contract).Findings {
			if f.Severity == upgrade.Refusal {
				exec(t, l.DB, f.Hint)
			}
		}
	}
	upgrader, _ := newUpgrader(t, l.url)
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Contract}); err != nil {
		t.Errorf("%v: %+v", err, checked(t, l.url, upgrade.Contract).Findings)
	}
}

func TestARoleThatSeesNothingInPublicIsToldSo(t *testing.T) {
	t.Parallel()
	l := newLeastPrivileged(t)
	exec(t, l.DB, `REVOKE USAGE ON SCHEMA public FROM PUBLIC`)
	result := checked(t, l.url, upgrade.Contract)
	if result.Verdict != upgrade.VerdictRefused || len(result.Findings) != 1 ||
		result.Findings[0].Hint != "GRANT USAGE ON SCHEMA public TO "+l.role {
		t.Errorf("%s: %+v", result.Verdict, result.Findings)
	}
	upgrader, _ := newUpgrader(t, l.url)
	_, err := upgrader.Up(t.Context(), upgrade.UpOptions{})
	if !errors.Is(err, upgrade.ErrRefused) || !strings.Contains(err.Error(), "permission denied for schema public") {
		t.Errorf("up: %v", err)
	}
}

func TestWhatCannotBeReadIsNotEstimated(t *testing.T) {
	t.Parallel()
	l := newLeastPrivileged(t)
	exec(t, l.DB, l.fill(`REVOKE $OWNER FROM $ROLE`))
	if result := checked(t, l.url, upgrade.Contract); result.Tasks != nil || result.Plan != nil {
		t.Errorf("tasks %+v, plan %+v, want neither", result.Tasks, result.Plan)
	}
	for role, measured := range map[string]bool{l.url: false, l.URL: true} {
		upgrader, _ := newUpgrader(t, role)
		plan, err := upgrader.PlanUp(t.Context(), upgrade.Contract)
		if err != nil || plan.Measured != measured {
			t.Errorf("measured %v, %v, want %v", plan.Measured, err, measured)
		}
	}
}

func TestWithoutPgMonitorWhatOthersDoIsUnknown(t *testing.T) {
	t.Parallel()
	l := newLeastPrivileged(t)
	other := l.Connect(t.Context())
	if _, err := other.Exec(t.Context(), `SELECT 1`); err != nil {
		t.Fatal(err)
	}
	result := checked(t, l.url, upgrade.Contract)
	if len(result.Clients) != 1 || result.Clients[0].State != "unknown" || result.Clients[0].User == "" || result.Verdict != upgrade.VerdictGo {
		t.Errorf("%s: %+v", result.Verdict, result.Clients)
	}
	if notes := reasonsOf(result, upgrade.Remark); len(notes) != 1 || !strings.Contains(notes[0], `cannot be seen`) {
		t.Errorf("notes: %q", notes)
	}
	for _, disk := range result.Disks {
		if disk.Free != nil || disk.Unknown == "" {
			t.Errorf("disk: %+v", disk)
		}
	}

	if _, err := other.Exec(t.Context(), l.fill(`GRANT pg_monitor TO $ROLE`)); err != nil { // over no connection that may still be seen
		t.Fatal(err)
	}
	result = checked(t, l.url, upgrade.Contract)
	if len(result.Clients) != 1 || result.Clients[0].State != "idle" || len(reasonsOf(result, upgrade.Remark)) > 0 {
		t.Errorf("with pg_monitor: %+v, %+v", result.Clients, result.Findings)
	}
	if len(result.Disks) != 3 || result.Disks[0].Free == nil {
		t.Errorf("with pg_monitor: %+v", result.Disks)
	}
}

func TestWhatOnlyTheWayBackNeedsIsAWarning(t *testing.T) {
	t.Parallel()
	l := newLeastPrivileged(t)
	exec(t, l.DB, l.fill(`REVOKE TEMPORARY ON DATABASE $DATABASE FROM PUBLIC`))
	result := checked(t, l.url, upgrade.Contract)
	warnings := reasonsOf(result, upgrade.Caution)
	if result.Verdict != upgrade.VerdictGo || len(warnings) != 1 || !strings.Contains(warnings[0], fmt.Sprintf("role %s lacks TEMPORARY", l.role)) {
		t.Errorf("%s: %+v", result.Verdict, result.Findings)
	}
	upgrader, _ := newUpgrader(t, l.url)
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Contract}); err != nil {
		t.Error(err)
	}
}
