package enginejson_test

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/coordinator/enginejson"
	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
)

//go:embed testdata/removesnapshot.json
var removeSnapshot string

func TestMain(m *testing.M) { testdb.Main(m) }

// samples returns the texts of parameters in the samples of tasks: those of the repository, and the engine's where ENGINE_SAMPLE
// names it.
func samples(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{"made by hand": {strings.TrimSpace(removeSnapshot)}, "our sample": texts(t, enginedb.Sample())}
	if path := os.Getenv("ENGINE_SAMPLE"); path != "" {
		script, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all["the engine's sample"] = texts(t, string(script))
	}
	return all
}

// texts are all parameters that a script loads, as the server gives them back.
func texts(t *testing.T, script string) []string {
	t.Helper()
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	for _, script := range []string{enginedb.FixtureSQL(), script} {
		if _, err := conn.PgConn().Exec(t.Context(), script).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := conn.Query(t.Context(), `
		SELECT DISTINCT p.text FROM async_tasks t, LATERAL (VALUES (t.action_parameters), (t.task_parameters)) AS p(text)
		WHERE p.text IS NOT NULL ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 42 {
		t.Fatalf("%d texts, want 42", len(all))
	}
	return all
}

// isJackson tells whether the engine's serializer lays a text out like that. The samples also hold texts that somebody else wrote.
func isJackson(text string) bool {
	return strings.HasPrefix(text, "{\n  ") && strings.HasSuffix(text, "\n}")
}

// compact is a text without the blanks between its values, every literal as it was: what two equivalent texts have in common.
func compact(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// base knows what all parameters of the engine have, and few of them more.
type base struct {
	CommandID     uuid.UUID  `engine:"commandId"`
	CurrentUser   *user      `engine:"parametersCurrentUser"`
	CommandType   string     `engine:"commandType"`
	EntityInfo    entity     `engine:"entityInfo"`
	VDSMTaskIDs   taskIDs    `engine:"vdsmTaskIds"`
	Index         int        `engine:"executionIndex"`
	CorrelationID *string    `engine:"correlationId"`
	JobID         *uuid.UUID `engine:"jobId"`
	Compensation  bool       `engine:"compensationEnabled"`
}

type taskIDs []uuid.UUID

type few struct {
	enginejson.Fields
	base

	VM    uuid.UUID        `engine:"vmId"`
	VMNow enginejson.Value `engine:"vm"`
	Disks []disk           `engine:"disks"`
	Image *disk            `engine:"diskImage"`
	Gone  string           `engine:"isNowhereInTheSample"`
}

type user struct {
	enginejson.Fields `engine:"org.ovirt.engine.core.common.businessentities.DbUser"`

	ID    uuid.UUID `engine:"id"`
	Login string    `engine:"loginName"`
	Admin bool      `engine:"admin"`
}

type entity struct {
	enginejson.Fields

	Type string     `engine:"type"`
	ID   *uuid.UUID `engine:"id"`
}

type disk struct {
	enginejson.Fields `engine:"org.ovirt.engine.core.common.businessentities.DiskImage"`

	ID         uuid.UUID   `engine:"imageId"`
	Size       int64       `engine:"size"`
	ActualSize float64     `engine:"actualSize"`
	Storage    []uuid.UUID `engine:"storageIds,plain"`
	Snapshots  []disk      `engine:"snapshots,plain"`
}

func TestSamplesAreWrittenAsTheyWereRead(t *testing.T) {
	for name, texts := range samples(t) {
		t.Run(name, func(t *testing.T) {
			read, laidOut := 0, 0
			for _, text := range texts {
				if !json.Valid([]byte(text)) {
					if _, err := enginejson.Parse(text); err == nil {
						t.Errorf("read what is not JSON: %.40q", text)
					}
					continue
				}
				read++
				for form, again := range map[string]func(*testing.T, string) string{
					"as a value":           roundTrip[enginejson.Value],
					"as a few members":     roundTrip[few],
					"as a pointer to some": roundTrip[*few],
				} {
					written := again(t, text)
					if compact(t, written) != compact(t, text) {
						t.Errorf("%s: another text: %.200q from %.200q", form, written, text)
					}
					if isJackson(text) && written == text {
						laidOut++
					}
				}
			}
			t.Logf("%d of %d texts are JSON; %d times it was the same to the byte", read, len(texts), laidOut)
			if laidOut < 3*(read-2) {
				t.Errorf("only %d of %d are laid out as the engine does it", laidOut, 3*read)
			}
		})
	}
}

func roundTrip[T any](t *testing.T, text string) string {
	t.Helper()
	codec := enginejson.For[T]()
	parameters, err := codec.Decode(text)
	if err != nil {
		t.Fatalf("%v in %.200q", err, text)
	}
	written, err := codec.Encode(parameters)
	if err != nil {
		t.Fatalf("%v in %.200q", err, text)
	}
	return written
}

func TestInTheSamplesOneMemberChangesAndNothingElse(t *testing.T) {
	codec := enginejson.For[few]()
	for name, texts := range samples(t) {
		t.Run(name, func(t *testing.T) {
			changed := 0
			for _, text := range texts {
				parameters, err := codec.Decode(text)
				if err != nil || strings.Count(text, `"executionIndex" : 0`) != 1 {
					continue
				}
				parameters.Index = 7
				written, err := codec.Encode(parameters)
				if err != nil {
					t.Fatal(err)
				}
				if want := strings.Replace(text, `"executionIndex" : 0`, `"executionIndex" : 7`, 1); compact(t, written) != compact(t, want) {
					t.Errorf("more has changed: %.300q", written)
				}
				changed++
			}
			if changed == 0 {
				t.Error("no text has that member")
			}
		})
	}
}

func TestTheClassesInTheSamplesAreTold(t *testing.T) {
	for name, texts := range samples(t) {
		classes := map[string]int{}
		for _, text := range texts {
			if value, err := enginejson.Parse(text); err == nil {
				classes[value.Class()]++
			}
		}
		if classes["org.ovirt.engine.core.common.action.RemoveSnapshotParameters"] == 0 || classes[""] > 0 {
			t.Errorf("%s: %v", name, slices.Sorted(maps.Keys(classes)))
		}
	}
}
