--liquibase formatted sql

--changeset onering:canary-silver dbms:clickhouse
--comment The row that `make verify` sends; empty between two checks.
CREATE TABLE silver.canary
(
    id UInt8,
    mark String,
    _raw_id UUID COMMENT 'the record''s _airbyte_raw_id in Bronze',
    _run_id LowCardinality(String),
    _loaded_at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = MergeTree
ORDER BY (id);
--rollback DROP TABLE silver.canary;

--changeset onering:canary-staging dbms:clickhouse
--comment The candidate for silver.canary; the same structure, else it can not be exchanged.
CREATE TABLE staging.canary AS silver.canary;
--rollback DROP TABLE staging.canary;

--changeset onering:canary-bronze dbms:clickhouse
--comment What Bronze holds of the row; reads the objects themselves with the rights of whoever asks.
CREATE VIEW bronze.canary AS
SELECT
    splitByChar('/', _path)[-2] AS _run_id,
    _path AS _object,
    length(_airbyte_meta.changes) AS _changes,
    * EXCEPT (_airbyte_meta)
FROM s3(bronze, filename = 'canary/canary/*/*.parquet', format = 'Parquet',
        structure = '_airbyte_raw_id String, _airbyte_extracted_at DateTime64(3, ''UTC''), _airbyte_meta Tuple(sync_id
            Int64, changes Array(Tuple(field String, change String, reason String))), id Nullable(Float64),
            mark Nullable(String)');
--rollback DROP VIEW bronze.canary;

--changeset onering:canary-curated dbms:clickhouse
--comment Did the marked row arrive?
CREATE VIEW curated.canary_marks AS
SELECT
    mark AS mark,
    count() AS arrived
FROM silver.canary
GROUP BY mark;
--rollback DROP VIEW curated.canary_marks;

--changeset onering:canary-gold dbms:postgresql
CREATE TABLE gold.canary_marks (
    mark text NOT NULL,
    arrived bigint NOT NULL,
    PRIMARY KEY (mark)
);
COMMENT ON TABLE gold.canary_marks IS 'Did the marked row arrive? Empty between two checks';
CREATE TABLE staging.canary_marks (LIKE gold.canary_marks INCLUDING ALL);
--rollback DROP TABLE staging.canary_marks;
--rollback DROP TABLE gold.canary_marks;

--changeset onering:canary-grants dbms:postgresql
--comment The publisher replaces, quality reads.
GRANT SELECT, INSERT, DELETE ON gold.canary_marks TO publisher;
GRANT SELECT, INSERT, DELETE, TRUNCATE ON staging.canary_marks TO publisher;
GRANT SELECT ON gold.canary_marks, staging.canary_marks TO quality;
--rollback REVOKE ALL ON gold.canary_marks, staging.canary_marks FROM publisher, quality;
