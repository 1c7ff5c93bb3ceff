"""What a role may do beyond reading, as questions to the catalogue.

Each gives one column: what was found, in words. `mine` are the roles that the session is, or could become by
SET ROLE: rights count whether they are inherited or not.

Not asked for, because a READ ONLY transaction refuses it and ours are never committed: TEMP (PUBLIC has it),
large objects of one's own, LISTEN and NOTIFY. Foreign tables and user mappings: what a scan of one does on
the other server is that server's to allow.
"""

__all__ = ["FROM_PUBLIC", "QUESTIONS", "SUPERUSER"]

_MINE = """mine AS (SELECT oid, rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls
FROM pg_catalog.pg_roles
WHERE pg_catalog.pg_has_role(session_user, oid, 'MEMBER')
OR pg_catalog.pg_has_role(current_user, oid, 'MEMBER'))"""

SUPERUSER = f"""WITH {_MINE} SELECT CASE WHEN rolname IN (session_user, current_user) THEN 'it is a superuser'
    ELSE pg_catalog.format('it is a member of %I, a superuser', rolname) END
FROM mine WHERE rolsuper ORDER BY rolname <> session_user, rolname LIMIT 1"""

_ATTRIBUTES = f"""WITH {_MINE}
SELECT pg_catalog.format('%I has %s', rolname, pg_catalog.concat_ws(', ',
    CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
    CASE WHEN rolreplication THEN 'REPLICATION' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END))
FROM mine WHERE rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls ORDER BY rolname"""

_MEMBERSHIPS = f"""WITH {_MINE} SELECT pg_catalog.format('it is a member of %I', rolname) FROM mine
WHERE rolname = ANY ('{{pg_write_all_data, pg_read_server_files, pg_write_server_files,
    pg_execute_server_program, pg_signal_backend, pg_signal_autovacuum_worker, pg_maintain,
    pg_create_subscription, pg_checkpoint}}') ORDER BY rolname"""

# Tables, schemas, functions, large objects and all else that has an owner; what another session keeps in
# pg_temp ends with it.
_OWNED = f"""WITH {_MINE}
SELECT pg_catalog.format('it owns %s', pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid))
FROM pg_catalog.pg_shdepend AS d
WHERE d.refclassid = 'pg_catalog.pg_authid'::regclass AND d.refobjid IN (SELECT oid FROM mine)
AND d.deptype = 'o'
AND (d.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    OR d.classid = 'pg_catalog.pg_database'::regclass
    AND d.objid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))
AND pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) NOT LIKE '%pg!_temp!_%' ESCAPE '!'
ORDER BY d.classid, d.objid"""

# PUBLIC may update pg_settings, which is no more than SET.
_WRITABLE = f"""WITH {_MINE}
SELECT pg_catalog.format('it may %s %s', wanted.right_, c.oid::regclass)
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT pg_catalog.string_agg(DISTINCT one, ', ' ORDER BY one) AS right_
    FROM pg_catalog.unnest(CASE WHEN c.relkind = 'S' THEN '{{UPDATE, USAGE}}'::text[]
        WHEN pg_catalog.current_setting('server_version_num')::int >= 170000
        THEN '{{INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER, MAINTAIN}}'
        ELSE '{{INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER}}' END) AS one, mine
    WHERE CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(mine.oid, c.oid, one)
        WHEN pg_catalog.has_table_privilege(mine.oid, c.oid, one) THEN true
        WHEN one IN ('INSERT', 'UPDATE') THEN pg_catalog.has_any_column_privilege(mine.oid, c.oid, one)
        ELSE false END) AS wanted
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_(toast_)?temp'
AND wanted.right_ IS NOT NULL AND c.oid <> 'pg_catalog.pg_settings'::regclass
ORDER BY n.nspname, c.relname"""

_CREATES = f"""WITH {_MINE}
SELECT found FROM (
    SELECT 1 AS place, pg_catalog.format('it may CREATE in the database %I', d.datname) AS found
    FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()
    AND EXISTS (SELECT FROM mine WHERE pg_catalog.has_database_privilege(mine.oid, d.oid, 'CREATE'))
    UNION ALL SELECT 2, pg_catalog.format('it may CREATE in the schema %I', n.nspname)
    FROM pg_catalog.pg_namespace AS n WHERE n.nspname !~ '^pg_(toast_)?temp'
    AND EXISTS (SELECT FROM mine WHERE pg_catalog.has_schema_privilege(mine.oid, n.oid, 'CREATE'))
) AS creating
ORDER BY place, found"""

