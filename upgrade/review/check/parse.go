package check

import (
	"context"
	"iter"
	"runtime"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/routine"
)

// parse yields the bodies of the routines in their order. They are parsed ahead, while the server works on those before them, until the
// context is done.
func parse(ctx context.Context, routines []catalog.Routine) iter.Seq2[int, parsed] {
	const ahead = 32
	type promise chan parsed
	promises := make(chan promise, ahead)
	go func() {
		defer close(promises)
		slots := make(chan struct{}, max(runtime.GOMAXPROCS(0)-1, 1))
		for _, r := range routines {
			p := make(promise, 1)
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			go func() {
				defer func() { <-slots }()
				p <- parseOne(r)
			}()
			select {
			case promises <- p:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func(yield func(int, parsed) bool) {
		i := 0
		for p := range promises {
			if !yield(i, <-p) {
				return
			}
			i++
		}
	}
}

func parseOne(r catalog.Routine) parsed {
	body, err := routine.Read(r)
	return parsed{body: body, err: err}
}
