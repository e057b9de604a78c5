package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// pageFile is the page about the results of the upgrade. Pictures lie beside it.
const (
	pageFile    = "../docs/performance.md"
	latencyPlot = "performance-latency.svg"
	ratioPlot   = "performance-ratios.svg"
)

// block is a part of the page that is made from results: between a comment with its name and the next comment that ends one.
var block = regexp.MustCompile(`(?s)<!-- bench: ([a-z]+) -->\n.*?<!-- bench ends -->\n`)

// writePage puts the results into the page, and draws its pictures.
func writePage(dir, page string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	parts, err := readParts(dir)
	if err != nil {
		return err
	}
	files, err := parts.render(string(text))
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := writeFile(filepath.Join(filepath.Dir(page), name), []byte(text)); err != nil {
			return fmt.Errorf("write the page: %w", err)
		}
	}
	return nil
}

// parts are the results that the page shows.
type parts struct {
	kept     []*results
	online   []onlineRun
	oneShot  []oneShotRun
	backfill []backfillRun
	linear   []linearRun
}

func readParts(dir string) (*parts, error) {
	p := &parts{}
	byName := map[string]*results{}
	for _, m := range measurements() {
		if m.group != ofUpgrade {
			continue
		}
		r, err := read(dir, m.name)
		if err != nil {
			return nil, err
		}
		if r != nil {
			p.kept, byName[m.name] = append(p.kept, r), r
		}
	}
	var err error
	if p.online, err = runsOf[onlineRun](byName["online"]); err != nil {
		return nil, err
	}
	if p.oneShot, err = runsOf[oneShotRun](byName["oneshot"]); err != nil {
		return nil, err
	}
	if p.backfill, err = runsOf[backfillRun](byName["backfill"]); err != nil {
		return nil, err
	}
	p.linear, err = runsOf[linearRun](byName["linear"])
	return p, err
}

// render returns the page with its blocks made anew, and the pictures, by their names.
func (p *parts) render(page string) (map[string]string, error) {
	makers := map[string]func() string{
		"origin": p.origin, "figures": p.figureTable, "summary": p.summary, "online": p.phaseTable, "pairs": p.pairTable,
		"backfill": p.backfillTable, "linear": p.linearTable,
	}
	files := map[string]string{}
	var unknown []string
	files[filepath.Base(pageFile)] = block.ReplaceAllStringFunc(page, func(old string) string {
		name := block.FindStringSubmatch(old)[1]
		maker := makers[name]
		if maker == nil {
			unknown = append(unknown, name)
			return old
		}
		return fmt.Sprintf("<!-- bench: %s -->\n%s<!-- bench ends -->\n", name, maker())
	})
	if len(unknown) > 0 {
		return nil, fmt.Errorf("write the page: nothing makes the block %s", strings.Join(unknown, ", "))
	}
	if one := p.withOneJob(); len(one) > 0 {
		files[latencyPlot] = plotLatency(middle(one, onlineRun.ratio), p.lastOneShot())
	}
	if len(p.figures()) > 0 {
		files[ratioPlot] = plotRatios(p.figures())
	}
	return files, nil
}

func (p *parts) figures() (all []figure) {
	for _, r := range p.kept {
		all = append(all, r.figures...)
	}
	return all
}

func (p *parts) withOneJob() (runs []onlineRun) {
	for _, run := range p.online {
		if run.Jobs == 1 {
			runs = append(runs, run)
		}
	}
	return runs
}

func (p *parts) lastOneShot() *oneShotRun {
	if len(p.oneShot) == 0 {
		return nil
	}
	return &p.oneShot[len(p.oneShot)-1]
}

func (p *parts) origin() string {
	var text strings.Builder
	text.WriteString("\n| measured | by | at commit | on | PostgreSQL | machine | results |\n|---|---|---|---|---|---|---|\n")
	for _, r := range p.kept {
		fmt.Fprintf(&text, "| %s | `%s` | %s | %s | %s | %s | [%s.jsonl](../bench/results/%s.jsonl) |\n", r.Measurement, cell(r.Command), r.Commit, r.Date,
			r.PostgreSQL, r.Machine, r.Measurement, r.Measurement)
	}
	return text.String() + "\n"
}

func (p *parts) figureTable() string {
	var text strings.Builder
	text.WriteString("\n| what | result | from, to | rounds | target | |\n|---|--:|--:|--:|---|---|\n")
	for _, r := range p.kept {
		for _, f := range r.figures {
			fmt.Fprintf(&text, "| %s | %s | %s | %d | %s | %s |\n",
				f.what, number(median(f.values))+f.unit, f.spread(), len(f.values), f.target, f.verdict(r.Short))
		}
	}
	if len(p.figures()) > 0 {
		fmt.Fprintf(&text, "\n![The ratios that have a target, with the median, each round and the target](%s)\n", ratioPlot)
	}
	return text.String() + "\n"
}

