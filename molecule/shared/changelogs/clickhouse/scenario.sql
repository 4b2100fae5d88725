--liquibase formatted sql

--changeset onering:scenario-table
CREATE TABLE silver.scenario (id UInt32) ENGINE = MergeTree ORDER BY id;
--rollback DROP TABLE silver.scenario;

--changeset onering:scenario-view
CREATE VIEW curated.scenario AS SELECT id FROM silver.scenario;
--rollback DROP VIEW curated.scenario;
