package rule_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/routine"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// bodies are those of our own procedures.
func bodies(t *testing.T) []string {
	t.Helper()
	const quote = "$procedure$"
	var all []string
	for _, pattern := range []string{"*.sql", "*/*.sql"} {
		paths, err := filepath.Glob(filepath.Join(repository, "sql/procedures", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i, part := range strings.Split(string(text), quote) {
				if i%2 == 1 {
					all = append(all, part)
				}
			}
		}
	}
	if len(all) < 50 {
		t.Fatalf("only %d procedures", len(all))
	}
	return all
}

// TestMutatedTextsAreReadAndJudgedInTime goes where a server refuses the text: bytes that are no characters, and texts without measure.
func TestMutatedTextsAreReadAndJudgedInTime(t *testing.T) {
	const limit = 10 * time.Second // seconds of a busy machine, for milliseconds of work
	cases := 300
	if n, err := strconv.Atoi(os.Getenv("COCO_MUTATE_CASES")); err == nil {
		cases = n
	}
	random := rand.New(rand.NewPCG(7, 11))
	seeds := bodies(t)
	read, longest := 0, time.Duration(0)
	for range cases {
		r := catalog.Routine{Language: []string{"plpgsql", "sql"}[random.IntN(2)], Sort: "function", Result: "integer", Volatility: "volatile", Trigger: random.IntN(2) == 0}
		r.Parameters, r.Arguments = "v_a text, v_b uuid", "text, uuid"
		r.Body = torn(seeds[random.IntN(len(seeds))], random)
		started := time.Now()
		body, err := routine.Parse(r)
		rule.Routine(r, body, database())
		took := time.Since(started)
		longest = max(longest, took)
		if err == nil {
			read++
		}
		if took > limit || err != nil && strings.Contains(err.Error(), "fails") {
			t.Errorf("%s, %v over %d bytes, which begin\n%.2000q", took, err, len(r.Body), r.Body)
		}
	}
	t.Logf("%d texts mutated: %d read, %d refused, the longest took %s", cases, read, cases-read, longest.Round(time.Millisecond))
	if read == 0 || read == cases {
		t.Errorf("%d of %d are read", read, cases)
	}
}

// torn is a text with bytes in it that nobody has written, or with a part that is too many times there.
func torn(text string, random *rand.Rand) string {
	at := random.IntN(len(text))
	end := at + random.IntN(min(40, len(text)-at))
	switch random.IntN(8) {
	case 0:
		return text[:at] + string([]byte{byte(random.IntN(256)), byte(random.IntN(256))}) + text[at:]
	case 1:
		return text[:at] + text[end:]
	case 2:
		return text[:at] + strings.Repeat(text[at:end], random.IntN(3000)) + text[end:]
	case 3: // deep, and perhaps closed
		signs := [][2]string{{"(", ")"}, {"[", "]"}, {"BEGIN ", " END;"}, {"CASE WHEN ", " END"}, {"NOT ", ""}, {"/*", "*/"}, {"LOOP ", " END LOOP;"}, {"(SELECT ", ")"}}
		sign, depth := signs[random.IntN(len(signs))], random.IntN(5000)
		return text[:at] + strings.Repeat(sign[0], depth) + text[at:end] + strings.Repeat(sign[1], depth*random.IntN(2)) + text[end:]
	case 4:
		noise := make([]byte, random.IntN(500))
		for i := range noise {
			noise[i] = byte(random.IntN(256))
		}
		return text[:at] + string(noise) + text[end:]
	case 5:
		return strings.Repeat(text, 1+random.IntN(20))
	case 6:
		return text[:at] + strings.Repeat(" || v_a", random.IntN(20_000)) + text[at:]
	default:
		return text
	}
}
