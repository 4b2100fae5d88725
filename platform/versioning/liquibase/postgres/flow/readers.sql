--liquibase formatted sql

--changeset onering:readers-grants
--comment The group readers sees the books and Gold, also tables that are yet to be made: for metrics, dashboards and reports.
GRANT USAGE ON SCHEMA ops, gold TO readers;
GRANT SELECT ON ALL TABLES IN SCHEMA ops, gold TO readers;
ALTER DEFAULT PRIVILEGES IN SCHEMA ops, gold GRANT SELECT ON TABLES TO readers;
--rollback ALTER DEFAULT PRIVILEGES IN SCHEMA ops, gold REVOKE SELECT ON TABLES FROM readers;
--rollback REVOKE ALL ON ALL TABLES IN SCHEMA ops, gold FROM readers;
--rollback REVOKE ALL ON SCHEMA ops, gold FROM readers;
