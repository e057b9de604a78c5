// Bench measures coco's coordinator and DAO against other ways of doing the same, on a PostgreSQL of its own, and says whether they
// meet their targets. It measures ratios: both sides in turn, in one run, on one server. Times are printed where they explain
// something, and are worth no more than the machine they were taken on.
package main

import (
	"context"
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
	name string
	run  func(context.Context, servers, sizes) ([]figure, error)
}

func measurements() []measurement {
	return []measurement{
		{"persist", measurePersist},
		{"batch", measureBatch},
		{"chain", measureChain},
		{"dao", measureDAO},
		{"hot", measureHOT},
		{"million", measureMillion},
		{"river", measureRiver},
	}
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, out, progress io.Writer) (exitCode int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(progress)
	short := flags.Bool("short", false, "small sizes, and only targets that noise cannot miss: under a minute")
	only := flags.String("run", "", "only the measurements whose names match this regular expression")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	pattern, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(progress, "bench: -run:", err)
		return 2
	}
	size := longSizes
	if *short {
		size = shortSizes
	}
	figures, err := measure(ctx, pattern, size, progress)
	if err != nil {
		fmt.Fprintln(progress, "bench:", err)
		return 1
	}
	if misses := report(out, figures, *short); misses > 0 {
		fmt.Fprintf(progress, "bench: targets missed: %d\n", misses)
		return 1
	}
	return 0
}

// measure runs what the pattern matches, in order, on one server.
func measure(ctx context.Context, pattern *regexp.Regexp, size sizes, progress io.Writer) ([]figure, error) {
	s, stop, err := startServers(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	var figures []figure
	for _, m := range measurements() {
		if !pattern.MatchString(m.name) {
			continue
		}
		start := time.Now()
		measured, err := m.run(ctx, s, size)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		fmt.Fprintf(progress, "%-12s %s\n", m.name, time.Since(start).Round(time.Millisecond))
		figures = append(figures, measured...)
	}
	return figures, nil
}
