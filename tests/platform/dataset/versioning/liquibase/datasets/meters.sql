--liquibase formatted sql

--changeset onering:meters-silver dbms:clickhouse
--comment Readings. Unpartitioned: replaced as a whole, in one statement.
CREATE TABLE silver.readings
(
    meter LowCardinality(String),
    day Date,
    kwh Float64,
    tariff LowCardinality(String),
    _raw_id UUID COMMENT 'the record''s _airbyte_raw_id in Bronze',
    _run_id LowCardinality(String),
    _loaded_at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = MergeTree
ORDER BY (meter, day);
--rollback DROP TABLE silver.readings;

--changeset onering:meters-staging dbms:clickhouse
CREATE TABLE staging.readings AS silver.readings;
--rollback DROP TABLE staging.readings;

--changeset onering:meters-bronze dbms:clickhouse
CREATE VIEW bronze.readings AS
SELECT
    splitByChar('/', _path)[-2] AS _run_id,
    _path AS _object,
    length(_airbyte_meta.changes) AS _changes,
    * EXCEPT (_airbyte_meta)
FROM s3(bronze, filename = 'meters/readings/*/*.parquet', format = 'Parquet',
        structure = '_airbyte_raw_id String, _airbyte_extracted_at DateTime64(3, ''UTC''), _airbyte_meta Tuple(sync_id
            Int64, changes Array(Tuple(field String, change String, reason String))), meter Nullable(String), day
            Nullable(String), kwh Nullable(Float64), tariff Nullable(String)');
--rollback DROP VIEW bronze.readings;

--changeset onering:meters-curated dbms:clickhouse
CREATE VIEW curated.consumption_by_tariff AS
SELECT
    tariff AS tariff,
    count() AS readings,
    uniqExact(meter) AS meters,
    round(sum(kwh), 2) AS kwh
FROM silver.readings
GROUP BY tariff;
--rollback DROP VIEW curated.consumption_by_tariff;

--changeset onering:meters-gold dbms:postgresql
CREATE TABLE gold.consumption_by_tariff (
    tariff text PRIMARY KEY,
    readings bigint NOT NULL,
    meters bigint NOT NULL,
    kwh numeric(12, 2) NOT NULL
);
COMMENT ON TABLE gold.consumption_by_tariff IS 'What is used at which tariff?';
CREATE TABLE staging.consumption_by_tariff (LIKE gold.consumption_by_tariff INCLUDING ALL);
--rollback DROP TABLE staging.consumption_by_tariff;
--rollback DROP TABLE gold.consumption_by_tariff;

--changeset onering:meters-gold-grants dbms:postgresql
GRANT SELECT, INSERT, DELETE ON gold.consumption_by_tariff TO publisher;
GRANT SELECT, INSERT, DELETE, TRUNCATE ON staging.consumption_by_tariff TO publisher;
GRANT SELECT ON gold.consumption_by_tariff, staging.consumption_by_tariff TO quality;
--rollback REVOKE ALL ON gold.consumption_by_tariff, staging.consumption_by_tariff FROM publisher, quality;
