-- What one database and its server say of roles and rights, as one JSON document. It reads catalogues only, no table and no
-- password, and any role may run it; a role sees the catalogues whole whatever its own rights are.
SELECT json_build_object(
  'format', 'firebreak.postgres/1',
  'database', current_database(),
  'version', current_setting('server_version_num')::int,
  'taken', to_char(now() AT TIME ZONE 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
  'roles', (
    SELECT coalesce(json_agg(json_build_object(
      'name', rolname, 'superuser', rolsuper, 'inherit', rolinherit, 'create_role', rolcreaterole, 'login', rolcanlogin,
      'replication', rolreplication, 'bypass_row_security', rolbypassrls,
      'valid_until', CASE WHEN isfinite(rolvaliduntil)
        THEN to_char(rolvaliduntil AT TIME ZONE 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END) ORDER BY rolname), '[]')
    FROM pg_catalog.pg_roles),
  'members', (
    -- From version 16 on a membership says itself what it allows.
    SELECT coalesce(json_agg(json_build_object(
      'role', r.rolname, 'member', u.rolname, 'admin', m.admin_option, 'inherit', to_jsonb(m) -> 'inherit_option',
      'set', to_jsonb(m) -> 'set_option') ORDER BY r.rolname, u.rolname), '[]')
    FROM pg_catalog.pg_auth_members m
    JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
    JOIN pg_catalog.pg_roles u ON u.oid = m.member),
  'databases', (
    SELECT coalesce(json_agg(json_build_object(
      'name', datname, 'owner', pg_get_userbyid(datdba), 'open', datallowconn,
      'grants', (
        SELECT coalesce(json_agg(json_build_array(coalesce(g.rolname, ''), a.privilege_type)), '[]')
        FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
        LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee)) ORDER BY datname), '[]')
    FROM pg_catalog.pg_database d WHERE NOT datistemplate),
  'schemas', (
    SELECT coalesce(json_agg(json_build_object(
      'name', nspname, 'owner', pg_get_userbyid(nspowner),
      'grants', (
        SELECT coalesce(json_agg(json_build_array(coalesce(g.rolname, ''), a.privilege_type)), '[]')
        FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
        LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee)) ORDER BY nspname), '[]')
    FROM pg_catalog.pg_namespace n WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\_%'),
  'relations', (
    SELECT coalesce(json_agg(json_build_object(
      'schema', nspname, 'name', relname, 'kind', relkind, 'owner', pg_get_userbyid(relowner),
      'rows', greatest(reltuples, 0)::bigint, 'bytes', relpages::bigint * current_setting('block_size')::bigint,
      'row_security', relrowsecurity,
      'grants', (
        SELECT coalesce(json_agg(json_build_array(coalesce(g.rolname, ''), a.privilege_type)), '[]')
        FROM (
          SELECT grantee, privilege_type FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner)))
          UNION
          SELECT x.grantee, x.privilege_type || ' of columns'
          FROM pg_catalog.pg_attribute t, aclexplode(t.attacl) x
          WHERE t.attrelid = c.oid AND t.attacl IS NOT NULL AND NOT t.attisdropped) a
        LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee)) ORDER BY nspname, relname), '[]')
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\_%'),
  'definer_functions', (
    -- Only functions that run with their owner's rights give anybody more than they have.
    SELECT coalesce(json_agg(json_build_object(
      'schema', nspname, 'name', proname, 'owner', pg_get_userbyid(proowner),
      'grants', (
        SELECT coalesce(json_agg(json_build_array(coalesce(g.rolname, ''), a.privilege_type)), '[]')
        FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee)) ORDER BY nspname, proname, p.oid), '[]')
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE prosecdef AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\_%'),
  'default_grants', (
    SELECT coalesce(json_agg(json_build_object(
      'of', pg_get_userbyid(defaclrole), 'schema', n.nspname, 'kind', defaclobjtype,
      'grants', (
        SELECT coalesce(json_agg(json_build_array(coalesce(g.rolname, ''), a.privilege_type)), '[]')
        FROM aclexplode(d.defaclacl) a
        LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee)) ORDER BY 1), '[]')
    FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace),
  'user_mappings', (
    -- The options, where passwords are, are not asked for.
    SELECT coalesce(json_agg(json_build_object('server', srvname, 'role', usename) ORDER BY srvname, usename), '[]')
    FROM pg_catalog.pg_user_mappings)
)::text