// summary says in sentences what the runs came to.
func (p *parts) summary() string {
	var text strings.Builder
	text.WriteString("\n")
	if len(p.online) > 0 {
		calls, failed, wrong := 0, 0, 0
		for _, run := range p.online {
			for _, phase := range run.Phases {
				calls += phase.Engine.Calls
			}
			failed += run.Failed
			wrong += run.Wrong
		}
		fmt.Fprintf(&text, "- %d upgrades of %s tasks each were played: %s calls of the engine, %d failed, %d wrong answers.\n",
			len(p.online), thousands(p.online[0].Tasks), thousands(calls), failed, wrong)
	}
	if one := p.withOneJob(); len(one) > 0 {
		run := middle(one, onlineRun.ratio)
		fmt.Fprintf(&text, "- In the run in the middle, 99.9 %% of the engine's calls took at most %s ms during the upgrade, and %s ms before it. "+
			"Calls to other tables took at most %s ms meanwhile.\n", number(run.Engine.P999), number(run.Quiet.P999), number(run.Control.P999))
		fmt.Fprintf(&text, "- Its slowest call took %s ms; the longest wait for a lock that the server's log tells of in any run was %s.\n",
			number(run.Engine.Max), waitText(p.longestWait()))
	}
	if shot := p.lastOneShot(); shot != nil {
		fmt.Fprintf(&text, "- The same work in one transaction made calls wait up to %s s; %s of them took a second or more, and %d failed.\n",
			number(shot.Slowest), thousands(shot.Delayed), shot.Failed)
	}
	if len(p.withOneJob()) > 0 {
		fmt.Fprintf(&text, "\n![Latency of calls in every second of an upgrade, and of the same work in one transaction](%s)\n", latencyPlot)
	}
	return text.String() + "\n"
}

func (p *parts) longestWait() (longest float64) {
	for _, run := range p.online {
		longest = max(longest, run.LongestLockWait)
	}
	return longest
}

func waitText(ms float64) string {
	if ms == 0 {
		return "under 5 ms"
	}
	return number(ms) + " ms"
}

// phaseTable is the run in the middle, phase by phase.
func (p *parts) phaseTable() string {
	one := p.withOneJob()
	if len(one) == 0 {
		return "\n"
	}
	run := middle(one, onlineRun.ratio)
	var text strings.Builder
	text.WriteString("\n| phase | time | calls | failed | wrong | p50 | p99 | p99.9 | slowest | control p99 | p99.9 | slowest | lock wait | WAL |\n" +
		"|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, phase := range run.Phases {
		fmt.Fprintf(&text, "| %s | %s s | %d | %d | %d | %s | %s | %s | %s | %s | %s | %s | %s | %.0f MB |\n", phase.Name, number(phase.Seconds),
			phase.Engine.Calls, phase.Failed, phase.Wrong,
			number(phase.Engine.P50), number(phase.Engine.P99), number(phase.Engine.P999), number(phase.Engine.Max),
			number(phase.Control.P99), number(phase.Control.P999), number(phase.Control.Max), waitText(phase.LongestLockWait), mebibytes(phase.WAL))
	}
	return text.String() + "\n"
}

// pairTable is every upgrade that was played.
func (p *parts) pairTable() string {
	var text strings.Builder
	text.WriteString("\n| jobs | upgrade | p99.9 before | p99.9 in it | control's | ratio | slowest | exclusive lock of contract, at most | lock wait | dead-locks | WAL | program's memory |\n" +
		"|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, run := range p.online {
		fmt.Fprintf(&text, "| %d | %s s | %s | %s | %s | %s | %s | %s ms | %s | %d | %.0f MB | %s MB |\n", run.Jobs, number(run.Seconds),
			number(run.Quiet.P999), number(run.Engine.P999), number(run.Control.P999), number(run.ratio()), number(run.Engine.Max),
			number(run.ExclusiveLock), waitText(run.LongestLockWait), run.Deadlocks, mebibytes(run.WAL), number(mebibytes(run.Peak)))
	}
	return text.String() + "\n"
}

func (p *parts) backfillTable() string {
	var text strings.Builder
	text.WriteString("\n| jobs | first | whole backfill | processor | its copy | processor | plain copy | processor | copy, rows in a processor second, ratio | copy, speed by the clock, ratio |\n" +
		"|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, run := range p.backfill {
		first := "backfill"
		if run.First != first {
			first = "plain copy"
		}
		fmt.Fprintf(&text, "| %d | %s | %s s | %s s | %s s | %s s | %s s | %s s | %s | %s |\n", run.Jobs, first,
			number(run.Backfill.Seconds), number(run.Backfill.Processor), number(run.Copy.Seconds), number(run.Copy.Processor),
			number(run.Plain.Seconds), number(run.Plain.Processor), number(run.byProcessor()), number(run.byClock()))
	}
	return text.String() + "\n"
}

func (p *parts) linearTable() string {
	var text strings.Builder
	text.WriteString("\n| tasks | upgrade | a task | program's memory | WAL |\n|--:|--:|--:|--:|--:|\n")
	for _, run := range p.linear {
		fmt.Fprintf(&text, "| %s | %s s | %s µs | %s MB | %.0f MB |\n",
			thousands(run.Tasks), number(run.Seconds), number(run.perTask()), number(mebibytes(run.Peak)), mebibytes(run.WAL))
	}
	return text.String() + "\n"
}

// cell keeps a text from ending a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// thousands parts a number for reading.
func thousands(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
