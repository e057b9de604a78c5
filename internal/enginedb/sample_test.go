package enginedb_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ovirt/coco/internal/enginedb"
)

func TestSampleLoads(t *testing.T) {
	t.Parallel()
	conn := engine(t)
	if err := enginedb.LoadSample(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	// Counts that other tests rely on: the sample must not lose a state.
	for _, c := range []struct {
		what  string
		query string
		want  int
	}{
		{"tasks", `SELECT count(*) FROM async_tasks`, 46},
		{"links", `SELECT count(*) FROM async_tasks_entities`, 24},
		{"pools", `SELECT count(*) FROM storage_pool`, 1},
		{"placeholders", `SELECT count(*) FROM async_tasks WHERE vdsm_task_id = '00000000-0000-0000-0000-000000000000'`, 2},
		{"zero commands", `SELECT count(*) FROM async_tasks WHERE command_id = '00000000-0000-0000-0000-000000000000'`, 2},
		{"zero roots", `SELECT count(*) FROM async_tasks WHERE root_command_id = '00000000-0000-0000-0000-000000000000'`, 2},
		{"NULL roots", `SELECT count(*) FROM async_tasks WHERE root_command_id IS NULL`, 4},
		{"self roots", `SELECT count(*) FROM async_tasks WHERE root_command_id = command_id AND vdsm_task_id IS NOT NULL`, 15},
		{"texts over a megabyte", `SELECT count(*) FROM async_tasks WHERE octet_length(action_parameters) > 1048576`, 1},
		{"empty texts", `SELECT count(*) FROM async_tasks WHERE action_parameters = ''`, 1},
		{"shared vdsm ids", `SELECT count(*) FROM async_tasks WHERE vdsm_task_id IN
			(SELECT vdsm_task_id FROM async_tasks GROUP BY 1 HAVING count(*) > 1)`, 4},
		{"texts with NUL escapes", `SELECT count(*) FROM async_tasks WHERE strpos(action_parameters, '\u0000') > 0`, 3},
	} {
		if got := number(t, conn, c.query); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
	invalid := lines(t, conn, `SELECT left(action_parameters, 8) FROM async_tasks WHERE action_parameters NOT LIKE '{%"%}%'
		ORDER BY length(action_parameters)`)
	if want := []string{"", "{what th"}; !slices.Equal(invalid, want) {
		t.Errorf("texts that are not JSON begin with %q, want %q", invalid, want)
	}
}

func TestSampleHoldsEveryLabelledCase(t *testing.T) {
	labels := enginedb.SampleLabels()
	if len(labels) != 46 {
		t.Errorf("%d labels, want one for each of 46 tasks", len(labels))
	}
	cases := map[string]bool{}
	for _, l := range labels {
		name, _, _ := strings.Cut(l, ".")
		cases[name] = true
	}
	for prefix, count := range map[string]int{"S": 14, "X": 15} {
		for i := range count {
			if name := prefix + strconv.Itoa(i+1); !cases[name] {
				t.Errorf("no task of case %s", name)
			}
		}
	}
}

func TestSampleFileStaysSmall(t *testing.T) {
	if n := len(enginedb.Sample()); n > 300_000 {
		t.Errorf("the sample has %d bytes, want less than 300000", n)
	}
}

func TestSampleHasCharactersOfAllPlanes(t *testing.T) {
	for _, plane := range []struct{ first, last rune }{
		{0x10000, 0x1ffff}, {0x20000, 0x2ffff}, {0x30000, 0x3ffff}, {0xe0000, 0xeffff}, {0xf0000, 0xfffff}, {0x100000, 0x10ffff},
	} {
		in := func(r rune) bool { return r >= plane.first && r <= plane.last }
		if !strings.ContainsFunc(enginedb.Sample(), in) {
			t.Errorf("no character from %U to %U", plane.first, plane.last)
		}
	}
}

// ENGINE_SAMPLE may name a sample written with an engine's own serializer, which is not part of this repository.
func TestEnginesOwnSampleLoads(t *testing.T) {
	path := os.Getenv("ENGINE_SAMPLE")
	if path == "" {
		t.Skip("ENGINE_SAMPLE names no file")
	}
	t.Parallel()
	script, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	conn := engine(t)
	if _, err := conn.PgConn().Exec(t.Context(), string(script)).ReadAll(); err != nil {
		t.Fatal(err)
	}
	tasks := number(t, conn, `SELECT count(*) FROM async_tasks`)
	links := number(t, conn, `SELECT count(*) FROM async_tasks_entities`)
	if tasks != 46 || links != 24 {
		t.Errorf("%d tasks and %d links, want 46 and 24", tasks, links)
	}
	own := caseCounts(enginedb.Sample())
	for name, n := range caseCounts(string(script)) {
		if own[name] != n {
			t.Errorf("case %s has %d tasks here, %d there", name, own[name], n)
		}
	}
}

// caseCounts counts the distinct labels of each case.
func caseCounts(script string) map[string]int {
	counts := map[string]int{}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^-- ([SX]\d+)\..*$`).FindAllStringSubmatch(script, -1) {
		if !seen[m[0]] {
			seen[m[0]] = true
			counts[m[1]]++
		}
	}
	return counts
}
