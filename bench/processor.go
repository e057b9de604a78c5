package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of processor times in /proc, the same on all Linux systems that Go runs on.
const clockTick = 10 * time.Millisecond

// processorTime is what all processes of the server have used so far, those that have ended included: sessions, parallel workers, and
// what writes in the background.
func (e *engines) processorTime() (time.Duration, error) {
	text, err := os.ReadFile(filepath.Join(filepath.Dir(e.LogPath()), "postmaster.pid"))
	if err != nil {
		return 0, fmt.Errorf("read the processor time of the server: %w", err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	postmaster, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return 0, fmt.Errorf("read the processor time of the server: %w", err)
	}
	main, err := readProcess(fmt.Sprintf("/proc/%d/stat", postmaster))
	if err != nil {
		return 0, fmt.Errorf("read the processor time of the server: %w", err)
	}
	total := main.own + main.ended
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, fmt.Errorf("read the processor time of the server: %w", err)
	}
	for _, path := range paths {
		if p, err := readProcess(path); err == nil && p.parent == postmaster { // others may have ended meanwhile
			total += p.own
		}
	}
	return total, nil
}

// process is what /proc says about one.
type process struct {
	parent     int
	own, ended time.Duration // used by itself, and by children that it has waited for
}

func readProcess(path string) (process, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return process{}, err
	}
	behindName := string(text[bytes.LastIndexByte(text, ')')+1:])
	fields := strings.Fields(behindName) // from the third field of proc(5) on
	if len(fields) < 15 {
		return process{}, fmt.Errorf("%s has %d fields", path, len(fields))
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return process{}, err
	}
	var ticks [4]int64 // utime, stime, cutime, cstime
	for i := range ticks {
		if ticks[i], err = strconv.ParseInt(fields[11+i], 10, 64); err != nil {
			return process{}, err
		}
	}
	return process{parent, time.Duration(ticks[0]+ticks[1]) * clockTick, time.Duration(ticks[2]+ticks[3]) * clockTick}, nil
}
