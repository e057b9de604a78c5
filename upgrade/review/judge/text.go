package judge

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ovirt/coco/internal/human"
)

func counted[N int | int64](n N, noun string) string { return human.Counted(int64(n), noun) }

// took writes a time; of a short one a tenth of a millisecond too: locks are that short.
func took(d time.Duration) string {
	if d < 100*time.Millisecond {
		return fmt.Sprintf("%.1fms", float64(d)/float64(time.Millisecond))
	}
	return human.Took(d)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
