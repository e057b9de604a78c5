// Command gensample writes the sample of an engine's tasks to its standard output. Every run writes the same bytes.
//
//	go run ./internal/enginedb/gensample > internal/enginedb/testdata/sample.sql
package main

import (
	"fmt"
	"os"
)

const head = `-- Tasks of an oVirt engine 3.4, made up by gensample. Change the generator, not this file.
-- Load into a UTF-8 database: psql -v ON_ERROR_STOP=1 -f sample.sql
BEGIN;
SET LOCAL client_encoding = 'UTF8';
SET LOCAL standard_conforming_strings = on;
INSERT INTO storage_pool (id, name, description, storage_pool_type, storage_pool_format_type, status, master_domain_version, compatibility_version, is_local)
VALUES (%s, 'Sample', 'data centre of the sample', 1, '3', 1, 1, '3.4', false);
`

func main() {
	if _, err := os.Stdout.WriteString(sample()); err != nil {
		fmt.Fprintln(os.Stderr, "gensample: write the sample:", err)
		os.Exit(1)
	}
}

func sample() string {
	var s sampler
	fmt.Fprintf(&s.out, head, quote(pool))
	s.engineCases()
	s.out.WriteString("-- ---- what 3.4 does not write itself: older versions, test data, damage ----\n")
	s.oddCases()
	s.out.WriteString("COMMIT;\n")
	return s.out.String()
}
