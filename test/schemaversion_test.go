package test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
)

// engineScripts are the two scripts of engine 3.5 that have nothing left to do after contract, by their checksums.
var engineScripts = []string{"4f6a301feaebccb5e2a18c83052c48bb", "9056f5e77325bee56f388b63e34267b2"}

// engineSkips asks as the engine's upgrade does: it skips a script when any INSTALLED row has its checksum.
func engineSkips(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	return query(t, conn, `SELECT checksum FROM schema_version WHERE state = 'INSTALLED' AND checksum = ANY ($1) ORDER BY 1`, engineScripts)
}

func TestTheEnginesUpgradeSkipsWhatIsDoneFromContractOnAndKeepsItsOwnVersion(t *testing.T) {
	t.Parallel()
	conn := engine(t, enginedb.Sample()).Connect(t.Context())
	// What is current is the newest row by its id, which the engine marks itself when it has run a script.
	const current = `SELECT concat_ws(' ', id, version, current) FROM schema_version WHERE id = (SELECT max(id) FROM schema_version)
		UNION ALL SELECT concat_ws(' ', id, version, current) FROM schema_version WHERE current`
	own, before := query(t, conn, current), query(t, conn, `SELECT v::text FROM schema_version v ORDER BY id`)
	for range 2 { // also after a second time
		for version := 1; version <= versionRetire; version++ {
			up(t, conn, version-1, version)
			want := engineScripts
			if version < versionContract {
				want = nil
			}
			same(t, "scripts that are skipped", want, engineSkips(t, conn))
			same(t, "the engine's own version", own, query(t, conn, current))
		}
		engineSetup(t, conn, "3.4.5")
		same(t, "scripts that are skipped after engine-setup", engineScripts, engineSkips(t, conn))
		query(t, conn, `SELECT signature FROM coco.reinstall()`)
		same(t, "scripts that are skipped after mending", engineScripts, engineSkips(t, conn))
		// The engine's upgrade goes on counting where it was.
		exec(t, conn, `INSERT INTO schema_version (version, script, checksum, installed_by, started_at, ended_at, state, current)
			VALUES ('03040820', 'upgrade/later.sql', 'x', 'engine', now(), clock_timestamp(), 'INSTALLED', false)`)
		same(t, "the engine's newest row", []string{"03040820"},
			query(t, conn, `SELECT version FROM schema_version WHERE id = (SELECT max(id) FROM schema_version)`))
		exec(t, conn, `DELETE FROM schema_version WHERE version = '03040820'`)

		down(t, conn, versionRetire, versionContract)
		same(t, "scripts that are skipped at contract", engineScripts, engineSkips(t, conn))
		down(t, conn, versionContract, 0)
		same(t, "schema_version after down", before, query(t, conn, `SELECT v::text FROM schema_version v ORDER BY id`))
	}
}

func TestMarksOfSomebodyElseAreLeftAlone(t *testing.T) {
	t.Parallel()
	conn := engine(t, enginedb.Sample()).Connect(t.Context())
	exec(t, conn, `INSERT INTO schema_version (id, version, script, checksum, installed_by, started_at, ended_at, state, current)
		VALUES (-3050610, '03050610', 'by hand', '9056f5e77325bee56f388b63e34267b2', 'somebody', now(), clock_timestamp(), 'INSTALLED', false)`)
	before := query(t, conn, `SELECT v::text FROM schema_version v ORDER BY id`)
	up(t, conn, 0, versionContract)
	same(t, "scripts that are skipped", engineScripts, engineSkips(t, conn))
	down(t, conn, versionContract, 0)
	same(t, "schema_version after down", before, query(t, conn, `SELECT v::text FROM schema_version v ORDER BY id`))
}

func TestADatabaseWithoutSchemaVersionNeedsNoMarks(t *testing.T) {
	t.Parallel()
	conn := engine(t, `DROP TABLE schema_version CASCADE`).Connect(t.Context())
	up(t, conn, 0, versionRetire)
	holds(t, conn)
	down(t, conn, versionRetire, 0)
}

func TestASchemaVersionThatIsNotTheEnginesIsNamedBeforeAnythingIsDropped(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ script, says string }{
		"a column is missing": {`ALTER TABLE schema_version DROP COLUMN checksum`, "schema_version has no column checksum"},
		"it is a view":        {`DROP TABLE schema_version; CREATE VIEW schema_version AS SELECT 1 AS id`, "schema_version is no table"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := engine(t, test.script)
			upgradeTool(t, db.URL, exitDone, "up", "--to", "switch")
			dump := db.Dump(t)
			failed := upgradeTool(t, db.URL, exitFailure, "up", "--to", "contract")
			failed.says(t, test.says, "hint: ")
			identical(t, dump, db.Dump(t))
			upgradeTool(t, db.URL, exitDone, "down", "--yes")
		})
	}
	t.Run("no right to write", func(t *testing.T) {
		t.Parallel()
		s := newScratch(t)
		s.psql(t, engineRole, enginedb.FixtureSQL())
		s.psql(t, "postgres", `ALTER TABLE schema_version OWNER TO postgres; GRANT SELECT ON schema_version TO engine`)
		failed := upgradeTool(t, s.url(), exitFailure, "up", "--to", "contract")
		failed.says(t, "role engine lacks DELETE on table public.schema_version", "hint: GRANT DELETE ON public.schema_version TO engine")
		if strings.Contains(failed.output(), "applied ") {
			t.Errorf("a step was applied:\n%s", failed.output())
		}
	})
}
