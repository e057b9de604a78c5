package testdb

import (
	"context"
	"fmt"
	"os"

	"github.com/ovirt/coco/internal/ephemeral"
)

// Example creates a database for an example, names it in DATABASE_URL, and returns what takes both back. Examples run one after
// the other, behind all tests. They have no testing.TB to fail: what goes wrong here is a panic.
func Example(template Template) (done func()) {
	server, err := shared.start()
	if err != nil {
		panic(err)
	}
	name, err := shared.exampleDatabase(server, template)
	if err != nil {
		panic(err)
	}
	before, was := os.LookupEnv(databaseVariable)
	if err := os.Setenv(databaseVariable, server.URL(name)); err != nil {
		panic(err)
	}
	return func() {
		if was {
			err = os.Setenv(databaseVariable, before)
		} else {
			err = os.Unsetenv(databaseVariable)
		}
		if err != nil {
			panic(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := collect(ctx, server, name); err != nil {
			panic(err)
		}
		if err := server.DropDatabase(ctx, name); err != nil {
			panic(err)
		}
	}
}

const databaseVariable = "DATABASE_URL"

func (p *process) exampleDatabase(server *ephemeral.Server, template Template) (string, error) {
	from, err := p.template(server, template)
	if err != nil {
		return "", err
	}
	p.mu.Lock()
	p.databases++
	name := fmt.Sprintf("example_%d", p.databases)
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return name, server.CreateDatabase(ctx, name, from)
}
