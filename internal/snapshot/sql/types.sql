-- Types other than the rows of tables and the arrays of types, and the procedures, aggregates, operators and casts over them.
, own_type AS (
    SELECT t.*, format_type(t.oid, NULL) AS name
    FROM pg_type t
    JOIN schema s ON s.oid = t.typnamespace
    WHERE ('pg_type'::regclass, t.oid) NOT IN (SELECT classid, objid FROM extension_member)
      AND (t.typrelid = 0 OR t.typrelid IN (SELECT oid FROM relation WHERE relkind = 'c'))
      AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
),
routine AS (
    SELECT p.*, p.oid::regprocedure::text AS name
    FROM pg_proc p
    JOIN schema s ON s.oid = p.pronamespace
    WHERE ('pg_proc'::regclass, p.oid) NOT IN (SELECT classid, objid FROM extension_member)
)
SELECT 'type ' || t.name,
       concat_ws(' ', 'owner=' || quote_ident(pg_get_userbyid(t.typowner)), 'kind=' || t.typtype::text,
           CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
           'collate ' || (SELECT n.name FROM pg_type b, collation_name n WHERE b.oid = t.typbasetype AND n.oid = nullif(t.typcollation, b.typcollation)),
           CASE WHEN t.typnotnull THEN 'not null' END,
           'default ' || coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault),
           'labels=' || (SELECT string_agg(quote_literal(enumlabel), ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid),
           'range over ' || (SELECT concat_ws(' ', rngsubtype::regtype, (SELECT n.name FROM collation_name n WHERE n.oid = rngcollation), rngcanonical, rngsubdiff)
                             FROM pg_range WHERE rngtypid = t.oid),
           CASE WHEN t.typtype = 'b' THEN concat_ws(' ', t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout,
               t.typlen, t.typbyval, t.typalign, t.typstorage, t.typcategory, t.typispreferred, t.typdelim) END)
FROM own_type t
UNION ALL
SELECT format('constraint %s.%I', t.name, c.conname),
       concat_ws(' ', pg_get_constraintdef(c.oid), CASE WHEN NOT c.convalidated THEN 'not valid' END)
FROM own_type t
JOIN pg_constraint c ON c.contypid = t.oid
UNION ALL
SELECT 'function ' || p.name,
       concat_ws(E'\n', pg_get_functiondef(p.oid), 'owner=' || quote_ident(pg_get_userbyid(p.proowner)))
FROM routine p
WHERE p.prokind <> 'a'
UNION ALL
SELECT 'aggregate ' || p.name,
       concat_ws(' ', 'owner=' || quote_ident(pg_get_userbyid(p.proowner)), 'parallel=' || p.proparallel::text,
           'state=' || format_type(a.aggtranstype, NULL), 'moving state=' || nullif(format_type(nullif(a.aggmtranstype, 0), NULL), '-'),
           'sort=' || nullif(a.aggsortop, 0)::regoperator,
           to_jsonb(a) - '{aggfnoid,aggtranstype,aggmtranstype,aggsortop}'::text[])
FROM routine p
JOIN pg_aggregate a ON a.aggfnoid = p.oid
UNION ALL
SELECT 'operator ' || o.oid::regoperator,
       concat_ws(' ', 'owner=' || quote_ident(pg_get_userbyid(o.oprowner)), o.oprcode, o.oprrest, o.oprjoin,
           'commutator=' || nullif(o.oprcom, 0)::regoperator, 'negator=' || nullif(o.oprnegate, 0)::regoperator,
           CASE WHEN o.oprcanmerge THEN 'merges' END, CASE WHEN o.oprcanhash THEN 'hashes' END)
FROM pg_operator o
JOIN schema s ON s.oid = o.oprnamespace
WHERE ('pg_operator'::regclass, o.oid) NOT IN (SELECT classid, objid FROM extension_member)
UNION ALL
SELECT format('cast (%s AS %s)', format_type(castsource, NULL), format_type(casttarget, NULL)),
       concat_ws(' ', nullif(castfunc, 0)::regprocedure, 'context=' || castcontext::text, 'method=' || castmethod::text)
FROM pg_cast c
WHERE c.oid >= 16384 AND ('pg_cast'::regclass, c.oid) NOT IN (SELECT classid, objid FROM extension_member)
