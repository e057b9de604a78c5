package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/ovirt/coco/internal/ephemeral"
)

// resultsDir is where results are kept, seen from the directory of this program.
const resultsDir = "results"

// findings are what a measurement gives: figures, and the runs that they come from where these are worth keeping.
type findings struct {
	figures []figure
	runs    []any
}

// heading says how, when and where results were made.
type heading struct {
	Measurement string `json:"measurement"`
	Command     string `json:"command"`
	Commit      string `json:"commit"`
	Date        string `json:"date"`
	Go          string `json:"go"`
	PostgreSQL  string `json:"postgresql"`
	Machine     string `json:"machine"`
	Short       bool   `json:"short,omitempty"`
}

// commandOf is what the results name as the way to get them again: COMMAND, where make has set it.
func commandOf(args []string) string {
	return cmp.Or(os.Getenv("COMMAND"), strings.Join(append([]string{"go -C bench run ."}, args...), " "))
}

func readHeading(ctx context.Context, wanted request) (heading, error) {
	h := heading{
		Command: wanted.command, Date: time.Now().UTC().Format(time.DateOnly), Go: runtime.Version(), Short: wanted.size.short,
	}
	var err error
	if h.Commit, err = commit(ctx); err != nil {
		return h, err
	}
	bin, err := ephemeral.FindBinDir()
	if err != nil {
		return h, err
	}
	version, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return h, fmt.Errorf("ask for the version of PostgreSQL: %w", err)
	}
	if words := strings.Fields(string(version)); len(words) > 2 {
		h.PostgreSQL = words[2]
	}
	h.Machine = fmt.Sprintf("%d cores, %s, %s %s", runtime.NumCPU(), memory(), runtime.GOOS, runtime.GOARCH)
	return h, nil
}

// commit names the tree that is measured. What this program writes itself does not make it another one.
func commit(ctx context.Context) (string, error) {
	name, err := exec.CommandContext(ctx, "git", "describe", "--always", "--abbrev=12").Output()
	if err != nil {
		return "", fmt.Errorf("ask git for the version that is measured: %w", err)
	}
	changed := exec.CommandContext(ctx, "git", "diff", "--quiet", "HEAD", "--", ":/", ":!"+resultsDir, ":(exclude,top)docs").Run()
	if _, differs := errors.AsType[*exec.ExitError](changed); differs {
		return strings.TrimSpace(string(name)) + "-dirty", nil
	}
	return strings.TrimSpace(string(name)), changed
}

func memory() string {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return "unknown memory"
	}
	_, rest, _ := strings.Cut(string(text), "MemTotal:")
	kilobytes, err := strconv.ParseFloat(strings.Fields(rest + " 0")[0], 64)
	if err != nil {
		return "unknown memory"
	}
	return fmt.Sprintf("%.0f GB", kilobytes/(1<<20))
}

// A file of results is a heading, then a line for each run and each figure.
type keptLine struct {
	Run    json.RawMessage `json:"run,omitempty"`
	Figure *keptFigure     `json:"figure,omitempty"`
}

type keptFigure struct {
	What     string     `json:"what"`
	Unit     string     `json:"unit,omitempty"`
	Values   []float64  `json:"values"`
	Target   comparison `json:"target,omitempty"`
	Limit    float64    `json:"limit,omitempty"`
	Worst    bool       `json:"always,omitempty"`
	LongOnly bool       `json:"long_only,omitempty"`
}

func (f figure) kept() *keptFigure {
	return &keptFigure{f.what, f.unit, f.values, f.target.is, f.target.limit, f.target.worst, f.target.longOnly}
}

func (k keptFigure) figure() figure {
	return figure{k.What, k.Values, k.Unit, target{k.Target, k.Limit, k.Worst, k.LongOnly}}
}

// keep writes what a measurement has found, and the table of its group anew.
func keep(dir string, m measurement, origin heading, found findings) error {
	origin.Measurement = m.name
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	failure := lines.Encode(origin)
	for _, run := range found.runs {
		raw, err := json.Marshal(run)
		failure = errors.Join(failure, err, lines.Encode(keptLine{Run: raw}))
	}
	for _, f := range found.figures {
		failure = errors.Join(failure, lines.Encode(keptLine{Figure: f.kept()}))
	}
	if failure != nil {
		return fmt.Errorf("keep the results of %s: %w", m.name, failure)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // results are for everybody to read
		return fmt.Errorf("keep the results of %s: %w", m.name, err)
	}
	if err := writeFile(filepath.Join(dir, m.name+".jsonl"), text.Bytes()); err != nil {
		return err
	}
	return writeTable(dir, m.group)
}

func writeFile(path string, text []byte) error {
	return os.WriteFile(path, text, 0o644) //nolint:gosec // results are for everybody to read
}

// results are what was kept of a measurement.
type results struct {
	heading

	figures []figure
	runs    []json.RawMessage
}

// read returns what was kept of a measurement, nil if nothing was.
func read(dir, name string) (*results, error) {
	text, err := os.ReadFile(filepath.Join(dir, name+".jsonl"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the results of %s: %w", name, err)
	}
	r := &results{}
	lines := bufio.NewReader(bytes.NewReader(text))
	decoder := json.NewDecoder(lines)
	if err := decoder.Decode(&r.heading); err != nil {
		return nil, fmt.Errorf("read the results of %s: %w", name, err)
	}
	for decoder.More() {
		var line keptLine
		if err := decoder.Decode(&line); err != nil {
			return nil, fmt.Errorf("read the results of %s: %w", name, err)
		}
		if line.Figure != nil {
			r.figures = append(r.figures, line.Figure.figure())
		} else {
			r.runs = append(r.runs, line.Run)
		}
	}
	return r, nil
}

// runsOf are the runs of a measurement in their own type.
func runsOf[T any](r *results) ([]T, error) {
	if r == nil {
		return nil, nil
	}
	all := make([]T, len(r.runs))
	for i, raw := range r.runs {
		if err := json.Unmarshal(raw, &all[i]); err != nil {
			return nil, fmt.Errorf("read the results of %s: %w", r.Measurement, err)
		}
	}
	return all, nil
}

// writeTable writes the figures of a group as they are printed, with what they come from.
func writeTable(dir, group string) error {
	text, err := table(dir, group)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, group+".txt"), []byte(text))
}

func table(dir, group string) (string, error) {
	var text strings.Builder
	var figures []figure
	short := false
	for _, m := range measurements() {
		if m.group != group {
			continue
		}
		r, err := read(dir, m.name)
		if err != nil {
			return "", err
		}
		if r == nil {
			continue
		}
		fmt.Fprintf(&text, "%-12s %s; commit %s, %s, %s, PostgreSQL %s, %s\n", m.name, r.Command, r.Commit, r.Date, r.Go, r.PostgreSQL, r.Machine)
		figures = append(figures, r.figures...)
		short = short || r.Short
	}
	if text.Len() == 0 {
		return "", nil
	}
	text.WriteString("\n")
	report(&text, figures, short)
	return text.String(), nil
}
