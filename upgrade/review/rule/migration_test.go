package rule_test

import (
	"bytes"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/ovirt/coco/sql"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// database is what the migrations and procedures of these tests are for.
func database() rule.Schema {
	return rule.NewSchema(&catalog.Catalog{Tables: []catalog.Table{
		{
			Common: catalog.Common{Object: catalog.Object{Kind: catalog.KindTable, Schema: "public", Name: "vm"}}, Sort: "table",
			Columns: []catalog.Column{{Name: "id", Type: "uuid", NotNull: true}, {Name: "host", Type: "uuid"}, {Name: "name", Type: "character varying(40)"}},
		},
		{
			Common: catalog.Common{Object: catalog.Object{Kind: catalog.KindTable, Schema: "public", Name: "host"}}, Sort: "table",
			Columns: []catalog.Column{{Name: "id", Type: "uuid", NotNull: true}, {Name: "seen", Type: "timestamp with time zone"}},
		},
	}})
}

func migrations(t *testing.T, files fs.FS, options rule.MigrationOptions) []finding.Finding {
	t.Helper()
	found, err := rule.Migrations(files, options)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func ids(findings []finding.Finding) []string {
	var found []string
	for _, f := range findings {
		if f.Silenced == "" {
			found = append(found, f.Rule)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestMigrationsAreFoundByTheirRules(t *testing.T) {
	const limit = "SET LOCAL lock_timeout = '1s';\n"
	for name, test := range map[string]struct {
		sql  string
		want []string
	}{
		"index":                             {"CREATE INDEX i ON vm (host);", []string{rule.IndexBlocking}},
		"unique index":                      {"CREATE UNIQUE INDEX IF NOT EXISTS i ON public.vm USING btree (host);", []string{rule.IndexBlocking}},
		"index made concurrently":           {"CREATE INDEX CONCURRENTLY i ON vm (host);", nil},
		"concurrently among others":         {"CREATE INDEX CONCURRENTLY i ON vm (host); SELECT 1;", []string{rule.ConcurrentlyInBlock}},
		"index on a new table":              {"CREATE TABLE n (id int); CREATE INDEX i ON n (id);", nil},
		"foreign key":                       {limit + "ALTER TABLE vm ADD CONSTRAINT f FOREIGN KEY (host) REFERENCES host (id);", []string{rule.ForeignKeyValidated}},
		"foreign key without a name":        {limit + "ALTER TABLE vm ADD FOREIGN KEY (host) REFERENCES host (id)", []string{rule.ForeignKeyValidated}},
		"foreign key not valid":             {limit + "ALTER TABLE vm ADD CONSTRAINT f FOREIGN KEY (host) REFERENCES host (id) NOT VALID;", nil},
		"its validation":                    {"ALTER TABLE vm VALIDATE CONSTRAINT f;", nil},
		"check":                             {limit + "ALTER TABLE vm ADD CONSTRAINT c CHECK (name <> '');", []string{rule.CheckValidated}},
		"check not valid":                   {limit + "ALTER TABLE vm ADD CONSTRAINT c CHECK (name <> '') NOT VALID;", nil},
		"primary key":                       {limit + "ALTER TABLE vm ADD PRIMARY KEY (id);", []string{rule.KeyBlocking}},
		"key from an index":                 {limit + "ALTER TABLE vm ADD CONSTRAINT k PRIMARY KEY USING INDEX k;", nil},
		"not null":                          {limit + "ALTER TABLE vm ALTER COLUMN host SET NOT NULL;", []string{rule.NotNullScan}},
		"not null, proven":                  {limit + "ALTER TABLE vm ADD CONSTRAINT c CHECK (host IS NOT NULL) NOT VALID; ALTER TABLE vm VALIDATE CONSTRAINT c; ALTER TABLE vm ALTER host SET NOT NULL;", nil},
		"type":                              {limit + "ALTER TABLE vm ALTER COLUMN host TYPE text;", []string{rule.RewriteType}},
		"longer text":                       {limit + "ALTER TABLE vm ALTER COLUMN name TYPE varchar(80);", nil},
		"shorter text":                      {limit + "ALTER TABLE vm ALTER COLUMN name SET DATA TYPE varchar(8);", []string{rule.RewriteType}},
		"volatile default":                  {limit + "ALTER TABLE vm ADD COLUMN tag uuid DEFAULT gen_random_uuid();", []string{rule.RewriteDefault}},
		"serial":                            {limit + "ALTER TABLE vm ADD n bigserial;", []string{rule.RewriteDefault}},
		"constant default":                  {limit + "ALTER TABLE vm ADD COLUMN n int NOT NULL DEFAULT 0, ADD COLUMN at timestamptz DEFAULT now();", nil},
		"column dropped":                    {limit + "ALTER TABLE vm DROP COLUMN name;", []string{rule.ColumnUncopied}},
		"column copied and dropped":         {limit + "CREATE TABLE n (name text); INSERT INTO n SELECT name FROM vm; ALTER TABLE vm DROP COLUMN name;", nil},
		"cascade":                           {limit + "DROP TABLE vm CASCADE;", []string{rule.DropCascade}},
		"on delete cascade":                 {limit + "ALTER TABLE vm ADD FOREIGN KEY (host) REFERENCES host (id) ON DELETE CASCADE NOT VALID;", nil},
		"renamed":                           {limit + "ALTER TABLE vm RENAME COLUMN name TO label;", []string{rule.ObjectRenamed}},
		"no limit to waiting":               {"ALTER TABLE vm ADD COLUMN n int;", []string{rule.LockTimeoutMissing}},
		"a lock that the file declares":     {"-- coco:lock vm AccessExclusive\nLOCK TABLE public.vm IN ACCESS EXCLUSIVE MODE;", nil},
		"trigger":                           {"CREATE TRIGGER g BEFORE UPDATE ON vm FOR EACH ROW EXECUTE FUNCTION f();", []string{rule.LockTimeoutMissing}},
		"update of all rows":                {"UPDATE vm SET name = '';", []string{rule.WriteWithoutWhere}},
		"update of some":                    {"UPDATE vm SET name = '' WHERE name IS NULL;", nil},
		"update of a new table":             {"CREATE TABLE n (id int); UPDATE n SET id = 1;", nil},
		"setting":                           {"SET statement_timeout = 0;", []string{rule.SettingLeaks}},
		"transaction":                       {"BEGIN; SELECT 1; COMMIT;", []string{rule.TransactionControl}},
		"a body of SQL":                     {"CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 1;", nil},
		"vacuum full":                       {"VACUUM FULL vm;", []string{rule.RewriteCommand}},
		"what is quoted is not a statement": {"COMMENT ON TABLE vm IS 'UPDATE vm; CREATE INDEX i ON vm (id);'; -- VACUUM FULL vm;", nil},
		"silenced":                          {"-- coco:ignore index-blocking the table has ten rows\nCREATE INDEX i ON vm (host);", nil},
		"silenced, without a reason":        {"-- coco:ignore index-blocking\nCREATE INDEX i ON vm (host);", []string{rule.IndexBlocking}},
		"silenced elsewhere":                {"-- coco:ignore index-blocking the table has ten rows\nSELECT 1;\nCREATE INDEX i ON vm (host);", []string{rule.IndexBlocking}},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{"000001_a.up.sql": {Data: []byte(test.sql)}, "000001_a.down.sql": {}}
			if found := migrations(t, files, rule.MigrationOptions{Schema: database()}); !slices.Equal(ids(found), test.want) {
				t.Errorf("found %v, want %v:\n%+v", ids(found), test.want, found)
			}
		})
	}
}

func TestDirectoriesAreJudgedAsAWhole(t *testing.T) {
	files := fstest.MapFS{"1_a.up.sql": {}, "1_a.down.sql": {}, "2_b.up.sql": {}, "3_c.up.sql": {}, "03_d.up.sql": {}, "3_c.down.sql": {}, "readme.md": {}}
	found := migrations(t, files, rule.MigrationOptions{})
	if want := []string{rule.DownMissing, rule.MigrationTwice}; !slices.Equal(ids(found), want) {
		t.Errorf("found %v, want %v", found, want)
	}
	if found := migrations(t, files, rule.MigrationOptions{From: 3}); len(found) != 0 {
		t.Errorf("what is applied already is judged: %v", found)
	}
}

func TestOwnMigrationsAreClean(t *testing.T) {
	schema, err := fs.Sub(sql.Schema, "schema")
	if err != nil {
		t.Fatal(err)
	}
	found, err := rule.Migrations(schema, rule.MigrationOptions{From: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.Silenced == "" {
			t.Errorf("line %d: %s: %s %v", f.Line, f.Rule, f.Summary, f.Evidence)
		}
	}

	// In the middle the tables of the first steps are there already.
	var there catalog.Catalog
	for _, name := range []string{"async_tasks", "async_tasks_entities", "schema_version", "command_entities"} {
		there.Tables = append(there.Tables, catalog.Table{Common: catalog.Common{Object: catalog.Object{Kind: catalog.KindTable, Schema: "public", Name: name}}})
	}
	for _, name := range []string{"state", "ledger", "archive", "change_log", "to_release", "drain", "journal", "receipt"} {
		there.Tables = append(there.Tables, catalog.Table{Common: catalog.Common{Object: catalog.Object{Kind: catalog.KindTable, Schema: "coco", Name: name}}})
	}
	for from := range uint64(10) {
		for _, f := range migrations(t, schema, rule.MigrationOptions{From: from, Schema: rule.NewSchema(&there), Own: []string{"coco", "public.command_entities"}}) {
			if f.Silenced == "" {
				t.Errorf("from version %d: %s: %s %v", from, f.Rule, f.Summary, f.Evidence)
			}
		}
	}

	names, err := fs.Glob(schema, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	silent := fstest.MapFS{}
	for _, name := range names {
		text, err := fs.ReadFile(schema, name)
		if err != nil {
			t.Fatal(err)
		}
		silent[name] = &fstest.MapFile{Data: bytes.ReplaceAll(text, []byte("-- coco:lock"), []byte("-- lock"))}
	}
	if found := migrations(t, silent, rule.MigrationOptions{From: 1}); !slices.Contains(ids(found), rule.LockTimeoutMissing) {
		t.Errorf("without the declarations of their locks: %v", found)
	}
}
