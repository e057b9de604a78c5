package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
)

// figure is a line of the report.
type figure struct {
	what   string
	values []float64 // one of each round
	unit   string    // empty: a ratio
	target target
}

// target is what a figure is held against. The zero value is no target: the figure is only reported.
type target struct {
	is       comparison
	limit    float64
	worst    bool // the worst value is judged, not the median
	longOnly bool // noise could miss it in a short run
}

type comparison string

const (
	atLeast comparison = "at least"
	atMost  comparison = "at most"
)

type verdict string

const (
	none      verdict = ""
	pass      verdict = "pass"
	missed    verdict = "MISSED"
	notJudged verdict = "too short to judge"
)

func (f figure) verdict(short bool) verdict {
	value := median(f.values)
	switch {
	case f.target.is == "":
		return none
	case short && f.target.longOnly:
		return notJudged
	case f.target.worst && f.target.is == atLeast:
		value = slices.Min(f.values)
	case f.target.worst:
		value = slices.Max(f.values)
	}
	if (f.target.is == atLeast) == (value >= f.target.limit) || value == f.target.limit {
		return pass
	}
	return missed
}

// report prints the figures as a table and returns how many of them missed their target.
func report(out io.Writer, figures []figure, short bool) (misses int) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "what\tmedian\tmin to max\trounds\ttarget\tverdict")
	for _, f := range figures {
		verdict := f.verdict(short)
		if verdict == missed {
			misses++
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n",
			f.what, number(median(f.values))+f.unit, f.spread(), len(f.values), f.target, verdict)
	}
	_ = table.Flush()
	return misses
}

func (f figure) spread() string {
	if len(f.values) < 2 {
		return ""
	}
	return number(slices.Min(f.values)) + " to " + number(slices.Max(f.values)) + f.unit
}

func (t target) String() string {
	if t.is == "" {
		return ""
	}
	limit := string(t.is) + " " + strconv.FormatFloat(t.limit, 'f', -1, 64)
	if t.worst {
		limit += ", always"
	}
	return limit
}

// number prints two decimals, or as many digits as matter where that is more.
func number(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case v >= 0.1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}
