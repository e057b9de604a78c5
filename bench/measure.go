package main

import (
	"context"
	"runtime"
	"slices"
	"time"
)

// call is one way of doing what is measured, done for the i-th time.
type call func(ctx context.Context, i int) error

// pairs says how often two ways are measured against each other: each round is a number of calls of both.
type pairs struct{ rounds, calls int }

// ratios calls a and b in turn, each first as often as the other, and returns for every round the time that a took divided by the
// time that b took, each in its median call: what disturbs the machine for a few calls is in neither.
func (p pairs) ratios(ctx context.Context, a, b call) ([]float64, error) {
	var ratios []float64
	for round := range p.rounds + 1 {
		runtime.GC() // not in the midst of one of the two
		var tookA, tookB []float64
		for n := range p.calls {
			i := round*p.calls + n
			first, second, tookFirst, tookSecond := a, b, &tookA, &tookB
			if i%2 == 1 {
				first, second, tookFirst, tookSecond = b, a, &tookB, &tookA
			}
			if err := clock(ctx, first, i, tookFirst); err != nil {
				return nil, err
			}
			if err := clock(ctx, second, i, tookSecond); err != nil {
				return nil, err
			}
		}
		if round > 0 { // the first warms caches and plans
			ratios = append(ratios, median(tookA)/median(tookB))
		}
	}
	return ratios, nil
}

// clock adds to took what one call takes.
func clock(ctx context.Context, c call, i int, took *[]float64) error {
	start := time.Now()
	err := c(ctx, i)
	*took = append(*took, milliseconds(time.Since(start)))
	return err
}

// median is the value in the middle; of none it is 0.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// milliseconds is a duration as a figure shows it.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
