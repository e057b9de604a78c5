-- One of each kind of object, for changes to be made to.
DO $$
BEGIN
    CREATE ROLE coco_snapshot_one;
    CREATE ROLE coco_snapshot_two;
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
CREATE SCHEMA other;
CREATE TYPE public.state AS ENUM ('on', 'off');
CREATE TYPE public.pair AS (a integer, b text);
CREATE DOMAIN public.short AS varchar(10) CHECK (value <> '');
CREATE TABLE public.parent (id integer PRIMARY KEY, note text, at timestamptz);
CREATE TABLE public.child (
    id serial PRIMARY KEY,
    parent_id integer,
    wide text,
    amount numeric(10, 2) DEFAULT 0,
    UNIQUE (parent_id, amount)
);
CREATE INDEX child_wide ON public.child ((lower(wide)));
CREATE TABLE public.years (year integer NOT NULL, v text) PARTITION BY RANGE (year);
CREATE TABLE public.year_1 PARTITION OF public.years FOR VALUES FROM (1) TO (2);
CREATE TABLE other.base (x integer);
CREATE TABLE other.heir (x integer);
CREATE SEQUENCE public.counter;
CREATE VIEW public.seen AS SELECT id, note FROM public.parent;
CREATE FUNCTION public.f(v integer) RETURNS integer LANGUAGE sql AS $$
    SELECT v
      + 1;
$$;
CREATE FUNCTION public.on_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE FUNCTION public.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE TRIGGER changed AFTER INSERT ON public.parent FOR EACH ROW EXECUTE FUNCTION public.on_change();
INSERT INTO public.parent VALUES (1, E'one\ttab', '2020-01-01 12:00:00.123456+02'), (2, E'two\nlines \\ and', NULL), (3, '', NULL);
INSERT INTO public.child (parent_id, wide) VALUES (1, 'x'), (2, 'y');
