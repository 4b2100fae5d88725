-- Schemas with their owners.
SELECT json_object_agg(nspname, pg_get_userbyid(nspowner)) AS schemas
FROM pg_namespace
