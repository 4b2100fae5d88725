--liquibase formatted sql

--changeset onering:quarantine-rejected
--comment Rows that were not let into Silver, of all datasets, each with every reason and the row as it came.
CREATE TABLE quarantine.rejected
(
    dataset LowCardinality(String),
    stream LowCardinality(String),
    run_id LowCardinality(String),
    raw_id UUID COMMENT 'the record''s _airbyte_raw_id in Bronze',
    reasons Array(LowCardinality(String)) COMMENT 'kind: column',
    row String COMMENT 'the record as JSON, as Bronze has it',
    rejected_at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = MergeTree
ORDER BY (dataset, stream, run_id, raw_id);
--rollback DROP TABLE quarantine.rejected;
