package render_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade/connect"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/approval"
	"github.com/ovirt/coco/upgrade/review/render"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// reviewed is the review of a database as an engine leaves it after years, with more SQL run in it first: of a real server, with the plan
// run on a real copy.
func reviewed(t *testing.T, more string) review.Report {
	t.Helper()
	db := testdb.New(t, testdb.Options{Template: testdb.Template{
		Name: "shown", Hash: testdb.Hash(enginedb.FixtureSQL(), enginedb.DecorateSQL(), enginedb.Sample(), more),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			if err := errors.Join(enginedb.Load(ctx, conn), enginedb.Decorate(ctx, conn), enginedb.LoadSample(ctx, conn)); err != nil {
				return err
			}
			_, err = conn.Exec(ctx, more)
			return err
		},
	}})
	db.NeedPgDump(t) // the schema is copied with it
	config, err := connect.Config(connect.Options{Database: db.URL})
	if err != nil {
		t.Fatal(err)
	}
	report, err := review.Run(t.Context(), review.Options{Config: config, ToolVersion: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// broken is what somebody has left in the database who reads a column that goes, and whom nobody asked.
const broken = `CREATE FUNCTION longest_parameters() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT max(length(action_parameters)) FROM async_tasks);
END; $$`

func TestTheReviewOfTheEngineIsShownLikeThis(t *testing.T) {
	untouched := normalised(t, reviewed(t, ""))
	golden(t, filepath.Join("testdata", "engine.txt"), written(t, render.Text, untouched, render.Options{Width: 120}))
	golden(t, filepath.Join("testdata", "engine.md"), written(t, render.Markdown, untouched, render.Options{}))
	golden(t, filepath.Join("testdata", "engine.html"), written(t, render.HTML, untouched, render.Options{}))
	document := written(t, render.JSON, untouched, render.Options{})
	golden(t, filepath.Join("testdata", "engine.json"), document)
	for _, problem := range againstSchema(t, document) {
		t.Error(problem)
	}
	golden(t, filepath.Join("testdata", "engine-broken.txt"), written(t, render.Text, normalised(t, reviewed(t, broken)), render.Options{Width: 120}))
}

// normalised is a report without what another run, another machine or another server makes different: when it was and how long it took,
// versions, sizes, the hashes and the name of the database. What is replaced has to be there. Only what plpgsql_check says is left out: not
// every server has it.
func normalised(t *testing.T, r review.Report) review.Report {
	t.Helper()
	const some = 1234 * time.Millisecond
	place := func(what string, there bool) {
		if !there {
			t.Errorf("the report has no %s", what)
		}
	}
	place("time", time.Since(r.Taken) < time.Hour && r.Took > 0)
	r.Taken, r.Took = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), some
	place("server", r.Database.Server != "")
	r.Database.Server = "15.4"
	if len(r.Plan.Steps) > 0 {
		place("server of the copy", r.Plan.Scratch != "")
		r.Plan.Scratch = "15.4"
	}
	place("hash", hexadecimal.MatchString(r.Plan.Hash))
	r.Plan.Hash = "0123456789ab"
	if r.Approval != "" {
		_, err := approval.Parse(r.Approval)
		place("hash to approve", err == nil)
		r.Approval = "0123-4567-89ab-cdef-0123-4567-89ab-cdef-0123-4567-89ab-cdef"
	}
	name := r.Database.Name
	place("database", name != "" && r.Database.Address != "")
	r.Database.Address = "localhost:5432"
	for i := range r.Plan.Steps {
		step := &r.Plan.Steps[i]
		place("time of step "+step.Name, step.Time > 0)
		step.Time, step.Estimate = some, some
		for j := range step.Locks {
			step.Locks[j].Held = some
		}
	}
	place("size", r.Data.Bytes > 0 && r.Data.WAL > 0 && r.Data.Space > 0 && r.Data.Estimate > 0)
	r.Data.Bytes, r.Data.WAL, r.Data.Space, r.Data.Estimate = 12345, 23456, 34567, some
	for i := range r.Data.Tables {
		r.Data.Tables[i].Bytes = 12345
	}
	for i := range r.Checks {
		r.Checks[i].Detail = slices.DeleteFunc(r.Checks[i].Detail, func(line string) bool { return strings.HasPrefix(line, "second opinion") })
	}
	place("plan", len(r.Plans) > 0 || len(r.Plan.Steps) == 0)
	for i := range r.Plans {
		for _, text := range []*string{&r.Plans[i].Before, &r.Plans[i].After} {
			if *text != "" {
				*text = "Scan on some" // each version of the server plans in its own way
			}
		}
	}
	replaceTexts(reflect.ValueOf(&r).Elem(), func(text string) string {
		return strings.ReplaceAll(duration.ReplaceAllString(text, "1.2s"), name, "engine")
	})
	return r
}

var (
	hexadecimal = regexp.MustCompile(`^[0-9a-f]{12}$`)
	duration    = regexp.MustCompile(`\b[0-9.]+(µs|ms|s)\b`)
)
