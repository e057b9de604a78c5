package upgrade_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

// checked runs a check.
func checked(tb testing.TB, url string, to upgrade.Phase) upgrade.CheckResult {
	tb.Helper()
	upgrader, _ := newUpgrader(tb, url)
	result, err := upgrader.Check(tb.Context(), upgrade.CheckOptions{To: to})
	if err != nil {
		tb.Fatal(err)
	}
	return result
}

// reasonsOf returns the reasons of the findings of one severity.
func reasonsOf(result upgrade.CheckResult, severity upgrade.Severity) []string {
	var reasons []string
	for _, f := range result.Findings {
		if f.Severity == severity {
			reasons = append(reasons, f.Reason)
		}
	}
	return reasons
}

// refusedAsChecked checks that every reason is listed, that Up refuses with the first one before it has changed anything, and returns
// what was listed.
func refusedAsChecked(t *testing.T, db *testdb.DB, url string, want ...string) {
	t.Helper()
	before := db.Dump(t)
	result := checked(t, url, upgrade.Contract)
	reasons := reasonsOf(result, upgrade.Refusal)
	if result.Verdict != upgrade.VerdictRefused {
		t.Errorf("verdict %s, want it refused: %q", result.Verdict, reasons)
	}
	for _, reason := range want {
		if !slices.ContainsFunc(reasons, func(r string) bool { return strings.Contains(r, reason) }) {
			t.Errorf("check does not list %q, but %q", reason, reasons)
		}
	}
	for _, f := range result.Findings {
		if f.Subject == "" || f.Hint == "" || strings.Contains(f.Reason+f.Hint, "\n") {
			t.Errorf("a finding without subject or hint, or on more than a line: %+v", f)
		}
	}
	upgrader, _ := newUpgrader(t, url)
	up, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Contract})
	var refused *upgrade.Error
	if !errors.Is(err, upgrade.ErrRefused) || !errors.As(err, &refused) {
		t.Fatalf("up: %+v, %v, want ErrRefused", up, err)
	}
	if len(reasons) == 0 || refused.Reason != reasons[0] || len(up.Applied) > 0 {
		t.Errorf("up refuses with %q after %d steps, check lists %q", refused.Reason, len(up.Applied), reasons)
	}
	if db.Dump(t) != before {
		t.Error("the database was changed")
	}
}

