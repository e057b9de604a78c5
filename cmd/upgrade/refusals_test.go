package main

import (
	"testing"

	"github.com/ovirt/coco/internal/testdb"
)

// refusal is a database that a command refuses, and what it says about it.
type refusal struct {
	since   int    // the server's version that the case begins with
	empty   bool   // not an engine's database
	to      string // the phase that was reached before; empty for none
	setup   string // what was done then
	moves   bool   // steps before the one that is refused are taken
	command []string
	code    int
	reason  string
	hint    string
}

func TestDatabasesThatCannotBeUpgradedAreRefusedInOneLineAndStayAsTheyAre(t *testing.T) {
	up, back := []string{"up"}, []string{"down", "--yes"}
	const dropFirst = "Drop it before the upgrade and create it again afterwards."
	for name, r := range map[string]refusal{
		"another program's table": {empty: true, setup: `CREATE TABLE async_tasks (id integer)`, command: up, code: exitFailure,
			reason: "async_tasks.task_id uuid", hint: "Upgrade the engine to 3.3 or 3.4 first."},
		"another program's database": {empty: true, setup: `CREATE TABLE customers (id integer)`, command: up, code: exitFailure,
			reason: "engine", hint: "Name the database of an oVirt engine 3.3 or 3.4, or an empty one."},
		"a view of a moved column": {setup: `CREATE VIEW night_report AS SELECT task_id, action_parameters FROM async_tasks`,
			command: up, code: exitFailure, reason: "night_report", hint: dropFirst},
		"a view of a moved column, after the backfill": {to: "backfill", setup: `CREATE VIEW night_report AS SELECT task_parameters FROM async_tasks`,
			command: up, code: exitFailure, reason: "night_report", hint: "Drop it"},
		"a view of a moved column, after the proof": {to: "prove", setup: `CREATE VIEW night_report AS SELECT root_command_id FROM async_tasks`,
			command: up, code: exitFailure, reason: "night_report", hint: "Drop it"},
		"a foreign procedure of a moved column": {since: 140000,
			setup:   `CREATE FUNCTION night_report() RETURNS SETOF text BEGIN ATOMIC SELECT action_parameters FROM async_tasks; END`,
			command: up, code: exitFailure, reason: "function night_report() depends on column action_parameters", hint: dropFirst},
		"a foreign procedure of a moved column, after the backfill": {since: 140000, to: "backfill",
			setup:   `CREATE FUNCTION night_report() RETURNS SETOF text BEGIN ATOMIC SELECT action_parameters FROM async_tasks; END`,
			command: up, code: exitFailure, reason: "function night_report() depends on column action_parameters", hint: "Drop it"},
		"an index on a moved column": {setup: `CREATE INDEX night_index ON async_tasks (root_command_id)`,
			command: up, code: exitFailure, reason: "night_index", hint: dropFirst},
		"an overload of a procedure": {to: "prove", setup: `CREATE FUNCTION updateasync_tasks(v_task_id uuid) RETURNS void LANGUAGE sql AS ''`,
			command: up, code: exitFailure, reason: "updateasync_tasks has overloads", hint: "Drop the overload that is not the engine's"},
		"a table of ours": {setup: `CREATE TABLE command_entities (command_id uuid PRIMARY KEY)`, command: up, code: exitFailure,
			reason: "a table command_entities of its own", hint: "from 3.5 on there is nothing to do"},
		"a schema of ours": {setup: `CREATE SCHEMA coco`, command: up, code: exitFailure,
			reason: "schema coco is already there", hint: "drop schema coco if nothing of it is needed"},
		"a function of ours, made after the proof": {to: "prove",
			setup:   `CREATE FUNCTION GetAllFromCommandEntities() RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
			command: up, code: exitFailure, reason: "function getallfromcommandentities() is already there", hint: "Drop or rename it if nothing needs it"},
		"a view of our table, going down": {to: "contract", moves: true, setup: `CREATE VIEW night_report AS SELECT command_id FROM command_entities`,
			command: back, code: exitFailure, reason: "view night_report depends on table command_entities", hint: "Drop what depends on it"},
		"a dirty mark that nothing proves": {setup: `CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
			INSERT INTO schema_migrations VALUES (7, true)`, command: up, code: exitFailure,
			reason: "version 7 is marked dirty", hint: "migrate force"},
		"a newer schema": {to: "prove", setup: `UPDATE coco.state SET version = 11; UPDATE schema_migrations SET version = 11`, command: up, code: exitFailure,
			reason: "the database is at version 11, this program knows versions up to 10", hint: "Use the newer program."},
		"a newer schema, going down": {to: "prove", setup: `UPDATE coco.state SET version = 11; UPDATE schema_migrations SET version = 11`, command: back, code: exitFailure,
			reason: "the database is at version 11, this program knows versions up to 10", hint: "Use the newer program."},
		"a migration edited after it was applied": {to: "backfill", setup: `UPDATE coco.journal SET sha256 = repeat('0', 64) WHERE version = 3`,
			command: up, code: exitFailure, reason: "have been edited since: 000003_backfill", hint: "the journal in coco.journal names its version"},
		"a migration edited after it was applied, going down": {to: "backfill", setup: `UPDATE coco.journal SET sha256 = repeat('0', 64) WHERE version = 3`,
			command: back, code: exitFailure, reason: "have been edited since: 000003_backfill", hint: "the journal in coco.journal names its version"},
	} {
		t.Run(name, func(t *testing.T) {
			if testdb.Server(t).Version() < r.since {
				t.Skipf("servers before %d know no such thing", r.since)
			}
			db := r.database(t)
			if r.moves {
				want(t, r.code, r.command...)
			}
			before := db.Dump(t)
			for _, more := range [][]string{nil, {"--json", "--verbose"}} {
				got := want(t, r.code, append(r.command, more...)...)
				got.isOneError(t, r.reason, r.hint)
			}
			if db.Dump(t) != before {
				t.Error("the database was changed")
			}
		})
	}
}

func (r refusal) database(t *testing.T) *testdb.DB {
	t.Helper()
	if !r.empty {
		db := engine(t)
		if r.to != "" {
			want(t, exitDone, "up", "--to", r.to)
		}
		execute(t, db, r.setup)
		return db
	}
	db := testdb.New(t, testdb.Options{})
	clearEnvironment(t)
	t.Setenv("DATABASE_URL", db.URL)
	t.Chdir(t.TempDir())
	execute(t, db, r.setup)
	return db
}

func TestAnEmptyDatabaseIsAFreshInstallation(t *testing.T) {
	for _, more := range [][]string{nil, {"--json"}} {
		refusal{empty: true}.database(t)
		for _, line := range []struct {
			code int
			args []string
		}{
			{exitPending, []string{"status"}}, {exitPending, []string{"verify"}}, {exitDone, []string{"up"}}, {exitDone, []string{"up"}},
			{exitDone, []string{"status"}}, {exitDone, []string{"verify"}}, {exitDone, []string{"down", "--yes"}},
			{exitDone, []string{"down", "--yes"}}, {exitPending, []string{"status"}},
		} {
			want(t, line.code, append(line.args, more...)...)
		}
	}
}
