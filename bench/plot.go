package main

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// drawing is an SVG picture that is made line by line. It has no scripts, and shows well on light and on dark pages.
type drawing struct {
	strings.Builder
}

// style names what the pictures are made of. Each colour has two, by what the reader's system prefers.
const style = `<style>
.page { fill: #ffffff } .ink { fill: #1f2328 } .faint { fill: #59636e } .band { fill: #eff2f5 } .grid { stroke: #d1d9e0 }
.edge { stroke: #818b98 } .target { stroke: #cf222e; fill: none }
.engine { stroke: #0969da; fill: none } .engine-dot { fill: #0969da } .control { stroke: #bc4c00; fill: none; stroke-dasharray: 5 3 }
.control-dot { stroke: #bc4c00; fill: none } .bar { fill: #80b3f0 }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117 } .ink { fill: #f0f6fc } .faint { fill: #9198a1 } .band { fill: #1c2430 } .grid { stroke: #3d444d }
.edge { stroke: #7d8590 } .target { stroke: #ff7b72 }
.engine { stroke: #58a6ff } .engine-dot { fill: #58a6ff } .control { stroke: #f0883e }
.control-dot { stroke: #f0883e } .bar { fill: #1f5fae }
}
</style>
`

func newDrawing(width, height int, title, description string) *drawing {
	d := &drawing{}
	d.linef(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" `+
		`aria-labelledby="title description" font-family="sans-serif" font-size="12">`, width, height, width, height)
	d.linef(`<title id="title">%s</title>`, html.EscapeString(title))
	d.linef(`<desc id="description">%s</desc>`, html.EscapeString(description))
	d.linef("%s", style)
	d.linef(`<rect class="page" width="%d" height="%d"/>`, width, height)
	return d
}

func (d *drawing) linef(format string, values ...any) { fmt.Fprintf(d, format+"\n", values...) }

