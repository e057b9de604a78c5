package rule

import (
	"cmp"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/token"
)

// MigrationOptions say what migrations are judged against. The zero value judges all files, for a database that is empty before them.
type MigrationOptions struct {
	// From is the version that the database is at: files up to it are not judged.
	From uint64
	// To is the last version that is judged; 0 for all.
	To uint64
	// Schema is the database as it is, before the first file that is judged. A table of it is one that somebody uses, unless it is in Own:
	// schemas (work) and tables (public.job) that belong to the migrations themselves.
	Schema Schema
	Own    []string
}

func (o MigrationOptions) judges(version uint64) bool {
	return version > o.From && (o.To == 0 || version <= o.To)
}

// file is a migration file that is judged.
type file struct {
	name       string
	version    uint64
	title      string
	down       bool
	text       string
	statements []statement
}

// statement is one of a file's. What stands in a quoted body, of a function or a DO, is none of the file's.
type statement struct {
	words

	// head is where the file's text about it begins: behind the statement before.
	head int
}

var (
	fileName = regexp.MustCompile(`^(\d+)_(.*)\.(up|down)\.sql$`)
	ignored  = regexp.MustCompile(`(?m)--[ \t]*coco:ignore[ \t]+([a-z0-9-]+)[ \t]+(\S.*)$`)
)

// Migrations looks through a directory of migrations as golang-migrate takes it: NUMBER_title.up.sql and NUMBER_title.down.sql. Other files
// are passed over. Of files that take back, only what belongs to the directory as a whole is judged. A comment
//
//	-- coco:ignore RULE reason
//
// in a statement or ahead of it lets its findings pass; about a whole file it may stand anywhere in it.
func Migrations(directory fs.FS, options MigrationOptions) ([]finding.Finding, error) {
	files, err := read(directory)
	if err != nil {
		return nil, err
	}
	m := &migrations{options: options, made: map[string]bool{}}
	m.pairs(files)
	for i := range files {
		m.file = &files[i]
		if !m.file.down && options.judges(m.file.version) {
			m.judge()
		}
	}
	finding.Sort(m.findings)
	return m.findings, nil
}

func read(directory fs.FS) ([]file, error) {
	entries, err := fs.ReadDir(directory, ".")
	if err != nil {
		return nil, fmt.Errorf("list the migrations: %w", err)
	}
	var files []file
	for _, entry := range entries {
		parts := fileName.FindStringSubmatch(entry.Name())
		if parts == nil || entry.IsDir() {
			continue
		}
		version, err := strconv.ParseUint(parts[1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration %s: its number is too large", entry.Name())
		}
		text, err := fs.ReadFile(directory, entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", entry.Name(), err)
		}
		f := file{name: entry.Name(), version: version, title: parts[2], down: parts[3] == "down", text: string(text)}
		f.cut()
		files = append(files, f)
	}
	slices.SortStableFunc(files, func(a, b file) int { return cmp.Or(cmp.Compare(a.version, b.version), cmp.Compare(a.name, b.name)) })
	return files, nil
}

// cut finds the statements of a file. A body of SQL, BEGIN ATOMIC … END, is one with its statement.
func (f *file) cut() {
	var (
		current words
		head    int
		atomic  bool
	)
	for _, t := range token.Split(f.text) {
		atomic = atomic || t.Text == "atomic" && current.at(len(current)-1) == "begin"
		if t.Text != ";" || atomic && current.at(len(current)-1) != "end" {
			current = append(current, t)
			continue
		}
		if len(current) > 0 {
			f.statements = append(f.statements, statement{current, head})
		}
		current, head, atomic = nil, t.End, false
	}
	if len(current) > 0 {
		f.statements = append(f.statements, statement{current, head})
	}
}

// migrations is one call of Migrations.
type migrations struct {
	options  MigrationOptions
	file     *file
	made     map[string]bool // the tables that judged files have made
	read     []words         // what files have read or written so far
	findings []finding.Finding
}

// pairs judges the directory as a whole.
func (m *migrations) pairs(files []file) {
	for i := range files {
		m.file = &files[i]
		if !m.options.judges(m.file.version) {
			continue
		}
		other := func(same bool) int {
			return slices.IndexFunc(files, func(f file) bool {
				return f.version == m.file.version && (f.down == m.file.down) == same && f.name != m.file.name
			})
		}
		if n := other(true); n > i {
			m.whole(MigrationTwice, fmt.Sprintf("%s has the same number as %s", m.file.name, files[n].name))
		}
		if !m.file.down && other(false) < 0 {
			m.whole(DownMissing, fmt.Sprintf("%s has no %06d_%s.down.sql", m.file.name, m.file.version, m.file.title))
		}
	}
}

func (m *migrations) add(f finding.Finding, about string) {
	if r, ok := Find(f.Rule); ok {
		f.Severity = r.Severity
	}
	f.Object = catalog.Object{Kind: catalog.KindMigration, Name: m.file.name}
	for _, match := range ignored.FindAllStringSubmatch(about, -1) {
		if match[1] == f.Rule {
			f.Silenced = strings.TrimSpace(match[2])
		}
	}
	m.findings = append(m.findings, f)
}

// whole adds a finding about the whole file.
func (m *migrations) whole(id, summary string) {
	m.add(finding.Finding{Rule: id, Summary: summary}, m.file.text)
}

// find adds a finding about a statement.
func (m *migrations) find(id string, s statement, summary, fix string) {
	end := len(m.file.text)
	if len(s.words) > 0 {
		end = s.words[len(s.words)-1].End
	}
	if newline := strings.IndexByte(m.file.text[end:], '\n'); newline >= 0 {
		end += newline
	}
	m.add(finding.Finding{
		Rule: id, Line: line(m.file.text, s.words[0].Start), Summary: m.file.name + " " + summary, Fix: fix, Evidence: []string{s.short()},
	}, m.file.text[s.head:end])
}
