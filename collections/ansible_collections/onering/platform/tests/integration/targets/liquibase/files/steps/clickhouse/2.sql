--liquibase formatted sql

--changeset test:three
CREATE MATERIALIZED VIEW onering_test_silver.per_note ENGINE = SummingMergeTree ORDER BY note
AS SELECT note, count() AS sold FROM `onering_test_silver`.sales GROUP BY note;
--rollback DROP VIEW onering_test_silver.per_note;

--changeset test:four
ALTER TABLE onering_test_silver.sales ADD COLUMN sold_at DateTime;
--rollback ALTER TABLE onering_test_silver.sales DROP COLUMN sold_at;
