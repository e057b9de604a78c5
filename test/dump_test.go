package test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
)

// counts are how much an engine's database has of everything in public.
type counts struct{ tables, views, functions string }

// engines are the versions that are known, by what schema_version calls current.
var engines = map[string]struct {
	name string
	counts
}{
	"03031040": {"3.3.5", counts{"86", "103", "771"}},
	"03040810": {"3.4.4", counts{"91", "108", "817"}},
	"03051060": {"3.5.0", counts{"105", "112", "933"}},
}

func TestDumpOfARealEngine(t *testing.T) {
	path := os.Getenv("ENGINE_DUMP")
	if path == "" {
		t.Skip("ENGINE_DUMP names no dump: make test-dump ENGINE_DUMP=engine.sql runs this on one")
	}
	dump, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("dump %s, sha256 %x", filepath.Base(path), sha256.Sum256(dump))
	sample := enginedb.Sample()
	if path := os.Getenv("ENGINE_SAMPLE"); path != "" {
		script, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sample = string(script)
		t.Logf("sample %s, sha256 %x", filepath.Base(path), sha256.Sum256(script))
	}
	db := newScratch(t)
	db.restore(t, string(dump))
	db.checkCounts(t)
	db.wholeJob(t, sample)
}

func TestDumpOfTheFixtureGoesTheWholeWay(t *testing.T) {
	t.Parallel()
	db := newScratch(t)
	db.restore(t, fixtureDump(t, ""))
	db.wholeJob(t, enginedb.Sample())
}

func TestDumpOfALaterEngineIsRefused(t *testing.T) {
	t.Parallel()
	db := newScratch(t)
	db.restore(t, fixtureDump(t, `CREATE TABLE command_entities (command_id uuid PRIMARY KEY)`))
	db.wholeJob(t, enginedb.Sample())
}

// fixtureDump is what pg_dump says about our own fixture, owned by the engine's role and marked by people, with a script run on it.
func fixtureDump(t *testing.T, script string) string {
	t.Helper()
	db := newScratch(t)
	testdb.NeedPgDump(t, db.server)
	db.psql(t, engineRole, enginedb.FixtureSQL())
	db.psql(t, ephemeral.Superuser, enginedb.DecorateSQL())
	db.psql(t, engineRole, script)
	return db.dump(t)
}

// checkCounts compares a real engine's database with what is known of its version.
func (s *scratch) checkCounts(t *testing.T) {
	t.Helper()
	conn := s.connect(t, engineRole)
	version := query(t, conn, `SELECT version FROM schema_version WHERE current`)
	found := query(t, conn, `SELECT unnest(ARRAY[
		count(*) FILTER (WHERE relkind = 'r')::text, count(*) FILTER (WHERE relkind = 'v')::text,
		(SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)::text])
		FROM pg_class WHERE relnamespace = 'public'::regnamespace`)
	got := counts{found[0], found[1], found[2]}
	t.Logf("schema version %s: %s tables, %s views, %s functions", version, got.tables, got.views, got.functions)
	for _, current := range version {
		known, ok := engines[current]
		if ok && known.counts != got {
			t.Errorf("engine %s has %+v", known.name, known.counts)
		}
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// wholeJob takes an engine's database up, stage by stage, through the DAO, and down again, as the role that owns it. A later
// engine's database must be refused.
func (s *scratch) wholeJob(t *testing.T, sample string) {
	t.Helper()
	conn := s.connect(t, ephemeral.Superuser)
	if query(t, conn, `SELECT to_regclass('public.command_entities')::text`)[0] != "NULL" {
		s.isRefused(t)
		return
	}
	s.load(t, sample)
	dump, others, procedures := s.dump(t), untouched(t, conn), sameProcedures(t, conn)
	arguments := everyArgument(t, conn)
	columns, answers, through := resultColumns(t, conn), readAnswers(t, conn, arguments), readThroughDAO(t, conn)
	effects := oldWriteEffects(t, conn)
	t.Logf("%s tasks; %d answers of the old procedures and %d effects of those that write, "+
		"%d descriptions of what must stay untouched are compared at every stage",
		query(t, conn, `SELECT count(*)::text FROM async_tasks`)[0], len(answers), len(effects), len(others))
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	for _, phase := range []string{"expand", "backfill", "prove", "switch", "contract", "retire"} {
		upgradeTool(t, s.url(), exitDone, "up", "--to", phase)
		if phase != "expand" && phase != "backfill" {
			upgradeTool(t, s.url(), exitDone, "verify")
		}
		conn := s.connect(t, ephemeral.Superuser)
		same(t, "everything else after "+phase, others, untouched(t, conn))
		same(t, "result columns after "+phase, columns, resultColumns(t, conn))
		same(t, "answers after "+phase, answers, readAnswers(t, conn, arguments))
		if phase != "retire" {
			same(t, "effects of the old writers after "+phase, effects, oldWriteEffects(t, conn))
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	conn = s.connect(t, engineRole)
	callsEveryQuery(t, conn, through)
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	upgradeTool(t, s.url(), exitDone, "verify")

	upgradeTool(t, s.url(), exitDone, "down", "--yes")
	conn = s.connect(t, ephemeral.Superuser)
	same(t, "everything else after down", others, untouched(t, conn))
	same(t, "the procedures after down", procedures, sameProcedures(t, conn))
	identical(t, dump, s.dump(t))
	t.Logf("up, verify and down: the dump of %d bytes is the same", len(dump))
}

// oldWriteEffects is writeEffects, also where an engine before 3.4 lacks a procedure that does not write tasks.
func oldWriteEffects(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	if query(t, conn, `SELECT to_regproc('deleterunningjobsoftasklesscommands')::text`)[0] == "NULL" {
		exec(t, conn, `CREATE SCHEMA absent; SET search_path = public, absent;
			CREATE FUNCTION absent.deleterunningjobsoftasklesscommands() RETURNS void LANGUAGE sql AS ''`)
		defer exec(t, conn, `DROP SCHEMA absent CASCADE; RESET search_path`)
	}
	return writeEffects(t, conn)
}

// isRefused checks that the program says clearly why it does nothing, and does nothing.
func (s *scratch) isRefused(t *testing.T) {
	t.Helper()
	dump := s.dump(t)
	refusal := upgradeTool(t, s.url(), exitFailure, "up").stderr.String()
	for _, part := range []string{"command_entities", "3.5 or later"} {
		if !strings.Contains(refusal, part) {
			t.Errorf("the refusal does not mention %q:\n%s", part, refusal)
		}
	}
	identical(t, dump, s.dump(t))
	t.Log("refused: " + strings.TrimSpace(refusal))
}
