package check

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/routine"
	"github.com/ovirt/coco/upgrade/review/token"
)

func TestMutatedBodiesNeitherStopItNorKeepIt(t *testing.T) {
	const source = `<<a>> DECLARE v t.c%TYPE := $1; c CURSOR (k int) FOR SELECT 1; BEGIN IF v = 'x' THEN FOR i IN 1..3 LOOP v := E'\'' || $q$;$q$;
		END LOOP; ELSIF b THEN FOR r IN EXECUTE 'x' USING 1 LOOP NULL; END LOOP; END IF; CASE v WHEN 1 THEN RETURN; ELSE RAISE 'x %', v USING HINT = 'y';
		END CASE; FETCH c INTO r.a, b[1]; OPEN c(2); SELECT 1 INTO v; EXCEPTION WHEN OTHERS THEN RETURN QUERY SELECT /* /* */ */ "q""x" -- end
		; END a`
	random := rand.New(rand.NewPCG(1, 2))
	tokens := token.Split(source)
	started := time.Now()
	for range 2000 {
		text := source
		for range 1 + random.IntN(3) {
			from, to := tokens[random.IntN(len(tokens))], tokens[random.IntN(len(tokens))]
			if from.Start >= len(text) {
				continue
			}
			end := min(from.End+random.IntN(3), len(text))
			text = text[:from.Start] + source[to.Start:to.End] + text[end:]
		}
		r := catalog.Routine{Language: "plpgsql", Body: text, Trigger: true}
		if body, err := routine.Read(r); err == nil {
			_ = newProbe(r, body, shape{set: true}).String()
		}
	}
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("took %s", took)
	}
}
