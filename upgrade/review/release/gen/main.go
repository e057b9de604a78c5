// Command gen writes releases.txt: for each procedure that the scripts of a release of the engine create, a fingerprint of its body and
// the releases that have it. It reads the public history of the engine from a clone of github.com/oVirt/ovirt-engine:
//
//	go run ./upgrade/review/release/gen -repo /path/to/ovirt-engine/.git -output upgrade/review/release/releases.txt
//
// Of each tag ovirt-engine-3.3 to ovirt-engine-3.5 that is a release (no beta, no candidate) it takes all files NAME.sql below
// packaging/dbscripts and packaging/setup/dbutils. The database of "upgrade demo" is listed too. No text of the engine's is kept.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/upgrade/review/release"
)

const head = `# The engine's procedures: name, fingerprint of the body, and the releases that have it. A body that is not listed was edited, or is that
# of another release. Written by gen from the tags of github.com/oVirt/ovirt-engine; its comment says how.
`

func main() {
	repo := flag.String("repo", "", "the clone's directory of git")
	output := flag.String("output", "releases.txt", "the file to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *repo, *output); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}

// procedure is a body of a name.
type procedure struct{ name, fingerprint string }

func run(ctx context.Context, repo, output string) error {
	if repo == "" {
		return errors.New("say where a clone of github.com/oVirt/ovirt-engine is: -repo /path/to/ovirt-engine/.git")
	}
	g := generator{repo: repo, files: map[string][]procedure{}}
	order, err := g.releases(ctx)
	if err != nil {
		return err
	}
	has := map[procedure][]int{}
	for i, version := range order {
		all, err := g.procedures(ctx, "refs/tags/ovirt-engine-"+version)
		if err != nil {
			return err
		}
		for p := range all {
			has[p] = append(has[p], i)
		}
	}
	order = append(order, release.Demo)
	for _, d := range release.Scan(enginedb.FixtureSQL()) {
		p := procedure{d.Name, release.Fingerprint(d.Body)}
		has[p] = append(has[p], len(order)-1)
	}
	if err := os.WriteFile(output, table(order, has), 0o644); err != nil { //nolint:gosec // a source file
		return fmt.Errorf("write the list: %w", err)
	}
	return nil
}

func table(order []string, has map[procedure][]int) []byte {
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s\nreleases: %s\n\n", head, strings.Join(order, " "))
	sorted := slices.SortedFunc(maps.Keys(has), func(a, b procedure) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(has[a][0], has[b][0]), cmp.Compare(a.fingerprint, b.fingerprint))
	})
	for _, p := range sorted {
		fmt.Fprintf(&text, "%s %s %s\n", p.name, p.fingerprint, ranges(order, has[p]))
	}
	return text.Bytes()
}

// ranges writes places in an order as 3.3.0-3.3.5,3.4.4.
func ranges(order []string, places []int) string {
	var parts []string
	for i := 0; i < len(places); {
		end := i
		for end+1 < len(places) && places[end+1] == places[end]+1 {
			end++
		}
		part := order[places[i]]
		if end > i {
			part += "-" + order[places[end]]
		}
		parts = append(parts, part)
		i = end + 1
	}
	return strings.Join(parts, ",")
}

// generator reads a clone. Files that many releases share are read once.
type generator struct {
	repo  string
	files map[string][]procedure // by their hashes
}

var released = regexp.MustCompile(`^ovirt-engine-(3\.[345](\.\d+)+)$`)

// releases returns the versions that have a tag, oldest first.
func (g *generator) releases(ctx context.Context) ([]string, error) {
	tags, err := g.git(ctx, "tag", "--list", "ovirt-engine-3.*")
	if err != nil {
		return nil, err
	}
	var versions []string
	for tag := range strings.FieldsSeq(tags) {
		if match := released.FindStringSubmatch(tag); match != nil {
			versions = append(versions, match[1])
		}
	}
	slices.SortFunc(versions, func(a, b string) int { return slices.Compare(numbers(a), numbers(b)) })
	if len(versions) == 0 {
		return nil, fmt.Errorf("%s has no tag of a release", g.repo)
	}
	return versions, nil
}

func numbers(version string) []int {
	var all []int
	for part := range strings.SplitSeq(version, ".") {
		n, _ := strconv.Atoi(part) // digits
		all = append(all, n)
	}
	return all
}

// procedures returns what the scripts of a release create.
func (g *generator) procedures(ctx context.Context, tag string) (map[procedure]bool, error) {
	listing, err := g.git(ctx, "ls-tree", "-r", tag, "packaging/dbscripts", "packaging/setup/dbutils")
	if err != nil {
		return nil, err
	}
	all := map[procedure]bool{}
	for line := range strings.Lines(listing) {
		fields := strings.Fields(line)
		if len(fields) != 4 || !strings.HasSuffix(fields[3], ".sql") {
			continue
		}
		found, err := g.file(ctx, fields[2])
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			all[p] = true
		}
	}
	return all, nil
}

// file returns what a script creates and leaves: the engine's scripts drop what they call __temp.
func (g *generator) file(ctx context.Context, hash string) ([]procedure, error) {
	if known, ok := g.files[hash]; ok {
		return known, nil
	}
	text, err := g.git(ctx, "cat-file", "blob", hash)
	if err != nil {
		return nil, err
	}
	found := []procedure{}
	for _, d := range release.Scan(text) {
		if !strings.HasPrefix(d.Name, "__temp") {
			found = append(found, procedure{d.Name, release.Fingerprint(d.Body)})
		}
	}
	g.files[hash] = found
	return found, nil
}

func (g *generator) git(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "git", append([]string{"--git-dir=" + g.repo}, args...)...)
	var problem strings.Builder
	command.Stderr = &problem
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(problem.String()))
	}
	return string(output), nil
}