_LARGE_OBJECTS = f"""WITH {_MINE}
SELECT DISTINCT pg_catalog.format('it may UPDATE the large object %s', l.oid)
FROM pg_catalog.pg_largeobject_metadata AS l, pg_catalog.aclexplode(l.lomacl) AS a
WHERE a.privilege_type = 'UPDATE' AND (a.grantee = 0 OR a.grantee IN (SELECT oid FROM mine))"""

# What does its work outside of our transaction, and so outlives its rollback: other connections, files,
# programs. Functions in C are most of every extension, so that those are told by name. Triggers and
# procedures cannot be called by a query.
_ESCAPING = """pg_catalog.pg_proc AS p JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
LEFT JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid
    AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
WHERE p.prokind IN ('f', 'w') AND p.prorettype <> ALL ('{trigger, event_trigger}'::regtype[])
AND (l.lanname NOT IN ('c', 'internal') AND NOT l.lanpltrusted
    OR p.prosecdef AND p.provolatile = 'v' AND n.nspname <> 'pg_catalog'
    OR e.extname IN ('adminpack', 'aws_lambda', 'aws_s3', 'dblink', 'http', 'pg_background', 'pg_cron',
        'pg_net', 'plproxy')
    OR e.extname = 'orafce' AND n.nspname = 'utl_file'
    OR n.nspname = 'pg_catalog' AND p.proname IN ('lo_import', 'lo_export', 'pg_read_file',
        'pg_read_binary_file', 'pg_ls_dir', 'pg_stat_file', 'pg_file_write',
        'pg_file_rename', 'pg_file_unlink', 'pg_reload_conf',
        'pg_rotate_logfile', 'pg_promote', 'pg_switch_wal', 'pg_stat_reset',
        'pg_stat_reset_shared', 'pg_create_restore_point', 'pg_backup_start', 'pg_wal_replay_pause'))"""

_CALLABLE = f"""WITH {_MINE}
SELECT pg_catalog.format('it may call %s%s', p.oid::regprocedure, CASE
    WHEN l.lanname NOT IN ('c', 'internal') AND NOT l.lanpltrusted
    THEN pg_catalog.format(', which is in the untrusted language %I', l.lanname)
    WHEN p.prosecdef THEN pg_catalog.format(', which runs with the rights of %I (SECURITY DEFINER)',
        pg_catalog.pg_get_userbyid(p.proowner)) ELSE '' END)
FROM {_ESCAPING}
AND (p.proowner NOT IN (SELECT oid FROM mine) OR NOT p.prosecdef)
AND EXISTS (SELECT FROM mine WHERE pg_catalog.has_function_privilege(mine.oid, p.oid, 'EXECUTE')
    AND pg_catalog.has_schema_privilege(mine.oid, n.oid, 'USAGE'))
ORDER BY p.oid::regprocedure::text"""

QUESTIONS = (_ATTRIBUTES, _MEMBERSHIPS, _OWNED, _WRITABLE, _CREATES, _LARGE_OBJECTS, _CALLABLE)

FROM_PUBLIC = f"""
SELECT pg_catalog.format('REVOKE CREATE ON DATABASE %I FROM PUBLIC;', datname)
FROM pg_catalog.pg_database, pg_catalog.aclexplode(datacl) AS a
WHERE datname = pg_catalog.current_database() AND a.grantee = 0 AND a.privilege_type = 'CREATE'
UNION ALL
SELECT pg_catalog.format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC;', nspname)
FROM pg_catalog.pg_namespace, pg_catalog.aclexplode(nspacl) AS a
WHERE a.grantee = 0 AND a.privilege_type = 'CREATE' AND nspname !~ '^pg_(toast_)?temp'
UNION ALL
SELECT pg_catalog.format('REVOKE %s FROM PUBLIC;', pg_catalog.string_agg(DISTINCT a.privilege_type, ', ')
    || CASE c.relkind WHEN 'S' THEN ' ON SEQUENCE ' ELSE ' ON TABLE ' END || c.oid::regclass)
FROM pg_catalog.pg_class AS c, pg_catalog.aclexplode(c.relacl) AS a
WHERE a.grantee = 0 AND a.privilege_type NOT IN ('SELECT', 'REFERENCES')
AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.oid <> 'pg_catalog.pg_settings'::regclass
GROUP BY c.oid, c.relkind
UNION ALL
SELECT pg_catalog.format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC;',
    pg_catalog.string_agg(p.oid::regprocedure::text, ', ' ORDER BY p.proname))
FROM {_ESCAPING}
AND EXISTS (SELECT FROM pg_catalog.aclexplode(COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner))) AS a
    WHERE a.grantee = 0)
HAVING pg_catalog.count(*) > 0"""
