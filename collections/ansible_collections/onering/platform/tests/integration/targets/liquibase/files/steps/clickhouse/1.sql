--liquibase formatted sql

--changeset test:one
CREATE TABLE onering_test_silver.sales
(
    id UInt32,
    note LowCardinality(String) COMMENT 'it''s from onering_test_silver.sales; sold',
    amount UInt32 CODEC(Delta, ZSTD),
    at DateTime DEFAULT now()
)
ENGINE = MergeTree
ORDER BY id
TTL at + INTERVAL 1 YEAR;
--rollback DROP TABLE onering_test_silver.sales;

--changeset test:two
CREATE VIEW onering_test_silver.notes AS SELECT id FROM onering_test_silver.sales WHERE note != '';
--rollback DROP VIEW onering_test_silver.notes;
