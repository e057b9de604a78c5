package play

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what the played engine noticed. Durations are in nanoseconds in JSON.
type Report struct {
	Phases []PhaseReport `json:"phases"`
}

// PhaseReport is what was due in a phase: by the engine, and by the control.
type PhaseReport struct {
	Name  string    `json:"name"`
	Begin time.Time `json:"begin"`
	End   time.Time `json:"end"`
	Workload
	Control Workload `json:"control"`
}

// Workload is what became of some calls.
type Workload struct {
	Calls  int `json:"calls"`
	Failed int `json:"failed"`
	Wrong  int `json:"wrong"`
	// Failures and WrongAnswers are the first of them, without parameters; equal failures are told once.
	Failures     []string `json:"failures,omitempty"`
	WrongAnswers []string `json:"wrong_answers,omitempty"`
	Latency      Latency  `json:"latency"`
}

// Latency is how long calls took from the moment that they were due, waiting for earlier ones included.
type Latency struct {
	P50  time.Duration `json:"p50_ns"`
	P99  time.Duration `json:"p99_ns"`
	P999 time.Duration `json:"p999_ns"`
	Max  time.Duration `json:"max_ns"`
	// Slowest is the procedure that took Max.
	Slowest string `json:"slowest,omitempty"`
}

// maxRemarks is how many failures, and how many wrong answers, a phase tells.
const maxRemarks = 5

func (e *Engine) report(end time.Duration) Report {
	e.mu.Lock()
	defer e.mu.Unlock()
	var report Report
	for i, p := range e.phases {
		until := end
		last := i == len(e.phases)-1
		if !last {
			until = e.phases[i+1].begin
		}
		// What is found out at the end belongs to the last phase.
		in := func(due time.Duration) bool { return due >= p.begin && (last || due < until) }
		phase := PhaseReport{Name: p.name, Begin: e.start.Add(p.begin), End: e.start.Add(until), Workload: e.engine.report(in)}
		if e.control != nil {
			phase.Control = e.control.report(in)
		}
		if phase.Calls+phase.Control.Calls > 0 || i > 0 {
			report.Phases = append(report.Phases, phase)
		}
	}
	return report
}

func (w *workload) report(in func(time.Duration) bool) Workload {
	var samples []sample
	var failures, wrong []string
	for _, c := range w.clients {
		samples = append(samples, filter(c.samples, func(s sample) bool { return in(s.due) })...)
		for _, r := range filter(c.failures, func(r remark) bool { return in(r.due) }) {
			failures = append(failures, r.text)
		}
		for _, r := range filter(c.wrong, func(r remark) bool { return in(r.due) }) {
			wrong = append(wrong, r.text)
		}
	}
	slices.SortFunc(samples, func(a, b sample) int { return cmp.Compare(a.latency, b.latency) })
	r := Workload{
		Calls: len(samples), Failed: len(failures), Wrong: len(wrong),
		Failures: told(failures), WrongAnswers: told(wrong),
		Latency: Latency{P50: quantile(samples, 0.5), P99: quantile(samples, 0.99), P999: quantile(samples, 0.999), Max: quantile(samples, 1)},
	}
	if len(samples) > 0 {
		r.Latency.Slowest = w.clients[0].names[samples[len(samples)-1].procedure]
	}
	return r
}

// filter keeps the order.
func filter[T any](all []T, keep func(T) bool) []T {
	var kept []T
	for _, one := range all {
		if keep(one) {
			kept = append(kept, one)
		}
	}
	return kept
}

// quantile of sorted samples: the smallest latency that at least that share of them does not exceed.
func quantile(sorted []sample, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	i := int(share*float64(len(sorted))+0.9999999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)].latency
}

// told are the first texts, each once with how often it came.
func told(texts []string) []string {
	times := map[string]int{}
	var first []string
	for _, text := range texts {
		if times[text] == 0 {
			first = append(first, text)
		}
		times[text]++
	}
	first = first[:min(len(first), maxRemarks)]
	for i, text := range first {
		if n := times[text]; n > 1 {
			first[i] = fmt.Sprintf("%s (%d times)", text, n)
		}
	}
	return first
}

// Total is what became of all calls of the engine. Its latency is the largest of each kind in any phase.
func (r Report) Total() Workload {
	var all Workload
	for _, p := range r.Phases {
		all.Calls += p.Calls
		all.Failed += p.Failed
		all.Wrong += p.Wrong
		all.Failures = append(all.Failures, p.Failures...)
		all.WrongAnswers = append(all.WrongAnswers, p.WrongAnswers...)
		all.Latency.P50 = max(all.Latency.P50, p.Latency.P50)
		all.Latency.P99 = max(all.Latency.P99, p.Latency.P99)
		all.Latency.P999 = max(all.Latency.P999, p.Latency.P999)
		if p.Latency.Max > all.Latency.Max {
			all.Latency.Max, all.Latency.Slowest = p.Latency.Max, p.Latency.Slowest
		}
	}
	return all
}

// String is a table for people, latencies in milliseconds, and below it the failures and wrong answers.
func (r Report) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "phase\tcalls\tfailed\twrong\tp50\tp99\tp99.9\tmax\tcontrol: failed\twrong\tp50\tp99\tp99.9\tmax\t")
	for _, p := range r.Phases {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\t%d\t%d\t%s\t\n", p.Name, p.Calls, p.Failed, p.Wrong, p.Latency, p.Control.Failed, p.Control.Wrong,
			p.Control.Latency)
	}
	_ = w.Flush() // it goes to memory
	for _, p := range r.Phases {
		for _, text := range p.Failures {
			fmt.Fprintf(&b, "%s: failed: %s\n", p.Name, text)
		}
		for _, text := range p.WrongAnswers {
			fmt.Fprintf(&b, "%s: wrong: %s\n", p.Name, text)
		}
	}
	return b.String()
}

// String gives the figures in milliseconds, divided by tabs.
func (l Latency) String() string {
	var texts []string
	for _, d := range []time.Duration{l.P50, l.P99, l.P999, l.Max} {
		texts = append(texts, fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond)))
	}
	return strings.Join(texts, "\t")
}
