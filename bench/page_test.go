package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestThePageShowsTheResults holds figures and pictures against the results: go run . -page writes them.
func TestThePageShowsTheResults(t *testing.T) {
	page, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	p, err := readParts(resultsDir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := p.render(string(page))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(filepath.Dir(pageFile), name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("docs/%s is not what bench/results give; run: go -C bench run . -page", name)
		}
	}
	if len(block.FindAllString(string(page), -1)) < 7 {
		t.Error("the page has lost blocks that are made from results")
	}
}

// TestTheTablesShowTheResults holds the text beside the raw results against them.
func TestTheTablesShowTheResults(t *testing.T) {
	for _, group := range []string{ofUpgrade, ofCoordinator} {
		want, err := table(resultsDir, group)
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			continue // nothing raw is kept
		}
		got, err := os.ReadFile(filepath.Join(resultsDir, group+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("results/%s.txt is not what the raw results give", group)
		}
	}
}
