package testdb

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"

	"github.com/ovirt/coco/internal/ephemeral"
)

// Template is a database that is built once and copied for each test that wants one like it.
type Template struct {
	// Name is a short name, seen in the server's log.
	Name string
	// Hash stands for the content: two templates with the same name and hash are the same. Hash makes one.
	Hash string
	// Build fills an empty database; the URL is the superuser's. It closes its connections before it returns.
	// Nil: the database stays empty.
	Build func(ctx context.Context, url string) error
}

// Hash returns the hash of a template's content, given as its parts in order.
func Hash(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

type templateKey struct{ name, hash string }

type builtTemplate struct {
	once sync.Once
	db   string
	err  error
}

// template returns the name of the database to copy, and builds it if no other test did.
func (p *process) template(server *ephemeral.Server, t Template) (string, error) {
	if t.Build == nil {
		return "", nil
	}
	if t.Hash == "" {
		return "", fmt.Errorf("template %s has no hash to tell its content by", t.Name)
	}
	p.mu.Lock()
	if p.templates == nil {
		p.templates = map[templateKey]*builtTemplate{}
	}
	key := templateKey{t.Name, t.Hash}
	built := p.templates[key]
	if built == nil {
		built = &builtTemplate{db: fmt.Sprintf("template_%d_%s", len(p.templates)+1, identifier(t.Name))}
		p.templates[key] = built
	}
	p.mu.Unlock()

	// Tests that want different templates do not wait for each other. What fails, fails for all that want it: a second
	// attempt would find the same.
	built.once.Do(func() {
		built.err = fmt.Errorf("build template %s: it ended the test that built it", t.Name) // replaced, unless it did
		built.err = build(server, built.db, t)
	})
	return built.db, built.err
}

// build does not use a test's context: when that test ends, others still want the template.
func build(server *ephemeral.Server, db string, t Template) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*patience)
	defer cancel()
	if err := server.CreateDatabase(ctx, db, ""); err != nil {
		return err
	}
	if err := t.Build(ctx, server.URL(db)); err != nil {
		return fmt.Errorf("build template %s: %w", t.Name, err)
	}
	return collect(ctx, server, db)
}

// identifier makes the part of a database name that tells people what it is for.
func identifier(name string) string {
	keep := func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '_'
	}
	name = strings.Map(keep, name)
	return name[:min(len(name), 45)]
}
