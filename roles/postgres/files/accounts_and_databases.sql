-- Accounts with the verifiers of their passwords, without those that may more than log in, and with the groups of each;
-- groups, without those that may something by themselves; databases with their owners.
SELECT
    (
        SELECT coalesce(json_object_agg(rolname, rolpassword), '{}')
        FROM pg_authid
        WHERE rolcanlogin AND NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)
    ) AS accounts,
    (
        SELECT coalesce(json_agg(rolname), '[]')
        FROM pg_roles
        WHERE NOT (rolcanlogin OR rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)
    ) AS groups,
    (
        SELECT
            json_object_agg(rolname, ARRAY(
                SELECT roleid::regrole::text FROM pg_auth_members WHERE member = account.oid ORDER BY 1
            ))
        FROM pg_roles AS account
        WHERE rolcanlogin
    ) AS memberships,
    (
        SELECT json_object_agg(datname, pg_get_userbyid(datdba))
        FROM pg_database
    ) AS databases
