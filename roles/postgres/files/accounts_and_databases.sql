-- Accounts with the verifiers of their passwords, without those that may more than log in; databases with their owners.
SELECT
    (
        SELECT coalesce(json_object_agg(rolname, rolpassword), '{}')
        FROM pg_authid
        WHERE rolcanlogin AND NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)
    ) AS accounts,
    (
        SELECT json_object_agg(datname, pg_get_userbyid(datdba))
        FROM pg_database
    ) AS databases
