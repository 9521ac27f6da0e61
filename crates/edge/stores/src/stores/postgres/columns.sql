-- Their columns, with the types that domains stand for, and how long a value may be: text, short by its own type, or anything. What is computed when it is read is in the columns that it is computed from.
SELECT a.attrelid::bigint, a.attnum::int8, a.attname, coalesce(b.typname, t.typname),
  CASE
    WHEN coalesce(b.oid, t.oid) IN (25, 1043) THEN 'text'
    WHEN coalesce(b.oid, t.oid) < 16384 AND coalesce(b.typlen, t.typlen) > 0 THEN 'short'
    ELSE 'any'
  END
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
ORDER BY a.attrelid, a.attnum
