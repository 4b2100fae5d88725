--liquibase formatted sql

--changeset onering:readers-grants
--comment The group readers sees the books and Gold, also tables that are yet to be made: for metrics, dashboards and reports.
GRANT USAGE ON SCHEMA ops, gold TO readers;
GRANT SELECT ON ALL TABLES IN SCHEMA ops, gold TO readers;
ALTER DEFAULT PRIVILEGES IN SCHEMA ops, gold GRANT SELECT ON TABLES TO readers;
--rollback ALTER DEFAULT PRIVILEGES IN SCHEMA ops, gold REVOKE SELECT ON TABLES FROM readers;
--rollback REVOKE ALL ON ALL TABLES IN SCHEMA ops, gold FROM readers;
--rollback REVOKE ALL ON SCHEMA ops, gold FROM readers;

--changeset onering:readers-statements splitStatements:false
--comment What statements of this database took, without their values. Its owner may read statistics; readers may call it, and see no session.
CREATE FUNCTION ops.statements()
RETURNS TABLE (account text, calls bigint, mean_ms double precision, total_ms double precision, statement text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    RETURN QUERY
    SELECT s.userid::regrole::text, s.calls, s.mean_exec_time, s.total_exec_time, s.query
    FROM public.pg_stat_statements AS s
    WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database());
END
$$;
--rollback DROP FUNCTION ops.statements();

--changeset onering:readers-statements-grants
REVOKE ALL ON FUNCTION ops.statements() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.statements() TO readers;
--rollback REVOKE ALL ON FUNCTION ops.statements() FROM readers;
