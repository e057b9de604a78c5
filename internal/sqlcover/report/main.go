// Report prints which statements of the stored procedures the tests have run: report COUNTS EXCEPTIONS. COUNTS is the directory that
// COCO_SQL_COVERAGE named while the tests ran. It fails when something is not run that the file EXCEPTIONS does not name.
package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/signal"

	"github.com/ovirt/coco/internal/sqlcover"
	cocosql "github.com/ovirt/coco/sql"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: report COUNTS EXCEPTIONS")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := report(ctx, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1) //nolint:gocritic // the process ends: the signal needs no giving back
	}
}

func report(ctx context.Context, dir, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the exceptions: %w", err)
	}
	exceptions, err := sqlcover.ReadExceptions(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	counts, err := sqlcover.ReadCounts(dir)
	if err != nil {
		return err
	}
	migrations, err := fs.Sub(cocosql.Schema, "schema")
	if err != nil {
		return fmt.Errorf("find the migrations: %w", err)
	}
	procedures, err := sqlcover.Procedures(ctx, migrations)
	if err != nil {
		return err
	}
	counts.Fill(procedures)
	return sqlcover.Report(os.Stdout, procedures, exceptions)
}
