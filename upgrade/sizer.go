package upgrade

import (
	"cmp"
	"time"
)

// DefaultBatchTime is how long a batch takes whose size is left to the program: short enough that nobody notices what it holds.
const DefaultBatchTime = 60 * time.Millisecond

// firstBatch is how many rows the first batch has when its size is left to the program.
const (
	firstBatch         = 1000
	minBatch, maxBatch = 10, 20_000
)

// sizer finds the batch size that takes about the target time, unless it is fixed.
type sizer struct {
	fixed, size int
	target      time.Duration // 0 for DefaultBatchTime
}

func (s *sizer) next() int {
	if s.fixed > 0 {
		return s.fixed
	}
	if s.size == 0 {
		s.size = firstBatch
	}
	return s.size
}

// took adapts to what the last batch took. It doubles at most: one quick batch says little. A slow one is made up for at once.
func (s *sizer) took(d time.Duration) {
	target := float64(cmp.Or(s.target, DefaultBatchTime))
	factor := min(2, max(0.1, target/float64(max(d, time.Microsecond))))
	s.size = min(maxBatch, max(minBatch, int(float64(s.next())*factor)))
}