// refusalCases are databases that are refused, by what was done to an engine's, or to an empty one.
var refusalCases = map[string]struct {
	empty  bool
	script string
	want   []string
}{
	"other tables":     {true, `CREATE TABLE orders (id integer)`, []string{"it has tables, but no async_tasks"}},
	"no schema public": {true, `DROP SCHEMA public`, []string{"no schema public"}},
	"a procedure in an empty database": {true, `CREATE FUNCTION deleteasync_tasks(uuid) RETURNS void LANGUAGE sql AS ''`,
		[]string{"function deleteasync_tasks(uuid) is already there"}},
	"a type in an empty database": {true, `CREATE TYPE iduuidtype AS (id uuid)`, []string{"type iduuidtype is already there"}},
	"an engine 3.5":               {false, `CREATE TABLE command_entities (id uuid)`, []string{"3.5 or later"}},
	"schema coco":                 {false, `CREATE SCHEMA coco`, []string{"schema coco is already there"}},
	"not a table": {false, `ALTER TABLE async_tasks RENAME TO hidden; CREATE VIEW async_tasks AS SELECT * FROM hidden`,
		[]string{"async_tasks is no ordinary table"}},
	"a missing column": {false, `ALTER TABLE async_tasks DROP COLUMN root_command_id`, []string{"it lacks async_tasks.root_command_id uuid"}},
	"a foreign column": {false, `ALTER TABLE async_tasks ADD COLUMN note text`, []string{"no engine 3.3 or 3.4 knows: note"}},
	"a missing table":  {false, `DROP TABLE async_tasks_entities CASCADE`, []string{"table async_tasks_entities is missing"}},
	"missing procedures": {false, `DROP FUNCTION getallfromasync_tasks(), deleteasync_tasks(uuid)`,
		[]string{"procedure deleteasync_tasks is missing", "procedure getallfromasync_tasks is missing"}},
	"NOT NULL": {false, `TRUNCATE async_tasks CASCADE; ALTER TABLE async_tasks ALTER root_command_id SET NOT NULL`, []string{"column root_command_id of async_tasks is NOT NULL"}},
	"two views": {false, `CREATE VIEW texts AS SELECT action_parameters FROM async_tasks; CREATE VIEW steps AS SELECT step_id FROM async_tasks`,
		[]string{"view texts depends on column action_parameters", "view steps depends on column step_id"}},
	"a view of everything": {false, `CREATE SCHEMA "Audit"; CREATE VIEW "Audit".tasks AS SELECT action_parameters, task_id, step_id FROM async_tasks`,
		[]string{`view "Audit".tasks depends on column action_parameters, step_id of async_tasks`}},
	"a policy": {false, `CREATE POLICY mine ON async_tasks USING (task_params_class IS NULL)`,
		[]string{"policy mine on table async_tasks depends on column task_params_class"}},
	"an index": {false, `CREATE INDEX roots ON async_tasks (root_command_id)`, []string{"index roots depends on column root_command_id"}},
	"a foreign procedure": {false, `CREATE FUNCTION report() RETURNS SETOF text LANGUAGE plpgsql AS
		$$ BEGIN RETURN QUERY SELECT t.action_parameters FROM async_tasks AS t; END $$`,
		[]string{"function report() reads column action_parameters of async_tasks"}},
	"forced row-level security": {false, `ALTER TABLE async_tasks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
		CREATE POLICY running ON async_tasks USING (status = 2)`, []string{"async_tasks forces row-level security"}},
	"a row type":     {false, `CREATE TABLE copies (task async_tasks)`, []string{"copies inherits from async_tasks or has a column of its row type"}},
	"a child table":  {false, `CREATE TABLE child () INHERITS (async_tasks)`, []string{"child inherits from async_tasks"}},
	"a parent table": {false, `CREATE TABLE parent (task_id uuid NOT NULL); ALTER TABLE async_tasks INHERIT parent`, []string{"async_tasks inherits"}},
	"overloads": {false, `CREATE FUNCTION updateasync_tasks(v_task_id uuid) RETURNS void LANGUAGE sql AS '';
		CREATE FUNCTION fn_db_get_async_tasks(boolean) RETURNS void LANGUAGE sql AS ''`,
		[]string{"procedure updateasync_tasks has overloads", "procedure fn_db_get_async_tasks has overloads"}},
	"other arguments": {false, `DROP FUNCTION getasync_tasksbytask_id(uuid);
		CREATE FUNCTION getasync_tasksbytask_id(text) RETURNS SETOF async_tasks LANGUAGE sql AS 'SELECT * FROM async_tasks'`,
		[]string{"procedure getasync_tasksbytask_id has other arguments than the engine's (uuid)"}},
	"a procedure instead of a function": {false, `DROP FUNCTION fn_db_get_async_tasks(); CREATE PROCEDURE fn_db_get_async_tasks() LANGUAGE sql AS ''`,
		[]string{"fn_db_get_async_tasks() is an aggregate or was made with CREATE PROCEDURE"}},
	"a view over a getter": {false, `CREATE VIEW running AS SELECT task_id FROM getallfromasync_tasks()`,
		[]string{"view running depends on procedure public.getallfromasync_tasks()"}},
	"a procedure of ours": {false, `CREATE FUNCTION insertcommandentity(uuid) RETURNS void LANGUAGE sql AS ''`,
		[]string{"function insertcommandentity(uuid) is already there"}},
	"an engine's name in another schema": {false, `CREATE SCHEMA audit; CREATE FUNCTION audit.deleteasync_tasks(uuid) RETURNS void LANGUAGE sql AS ''`,
		[]string{"function audit.deleteasync_tasks(uuid) has the name of one of the engine's procedures"}},
	"an index of ours": {false, `CREATE TABLE t (n integer); CREATE INDEX idx_parent_command_id ON t (n)`,
		[]string{"index idx_parent_command_id is already there"}},
	"a type of ours": {false, `CREATE DOMAIN command_entities AS text`, []string{"type command_entities is already there"}},
	"a trigger of ours": {false, `CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		CREATE TRIGGER coco_release BEFORE UPDATE ON async_tasks FOR EACH ROW EXECUTE FUNCTION nothing()`,
		[]string{"trigger coco_release on table async_tasks is already there"}},
	"several things": {false, `CREATE VIEW texts AS SELECT action_parameters FROM async_tasks; CREATE INDEX idx_root_command_id ON job (job_id);
		CREATE FUNCTION deletecommandentity(text) RETURNS void LANGUAGE sql AS ''; DROP FUNCTION insertasynctaskentities`,
		[]string{"view texts", "idx_root_command_id", "deletecommandentity(text)", "insertasynctaskentities is missing"}},
}

