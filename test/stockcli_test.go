package test

import (
	"context"
	"errors"
	"fmt"
	osexec "os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
)

// ownRecords are what the library keeps of its own runs and the stock program does not: who did what when, and whom a run waited
// for. The copy's progress names the files of its database; receipts hold times and object ids; what else is in them is compared by itself.
var ownRecords = []string{
	"--exclude-table-data=coco.journal", "--exclude-table-data=coco.journal_id_seq",
	"--exclude-table-data=coco.drain", "--exclude-table-data=coco.receipt", "--exclude-table-data=coco.home",
	"--exclude-table-data=coco.progress",
}

func TestTheStockProgramReachesTheSameDatabaseAfterEveryVersion(t *testing.T) {
	t.Parallel()
	program := stockProgram(t)
	for name, sample := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stock, ours := engine(t, sample, enginedb.DecorateSQL()), engine(t, sample, enginedb.DecorateSQL())
			before := stock.Dump(t)
			identical(t, before, ours.Dump(t))

			for version := 1; version <= versionRetire; version++ {
				stockStep(t, program, "pgx5", stock, "up")
				libraryStep(t, ours, "up", version)
				compareDatabases(t, fmt.Sprintf("at version %d", version), stock, ours)
			}
			for version := versionRetire; version > 1; version-- {
				stockStep(t, program, "pgx5", stock, "down")
				libraryStep(t, ours, "down", version)
				compareDatabases(t, fmt.Sprintf("down from version %d", version), stock, ours)
			}

			// The last step down differs by design: the library takes its version table away, the stock program leaves it empty.
			stockStep(t, program, "pgx5", stock, "down")
			libraryStep(t, ours, "down", 1)
			identical(t, before, ours.Dump(t))
			identical(t, before, stock.Dump(t, "--exclude-table=public.schema_migrations"))
			same(t, "versions that the stock program leaves", nil,
				query(t, stock.Connect(t.Context()), `SELECT version::text FROM schema_migrations`))
		})
	}
}

func TestTheStockProgramAndTheLibraryTakeTurns(t *testing.T) {
	t.Parallel()
	program := stockProgram(t)
	db := engine(t, enginedb.Sample(), enginedb.DecorateSQL())
	before := db.Dump(t)
	steps := []func(direction string, version int){
		func(direction string, _ int) { stockStep(t, program, "postgres", db, direction) },
		func(direction string, version int) { libraryStep(t, db, direction, version) },
	}
	for version := 1; version <= versionRetire; version++ {
		steps[version%2]("up", version)
	}
	for version := versionRetire; version > 1; version-- {
		steps[version%2]("down", version)
	}
	libraryStep(t, db, "down", 1)
	identical(t, before, db.Dump(t))
}

func TestTheStockProgramCannotWalkAroundTheProof(t *testing.T) {
	t.Parallel()
	program := stockProgram(t)
	db := upgraded(t, versionProve)
	conn := db.Connect(t.Context())
	exec(t, conn, keepAll)
	if output, err := stock(t, program, "pgx5", db, "force", strconv.Itoa(versionProve)); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	exec(t, conn, `UPDATE command_entities SET action_parameters = '{}' WHERE command_id = (SELECT command_id FROM picked)`)
	dump := db.Dump(t, "--exclude-table=public.schema_migrations")

	output, err := stock(t, program, "pgx5", db, "up")
	if err == nil || !containsOne(output, query(t, conn, `SELECT task_id::text FROM picked`)) {
		t.Errorf("up: %v, want it to fail and to name the task\n%s", err, output)
	}
	identical(t, dump, db.Dump(t, "--exclude-table=public.schema_migrations"))
	same(t, "the version that the stock program leaves", []string{"6 dirty"},
		query(t, conn, `SELECT version || CASE WHEN dirty THEN ' dirty' ELSE '' END FROM schema_migrations`))
}

// stockProgram builds golang-migrate's own command and returns its path.
func stockProgram(t *testing.T) string {
	t.Helper()
	cmd := osexec.CommandContext(t.Context(), "scripts/tool", "--path", "migrate")
	cmd.Dir = ".."
	path, err := cmd.Output()
	if err != nil {
		t.Fatalf("build the stock program: %v", err)
	}
	return strings.TrimSpace(string(path))
}

func stock(t *testing.T, program, scheme string, db *testdb.DB, arguments ...string) (string, error) {
	t.Helper()
	url := scheme + strings.TrimPrefix(db.URL, "postgres")
	cmd := osexec.CommandContext(t.Context(), program, append([]string{"-path", "sql/schema", "-database", url}, arguments...)...)
	cmd.Dir = ".."
	output, err := cmd.CombinedOutput()
	return string(output), err
}

func stockStep(t *testing.T, program, scheme string, db *testdb.DB, direction string) {
	t.Helper()
	if output, err := stock(t, program, scheme, db, direction, "1"); err != nil {
		t.Fatalf("stock program, %s 1: %v\n%s", direction, err, output)
	}
}

// libraryStep takes one step with the library: it is interrupted as soon as the step to or from the version is committed.
func libraryStep(t *testing.T, db *testdb.DB, direction string, version int) {
	t.Helper()
	config, err := connect.Config(connect.Options{Database: db.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var finished []string
	upgrader, err := upgrade.New(upgrade.Options{
		Config: config,
		Observe: func(event upgrade.Event) {
			if step, ok := event.(upgrade.StepFinished); ok {
				finished = append(finished, string(step.Step.Direction)+" "+strconv.FormatInt(step.Step.Version, 10))
				interrupt()
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if direction == "up" {
		_, err = upgrader.Up(ctx, upgrade.UpOptions{})
	} else {
		_, err = upgrader.Down(ctx, upgrade.DownOptions{})
	}
	if err != nil && !errors.Is(err, upgrade.ErrInterrupted) {
		t.Fatal(err)
	}
	same(t, "steps taken by the library", []string{fmt.Sprintf("%s %d", direction, version)}, finished)
}

// compareDatabases compares everything but ownRecords, the version table included, and the numbers in the receipts.
func compareDatabases(t *testing.T, when string, stock, ours *testdb.DB) {
	t.Helper()
	t.Log(when)
	identical(t, untimed(stock.Dump(t, ownRecords...)), untimed(ours.Dump(t, ownRecords...)))
	same(t, "receipts "+when, receipts(t, stock), receipts(t, ours))
}

// untimed takes the times out of the two rows of schema_version that contract adds.
func untimed(dump string) string { return engineMarkTimes.ReplaceAllString(dump, "$1") }

func receipts(t *testing.T, db *testdb.DB) []string {
	t.Helper()
	conn := db.Connect(t.Context())
	defer func() { _ = conn.Close(t.Context()) }() // retire is refused while somebody is connected
	if query(t, conn, `SELECT (to_regclass('coco.receipt') IS NOT NULL)::text`)[0] == "false" {
		return nil
	}
	return query(t, conn, `SELECT concat_ws(' ', version, tasks, commands, archived, digest, cardinality(guards))
		FROM coco.receipt ORDER BY proved_at`)
}
