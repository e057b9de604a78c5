package approval

import "slices"

// Differences are the lines that only one of two databases gives.
func Differences(one, two *Live) []string {
	var lines []string
	for _, part := range Parts() {
		for _, line := range one.lines[part] {
			if !slices.Contains(two.lines[part], line) {
				lines = append(lines, "gone from "+string(part)+": "+line)
			}
		}
		for _, line := range two.lines[part] {
			if !slices.Contains(one.lines[part], line) {
				lines = append(lines, "new in "+string(part)+": "+line)
			}
		}
	}
	return lines
}

// ForeignSQL is what an engine has not, and people may have added: something of many kinds.
const ForeignSQL = `
	CREATE SCHEMA extra;
	CREATE TABLE extra.parent (id integer PRIMARY KEY, note text NOT NULL DEFAULT '', wide text, price money DEFAULT 1.5, at timestamptz DEFAULT '2014-03-04 05:06:07+02');
	CREATE TABLE extra.child (id serial PRIMARY KEY, parent_id integer REFERENCES extra.parent, amount integer CHECK (amount > 0));
	CREATE TABLE extra.years (year integer) PARTITION BY LIST (year);
	CREATE TABLE extra.year_1 PARTITION OF extra.years FOR VALUES IN (1);
	CREATE INDEX child_amount ON extra.child (amount);
	CREATE INDEX child_next ON extra.child ((amount + 1));
	CREATE SEQUENCE extra.counter;
	CREATE TYPE extra.state AS ENUM ('on', 'off');
	CREATE TYPE extra.pair AS (a integer, b text);
	CREATE DOMAIN extra.short AS varchar(3) CHECK (value <> '');
	CREATE VIEW extra.seen AS SELECT task_id, status, '2014-03-04 05:06:07+02'::timestamptz AS at, 1.5::float8 AS price, interval '2 days' AS span FROM public.async_tasks;
	CREATE FUNCTION extra.on_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
	CREATE FUNCTION extra.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
	CREATE FUNCTION extra.f(v integer) RETURNS integer LANGUAGE sql AS 'SELECT v + 1';
	CREATE TRIGGER changed BEFORE UPDATE ON extra.child FOR EACH ROW EXECUTE FUNCTION extra.on_change();
	ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO coco_test_exec;
	ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
	GRANT UPDATE (task_parameters), SELECT (root_command_id) ON async_tasks TO coco_test_reader WITH GRANT OPTION;
	CREATE STATISTICS extra.together ON status, result FROM async_tasks;
	COMMENT ON FUNCTION extra.f(integer) IS 'adds';
`