func (d *drawing) text(class string, x, y float64, anchor, text string) {
	d.linef(`<text class="%s" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, class, x, y, anchor, html.EscapeString(text))
}

func (d *drawing) end() string {
	d.linef("</svg>")
	return d.String()
}

// panel is a plot of latency over time, on a logarithmic scale.
type panel struct {
	title                    string
	left, top, width, height float64
	seconds                  float64 // from left to right
	least, most              float64 // milliseconds, from bottom to top
	phases                   []playedPhase
	course                   course
}

func (p panel) x(seconds float64) float64 { return p.left + p.width*seconds/p.seconds }

func (p panel) y(ms float64) float64 {
	ms = min(max(ms, p.least), p.most)
	return p.top + p.height*(1-math.Log(ms/p.least)/math.Log(p.most/p.least))
}

func (p panel) draw(d *drawing) {
	d.linef(`<text class="ink" x="%.1f" y="%.1f" font-size="14" font-weight="bold">%s</text>`, p.left, p.top-62, html.EscapeString(p.title))
	p.drawPhases(d)
	for decade := p.least; decade <= p.most*1.001; decade *= 10 {
		d.linef(`<line class="grid" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`, p.left, p.left+p.width, p.y(decade), p.y(decade))
		d.text("faint", p.left-8, p.y(decade)+4, "end", latencyText(decade))
	}
	step := niceStep(p.seconds)
	for at := 0.0; at <= p.seconds; at += step {
		d.text("faint", p.x(at), p.top+p.height+16, "middle", fmt.Sprintf("%.0f s", at))
	}
	d.linef(`<line class="target" stroke-dasharray="2 3" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`, p.left, p.left+p.width, p.y(20), p.y(20))
	d.text("faint", p.left+p.width-4, p.y(20)-4, "end", "20 ms")
	p.drawLine(d, "control", p.course.ControlP99)
	p.drawLine(d, "engine", p.course.EngineP99)
	p.drawDots(d, `<circle class="control-dot" cx="%.1f" cy="%.1f" r="2"/>`, p.course.ControlMax)
	p.drawDots(d, `<circle class="engine-dot" cx="%.1f" cy="%.1f" r="1.8"/>`, p.course.EngineMax)
}

// drawPhases shades every other phase. The names of short ones go into rows above each other.
func (p panel) drawPhases(d *drawing) {
	const rows, letter = 3, 6.5
	var rowEnds [rows]float64
	for i, phase := range p.phases {
		x, width := p.x(phase.Begin), p.width*phase.Seconds/p.seconds
		if i%2 == 1 {
			d.linef(`<rect class="band" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, x, p.top, width, p.height)
		}
		row := slices.IndexFunc(rowEnds[:], func(end float64) bool { return end+8 <= x })
		row = max(row, 0)
		rowEnds[row] = x + letter*float64(len(phase.Name))
		y := p.top - 6 - 14*float64(row)
		d.linef(`<line class="edge" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke-width="0.7"/>`, x, x, y-8, p.top+p.height)
		d.text("ink", x+2, y, "start", phase.Name)
	}
	d.linef(`<rect class="edge" fill="none" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, p.left, p.top, p.width, p.height)
}

func (p panel) drawLine(d *drawing, class string, values []float64) {
	var path strings.Builder
	move := "M"
	for i, v := range values {
		if v == 0 { // nothing was due
			move = "M"
			continue
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", move, p.x(float64(i)+0.5), p.y(v))
		move = "L"
	}
	if path.Len() > 0 {
		d.linef(`<path class="%s" stroke-width="1.5" d="%s"/>`, class, path.String())
	}
}

func (p panel) drawDots(d *drawing, format string, values []float64) {
	for i, v := range values {
		if v > 0 {
			d.linef(format, p.x(float64(i)+0.5), p.y(v))
		}
	}
}

func latencyText(ms float64) string {
	if ms >= 1000 {
		return fmt.Sprintf("%g s", ms/1000)
	}
	return fmt.Sprintf("%g ms", ms)
}

func niceStep(seconds float64) float64 {
	for _, step := range []float64{1, 2, 5, 10, 20, 50, 100, 200, 500} {
		if seconds/step <= 12 {
			return step
		}
	}
	return 1000
}

// plotLatency shows an upgrade online, and beside it, where there is one, all in one transaction.
func plotLatency(online onlineRun, oneShot *oneShotRun) string {
	const width, left, right, panelHeight = 960, 60.0, 20.0, 260.0
	panels := []panel{{title: fmt.Sprintf("upgrade up --to contract, %s tasks", thousands(online.Tasks)), phases: online.Phases, course: online.Course}}
	if oneShot != nil {
		panels = append(panels, panel{
			title: fmt.Sprintf("The same in one transaction, %s tasks", thousands(oneShot.Tasks)), phases: oneShot.Phases, course: oneShot.Course,
		})
	}
	least, most := 1.0, 100.0
	for _, p := range panels {
		for _, v := range slices.Concat(p.course.EngineMax, p.course.ControlMax) {
			most = max(most, v)
		}
		for _, v := range slices.Concat(p.course.EngineP99, p.course.ControlP99) {
			if v > 0 {
				least = min(least, v)
			}
		}
	}
	least, most = math.Pow(10, math.Floor(math.Log10(least))), math.Pow(10, math.Ceil(math.Log10(most)))
	height := 50 + len(panels)*(int(panelHeight)+110)
	description := fmt.Sprintf("Latency of calls for each second, in the phases of an upgrade. In the upgrade 99.9 %% of the engine's calls "+
		"took at most %.1f ms, those of the control at most %.1f ms; before it %.1f ms.", online.Engine.P999, online.Control.P999, online.Quiet.P999)
	if oneShot != nil {
		description += fmt.Sprintf(" In one transaction a call waited up to %.1f s.", oneShot.Slowest)
	}
	d := newDrawing(width, height, "What clients notice of an upgrade", description)
	for i, p := range panels {
		p.left, p.width, p.height = left, width-left-right, panelHeight
		p.top = 90 + float64(i)*(panelHeight+110)
		p.least, p.most = least, most
		if n := len(p.phases); n > 0 {
			p.seconds = max(1, p.phases[n-1].Begin+p.phases[n-1].Seconds)
		}
		p.draw(d)
	}
	drawLegend(d, left, float64(height)-14)
	return d.end()
}

func drawLegend(d *drawing, x, y float64) {
	for _, item := range []struct{ mark, text string }{
		{`<path class="engine" stroke-width="1.5" d="M%.1f %.1fh24"/>`, "engine, p99 of a second"},
		{`<circle class="engine-dot" cx="%.1f" cy="%.1f" r="2.4"/>`, "engine, slowest call"},
		{`<path class="control" stroke-width="1.5" d="M%.1f %.1fh24"/>`, "control on other tables, p99"},
		{`<circle class="control-dot" cx="%.1f" cy="%.1f" r="2.4"/>`, "control, slowest call"},
	} {
		d.linef(item.mark, x, y-4)
		d.text("ink", x+30, y, "start", item.text)
		x += 225
	}
}

// plotRatios shows figures with a target as bars: the median, each round as a dot, and the target as a line.
func plotRatios(figures []figure) string {
	const width, labels, right, row, top = 960, 470.0, 60.0, 34.0, 46.0
	figures = slices.DeleteFunc(slices.Clone(figures), func(f figure) bool { return !f.isRatio() || len(f.values) == 0 })
	most := 1.0
	for _, f := range figures {
		most = max(most, slices.Max(f.values), f.target.limit)
	}
	x := func(v float64) float64 { return labels + (width-labels-right)*v/most }
	height := int(top + row*float64(len(figures)) + 40)
	var told []string
	for _, f := range figures {
		told = append(told, fmt.Sprintf("%s: %s, target %s", f.what, number(median(f.values)), f.target))
	}
	d := newDrawing(width, height, "Ratios and their targets", strings.Join(told, "; ")+".")
	d.linef(`<text class="ink" x="16" y="24" font-size="14" font-weight="bold">Ratios of paired runs, and their targets</text>`)
	for i, f := range figures {
		y := top + row*float64(i)
		d.text("ink", labels-10, y+18, "end", f.what)
		d.linef(`<rect class="bar" x="%.1f" y="%.1f" width="%.1f" height="18"/>`, labels, y+5, x(median(f.values))-labels)
		for _, v := range f.values {
			d.linef(`<circle class="control-dot" cx="%.1f" cy="%.1f" r="3"/>`, x(v), y+14)
		}
		d.linef(`<line class="target" stroke-width="2" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`, x(f.target.limit), x(f.target.limit), y+1, y+27)
		d.text("ink", x(max(median(f.values), f.target.limit, slices.Max(f.values)))+8, y+18, "start", number(median(f.values)))
	}
	d.text("faint", 16, float64(height)-12, "start", "bar: median; circles: each round; upright line: the target (at most where the bar is to stay left of it, else at least)")
	return d.end()
}

// isRatio says whether a figure is a ratio that is held against a target.
func (f figure) isRatio() bool { return f.unit == "" && f.target.is != "" && f.target.limit > 0 }
