package catalog_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade/review/catalog"
)

func TestMain(m *testing.M) { testdb.Main(m) }

func read(t *testing.T, conn *pgx.Conn) *catalog.Catalog {
	t.Helper()
	var c *catalog.Catalog
	err := pgx.BeginTxFunc(t.Context(), conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		c, err = catalog.Read(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCatalogHoldsEveryKindOfObject(t *testing.T) {
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	if err := enginedb.Load(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	_, err := conn.Exec(t.Context(), `CREATE TYPE mood AS ENUM ('calm', 'busy'); CREATE DOMAIN small AS integer DEFAULT 1 CHECK (VALUE < 10);
		CREATE VIEW running AS SELECT task_id FROM async_tasks WHERE status = 2;
		CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		CREATE TRIGGER note BEFORE UPDATE ON job FOR EACH ROW EXECUTE FUNCTION noted();
		ALTER TABLE job DISABLE TRIGGER note; COMMENT ON COLUMN job.status IS 'how it goes';
		ALTER FUNCTION deletejob(uuid) SECURITY DEFINER SET search_path = public, pg_temp COST 7; REVOKE EXECUTE ON FUNCTION deletejob(uuid) FROM PUBLIC;
		CREATE AGGREGATE longest(text) (sfunc = textcat, stype = text);`, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	c := read(t, conn)
	if c.Major < 12 || c.Database.Name == "" || c.Database.Owner == "" || len(c.Extensions) == 0 || len(c.Sequences) != 2 {
		t.Errorf("server %s, database %+v, extensions %v, sequences %v", c.Server, c.Database, c.Extensions, c.Sequences)
	}
	find := func(name string) *catalog.Table {
		i := slices.IndexFunc(c.Tables, func(t catalog.Table) bool { return t.Name == name })
		if i < 0 {
			t.Fatalf("no table %s", name)
		}
		return &c.Tables[i]
	}
	tasks, job := find("async_tasks"), find("job")
	if len(tasks.Columns) != 15 || tasks.Columns[0].Name != "task_id" || !tasks.Columns[0].NotNull || tasks.Columns[10].Default != "0" ||
		tasks.Columns[5].Type != "character varying(256)" || len(tasks.Indexes) != 2 || tasks.Constraints[0].Sort != "primary key" {
		t.Errorf("async_tasks: %+v", tasks)
	}
	if links := find("async_tasks_entities"); links.Constraints[0].References != "public.async_tasks" || !links.Constraints[0].Valid {
		t.Errorf("async_tasks_entities: %+v", links.Constraints)
	}
	if job.Triggers[0].Enabled != "disabled" || !slices.ContainsFunc(job.Columns, func(c catalog.Column) bool { return c.Comment == "how it goes" }) {
		t.Errorf("job: %+v", job)
	}
	if view := find("running"); view.Kind != catalog.KindView || view.Sort != "view" || view.Definition == "" || len(view.Columns) != 1 {
		t.Errorf("running: %+v", view)
	}
	i := slices.IndexFunc(c.Routines, func(r catalog.Routine) bool { return r.Name == "deletejob" })
	r := c.Routines[i]
	if r.String() != "deletejob(uuid)" || r.Result != "void" || !r.SecurityDefiner || r.Cost != 7 || r.Volatility != "volatile" ||
		!slices.Equal(r.Settings, []string{"search_path=public, pg_temp"}) || len(r.Grants) != 1 || r.Grants[0].Role != r.Owner ||
		r.Parameters != "v_job_id uuid" || r.Body == "" || r.Definition == "" {
		t.Errorf("deletejob: %+v", r)
	}
	sorts := map[string]string{}
	for _, t := range c.Types {
		sorts[t.Name] = t.Sort + ": " + t.Definition
	}
	if sorts["mood"] != "enum: 'calm', 'busy'" || sorts["iduuidtype"] != "composite: id uuid" || len(c.Types) != 4 {
		t.Errorf("types: %v", sorts)
	}
}

func TestReadingTwiceGivesTheSame(t *testing.T) {
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	if err := enginedb.Load(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	one, two := read(t, conn), read(t, conn)
	if len(one.Routines) < 18 || len(one.Routines) != len(two.Routines) || len(one.Tables) != len(two.Tables) {
		t.Errorf("%d and %d routines", len(one.Routines), len(two.Routines))
	}
	if !slices.IsSortedFunc(one.Routines, func(a, b catalog.Routine) int { return a.Compare(b.Object) }) {
		t.Error("the routines are in no order")
	}
}
