// Bench measures coco's upgrade, coordinator and DAO against other ways of doing the same, on PostgreSQL servers of its own, and says
// whether they meet their targets. It measures ratios: both sides in turn, in one run, on one server. Times are printed where they
// explain something, and are worth no more than the machine they were taken on.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

// measurement is a group of figures that share a database.
type measurement struct {
	name  string
	group string // whose results are shown in one table
	run   func(context.Context, *lab, sizes) (findings, error)
}

// The groups of measurements.
const (
	ofUpgrade     = "upgrade"
	ofCoordinator = "coordinator"
)

func measurements() []measurement {
	return []measurement{
		{"online", ofUpgrade, measureOnline},
		{"oneshot", ofUpgrade, measureOneShot},
		{"backfill", ofUpgrade, measureBackfill},
		{"linear", ofUpgrade, measureLinear},
		{"persist", ofCoordinator, onServers(measurePersist)},
		{"batch", ofCoordinator, onServers(measureBatch)},
		{"chain", ofCoordinator, onServers(measureChain)},
		{"dao", ofCoordinator, onServers(measureDAO)},
		{"hot", ofCoordinator, onServers(measureHOT)},
		{"million", ofCoordinator, onServers(measureMillion)},
		{"river", ofCoordinator, onServers(measureRiver)},
	}
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, out, progress io.Writer) (exitCode int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	wanted, err := parse(args, progress)
	if err != nil {
		return 2
	}
	if wanted.page {
		if err := writePage(wanted.results, pageFile); err != nil {
			fmt.Fprintln(progress, "bench:", err)
			return 1
		}
		return 0
	}
	figures, err := measure(ctx, wanted, progress)
	misses := report(out, figures, wanted.size.short)
	if misses > 0 {
		fmt.Fprintf(progress, "bench: targets missed: %d\n", misses)
	}
	if err != nil {
		fmt.Fprintln(progress, "bench:", err)
	}
	if misses > 0 || err != nil {
		return 1
	}
	return 0
}

// request is what the command line asks for.
type request struct {
	pattern *regexp.Regexp
	size    sizes
	results string // the directory to keep results in; empty: they are not kept
	page    bool   // only write the page about them
	command string // what the results name as the way to get them again
}

func parse(args []string, progress io.Writer) (request, error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(progress)
	short := flags.Bool("short", false, "small sizes, and only targets that noise cannot miss: about a minute")
	only := flags.String("run", "", "only the measurements whose names match this regular `expression`")
	tasks := flags.Int("tasks", 0, "`number` of tasks in the databases that are upgraded (default 1,000,000; 5,000 with -short)")
	pairs := flags.Int("pairs", 0, "how many `times` an upgrade is played online with one job (default 5; 1 with -short)")
	rounds := flags.Int("rounds", 0, "how many `times` the backfill is compared, and upgrades of several sizes (default 3; 1 with -short)")
	keep := flags.Bool("keep", false, "keep the results in "+resultsDir+", and write "+pageFile+" anew")
	page := flags.Bool("page", false, "measure nothing: write "+pageFile+" anew from the results that are kept")
	if err := flags.Parse(args); err != nil {
		return request{}, err
	}
	pattern, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(progress, "bench: -run:", err)
		return request{}, err
	}
	wanted := request{pattern: pattern, size: longSizes, page: *page, command: commandOf(args)}
	if *short {
		wanted.size = shortSizes
	}
	if *keep || *page {
		wanted.results = resultsDir
	}
	for _, set := range []struct {
		value  int
		target *int
	}{{*tasks, &wanted.size.tasks}, {*pairs, &wanted.size.pairs}, {*rounds, &wanted.size.rounds}} {
		if set.value > 0 {
			*set.target = set.value
		}
	}
	return wanted, nil
}

// measure runs what is asked for, in order. What a measurement has found is kept at once, and one that fails keeps none from being
// made: a run takes an hour.
func measure(ctx context.Context, wanted request, progress io.Writer) (figures []figure, err error) {
	l := &lab{progress: progress}
	defer l.close()
	var origin heading
	if wanted.results != "" {
		if origin, err = readHeading(ctx, wanted); err != nil {
			return nil, err
		}
	}
	var failures []error
	for _, m := range measurements() {
		if !wanted.pattern.MatchString(m.name) || ctx.Err() != nil {
			continue
		}
		start := time.Now()
		found, err := m.run(ctx, l, wanted.size)
		if err != nil {
			err = fmt.Errorf("%s: %w", m.name, err)
			fmt.Fprintln(progress, "bench:", err)
			failures = append(failures, err)
		}
		fmt.Fprintf(progress, "%-12s %s\n", m.name, time.Since(start).Round(time.Millisecond))
		figures = append(figures, found.figures...)
		if wanted.results == "" || len(found.figures) == 0 {
			continue
		}
		if err := keep(wanted.results, m, origin, found); err != nil {
			return figures, err
		}
		if err := writePage(wanted.results, pageFile); err != nil {
			return figures, err
		}
	}
	return figures, errors.Join(append(failures, ctx.Err())...)
}
