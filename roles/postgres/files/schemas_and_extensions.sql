-- A database's schemas with their owners, and its extensions.
SELECT
    (SELECT json_object_agg(nspname, pg_get_userbyid(nspowner)) FROM pg_namespace) AS schemas,
    (SELECT json_agg(extname) FROM pg_extension) AS extensions