func TestCheckListsEveryReasonThatUpRefusesBy(t *testing.T) {
	t.Parallel()
	for name, c := range refusalCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var db *testdb.DB
			if c.empty {
				db = testdb.New(t, testdb.Options{})
			} else {
				db = engine(t)
			}
			exec(t, db, c.script)
			refusedAsChecked(t, db, db.URL, c.want...)
		})
	}
}

func TestWhatComesInTheWayMeanwhileIsRefusedBeforeTheNextStep(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at             upgrade.Phase
		script, reason string
	}{
		"a view on a moved column":              {upgrade.Prove, `CREATE VIEW texts AS SELECT action_parameters FROM async_tasks`, "view texts depends on column action_parameters"},
		"a view on a column behind a moved one": {upgrade.Expand, `CREATE VIEW steps AS SELECT step_id FROM async_tasks`, "view steps depends on column step_id"},
		"an overload": {upgrade.Expand, `CREATE FUNCTION updateasync_tasks(v_task_id uuid) RETURNS void LANGUAGE sql AS ''`,
			"procedure updateasync_tasks has overloads"},
		"a procedure of ours": {upgrade.Prove, `CREATE FUNCTION getallfromcommandentities() RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
			"function getallfromcommandentities() is already there"},
		"a procedure that reads a column": {upgrade.Switch, `CREATE FUNCTION report() RETURNS SETOF text LANGUAGE sql AS
			'SELECT task_parameters FROM public.async_tasks'`, "function report() reads column task_parameters"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := engine(t)
			upgrader, _ := newUpgrader(t, db.URL)
			if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: c.at}); err != nil {
				t.Fatal(err)
			}
			exec(t, db, c.script)
			refusedAsChecked(t, db, db.URL, c.reason)
		})
	}
}

func TestCheckFindsNothingInTheWayAtAnyPhase(t *testing.T) {
	t.Parallel()
	for name, db := range map[string]*testdb.DB{"an engine's database": engine(t), "an empty database": testdb.New(t, testdb.Options{})} {
		upgrader, _ := newUpgrader(t, db.URL)
		for _, phase := range upgrade.Phases() {
			before := ""
			if phase == upgrade.Switch {
				before = db.Dump(t)
			}
			result := checked(t, db.URL, "")
			if result.Verdict != upgrade.VerdictGo {
				t.Errorf("%s before %s: %s: %+v", name, phase, result.Verdict, result.Findings)
			}
			if phase == upgrade.Switch && db.Dump(t) != before {
				t.Errorf("%s before %s: the check has changed the database", name, phase)
			}
			if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: phase}); err != nil {
				t.Fatal(err)
			}
			if state := checked(t, db.URL, "").Chain; state == nil || state.Phase != phase {
				t.Errorf("%s at %s: %+v", name, phase, state)
			}
		}
		if result := checked(t, db.URL, ""); result.Verdict != upgrade.VerdictGo || result.Chain.Pending != 0 || result.Plan != nil {
			t.Errorf("%s at the end: %+v", name, result)
		}
	}
}

func TestProceduresEditedByHandAreADecision(t *testing.T) {
	t.Parallel()
	db := engine(t)
	exec(t, db, `CREATE OR REPLACE FUNCTION getallfromasync_tasks() RETURNS SETOF async_tasks LANGUAGE plpgsql STABLE AS
		$$ BEGIN RETURN QUERY SELECT * FROM async_tasks; /* ours */ END $$`)
	result := checked(t, db.URL, "")
	decisions := reasonsOf(result, upgrade.Decision)
	if result.Verdict != upgrade.VerdictDecide || len(decisions) != 1 || !strings.Contains(decisions[0], "getallfromasync_tasks() was edited by hand") {
		t.Errorf("%s: %+v", result.Verdict, result.Findings)
	}
	upgrader, _ := newUpgrader(t, db.URL)
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{}); err != nil {
		t.Errorf("up: %v", err)
	}
	if result := checked(t, db.URL, ""); len(reasonsOf(result, upgrade.Decision)) > 0 {
		t.Errorf("afterwards: %+v", result.Findings)
	}
}

func TestCheckCountsWhatIsInFlight(t *testing.T) {
	t.Parallel()
	db := engine(t)
	result := checked(t, db.URL, "")
	total := get[int64](t, db, `SELECT count(*) FROM async_tasks`)
	placeholders := get[int64](t, db, `SELECT count(*) FROM async_tasks WHERE vdsm_task_id = '00000000-0000-0000-0000-000000000000'`)
	running := get[int64](t, db, `SELECT count(*) FROM async_tasks WHERE status = 2`)
	commands := get[int64](t, db, `SELECT count(DISTINCT command_id) FROM async_tasks`)
	tasks := result.Tasks
	if tasks == nil || tasks.Total != total || tasks.Placeholders != placeholders || tasks.ByStatus["running"] != running || tasks.Commands != commands {
		t.Errorf("%+v, want %d tasks of %d commands, %d running, %d placeholders", tasks, total, commands, running, placeholders)
	}
	if placeholders == 0 || running == 0 {
		t.Error("the sample has no such tasks")
	}
	if s := result.Sizes; s == nil || s.Table <= 0 || s.Moving <= 0 || s.Moving > s.Table || s.Entities != 0 {
		t.Errorf("sizes: %+v", s)
	}
	if p := result.Plan; p == nil || p.Migrations != 10 || p.Estimate <= 0 || p.WAL <= 0 || p.Space <= 0 {
		t.Errorf("plan: %+v", p)
	}
	if e := result.Engine; e == nil || e.Kind != upgrade.EngineKnown || e.Release != "3.4" || e.SchemaVersion != "03040810" || e.Marks != 0 {
		t.Errorf("engine: %+v", e)
	}
	if c := result.Connection; !c.Local || c.TLS != "" || !c.Superuser {
		t.Errorf("connection: %+v", c)
	}
	for _, disk := range result.Disks {
		if disk.Free == nil || *disk.Free <= 0 {
			t.Errorf("disk: %+v", disk)
		}
	}
	if len(result.Disks) != 3 {
		t.Errorf("%d disks", len(result.Disks))
	}
}

func TestOthersAreInTheWayOfRetireOnly(t *testing.T) {
	t.Parallel()
	db := engine(t)
	other := db.Connect(t.Context())
	if _, err := other.Exec(t.Context(), `SET application_name = 'engine'`); err != nil {
		t.Fatal(err)
	}
	result := checked(t, db.URL, "")
	if result.Verdict != upgrade.VerdictConnected || len(result.Clients) != 1 || result.Clients[0].State != "idle" {
		t.Errorf("to retire: %s, %+v", result.Verdict, result.Clients)
	}
	if result := checked(t, db.URL, upgrade.Contract); result.Verdict != upgrade.VerdictGo {
		t.Errorf("to contract: %s: %+v", result.Verdict, result.Findings)
	}
}

func TestSomebodyElseWhoIsUpgradingIsSeen(t *testing.T) {
	t.Parallel()
	db := engine(t)
	upgrader, _ := newUpgrader(t, db.URL, func(o *upgrade.Options) {
		o.Observe = func(e upgrade.Event) {
			if started, ok := e.(upgrade.StepStarted); ok && started.N == 1 {
				result := checked(t, db.URL, "")
				if result.Verdict != upgrade.VerdictBusy {
					t.Errorf("%s: %+v", result.Verdict, result.Findings)
				}
			}
		}
	})
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Expand}); err != nil {
		t.Fatal(err)
	}
}

func TestCheckOfAServerThatIsTooOldSaysSo(t *testing.T) {
	t.Parallel()
	upgrader, _ := newUpgrader(t, engine(t).URL, says("11.9"))
	result, err := upgrader.Check(t.Context(), upgrade.CheckOptions{})
	if err != nil || result.Verdict != upgrade.VerdictRefused || result.Server.Served || result.Server.Version != "11.9" {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestCheckOfAReadOnlyDatabaseSaysSo(t *testing.T) {
	t.Parallel()
	db := engine(t)
	exec(t, db, fmt.Sprintf(`ALTER DATABASE %q SET default_transaction_read_only = on`, db.Name))
	result := checked(t, db.URL, "")
	if result.Verdict != upgrade.VerdictRefused || !strings.Contains(strings.Join(reasonsOf(result, upgrade.Refusal), " "), "read-only") {
		t.Errorf("%s: %+v", result.Verdict, result.Findings)
	}
}

func TestCheckOfADatabaseWithoutItsVersionTableSaysThatAlone(t *testing.T) {
	db := engine(t)
	upgrader, _ := newUpgrader(t, db.URL)
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Contract}); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `DROP TABLE schema_migrations`)
	result := checked(t, db.URL, "")
	if reasons := reasonsOf(result, upgrade.Refusal); len(reasons) != 1 || !strings.Contains(reasons[0], "the database itself is at version 9") {
		t.Errorf("refusals %q", reasons)
	}
	if decisions := reasonsOf(result, upgrade.Decision); len(decisions) > 0 {
		t.Errorf("decisions about what is coco's own: %q", decisions)
	}
}
