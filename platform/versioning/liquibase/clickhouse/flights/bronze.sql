--liquibase formatted sql

--changeset onering:flights-bronze-airlines
--comment What Bronze holds of airlines, all runs; reads the objects themselves with the rights of whoever asks.
CREATE VIEW bronze.airlines AS
SELECT
    splitByChar('/', _path)[-2] AS _run_id,
    _path AS _object,
    length(_airbyte_meta.changes) AS _changes,
    * EXCEPT (_airbyte_meta)
FROM s3(bronze, filename = 'flights/airlines/*/*.parquet', format = 'Parquet',
        structure = '_airbyte_raw_id String, _airbyte_extracted_at DateTime64(3, ''UTC''), _airbyte_meta Tuple(sync_id
            Int64, changes Array(Tuple(field String, change String, reason String))), carrier Nullable(String),
            name Nullable(String)');
--rollback DROP VIEW bronze.airlines;

--changeset onering:flights-bronze-airports
--comment What Bronze holds of airports, all runs; reads the objects themselves with the rights of whoever asks.
CREATE VIEW bronze.airports AS
SELECT
    splitByChar('/', _path)[-2] AS _run_id,
    _path AS _object,
    length(_airbyte_meta.changes) AS _changes,
    * EXCEPT (_airbyte_meta)
FROM s3(bronze, filename = 'flights/airports/*/*.parquet', format = 'Parquet',
        structure = '_airbyte_raw_id String, _airbyte_extracted_at DateTime64(3, ''UTC''), _airbyte_meta Tuple(sync_id
            Int64, changes Array(Tuple(field String, change String, reason String))), faa Nullable(String), name
            Nullable(String), lat Nullable(Float64), lon Nullable(Float64), alt Nullable(Float64), tz
            Nullable(Float64), dst Nullable(String), tzone Nullable(String)');
--rollback DROP VIEW bronze.airports;

--changeset onering:flights-bronze-planes
--comment What Bronze holds of planes, all runs; reads the objects themselves with the rights of whoever asks.
CREATE VIEW bronze.planes AS
SELECT
    splitByChar('/', _path)[-2] AS _run_id,
    _path AS _object,
    length(_airbyte_meta.changes) AS _changes,
    * EXCEPT (_airbyte_meta)
FROM s3(bronze, filename = 'flights/planes/*/*.parquet', format = 'Parquet',
        structure = '_airbyte_raw_id String, _airbyte_extracted_at DateTime64(3, ''UTC''), _airbyte_meta Tuple(sync_id
            Int64, changes Array(Tuple(field String, change String, reason String))), tailnum Nullable(String),
            year Nullable(Float64), type Nullable(String), manufacturer Nullable(String), model
            Nullable(String), engines Nullable(Float64), seats Nullable(Float64), speed Nullable(Float64),
            engine Nullable(String)');
--rollback DROP VIEW bronze.planes;

--changeset onering:flights-bronze-weather
--comment What Bronze holds of weather, all runs; reads the objects themselves with the rights of whoever asks.
CREATE VIEW bronze.weather AS
SELECT
    splitByChar('/', _path)[-2] AS _run_id,
    _path AS _object,
    length(_airbyte_meta.changes) AS _changes,
    * EXCEPT (_airbyte_meta)
FROM s3(bronze, filename = 'flights/weather/*/*.parquet', format = 'Parquet',
        structure = '_airbyte_raw_id String, _airbyte_extracted_at DateTime64(3, ''UTC''), _airbyte_meta Tuple(sync_id
            Int64, changes Array(Tuple(field String, change String, reason String))), origin Nullable(String),
            year Nullable(Float64), month Nullable(Float64), day Nullable(Float64), hour Nullable(Float64), temp
            Nullable(Float64), dewp Nullable(Float64), humid Nullable(Float64), wind_dir Nullable(Float64),
            wind_speed Nullable(Float64), wind_gust Nullable(Float64), precip Nullable(Float64), pressure
            Nullable(Float64), visib Nullable(Float64), time_hour Nullable(String)');
--rollback DROP VIEW bronze.weather;

--changeset onering:flights-bronze-flights
--comment What Bronze holds of flights, all runs; reads the objects themselves with the rights of whoever asks.
CREATE VIEW bronze.flights AS
SELECT
    splitByChar('/', _path)[-2] AS _run_id,
    _path AS _object,
    length(_airbyte_meta.changes) AS _changes,
    * EXCEPT (_airbyte_meta)
FROM s3(bronze, filename = 'flights/flights/*/*.parquet', format = 'Parquet',
        structure = '_airbyte_raw_id String, _airbyte_extracted_at DateTime64(3, ''UTC''), _airbyte_meta Tuple(sync_id
            Int64, changes Array(Tuple(field String, change String, reason String))), year Nullable(Float64),
            month Nullable(Float64), day Nullable(Float64), dep_time Nullable(Float64), sched_dep_time
            Nullable(Float64), dep_delay Nullable(Float64), arr_time Nullable(Float64), sched_arr_time
            Nullable(Float64), arr_delay Nullable(Float64), carrier Nullable(String), flight Nullable(Float64),
            tailnum Nullable(String), origin Nullable(String), dest Nullable(String), air_time
            Nullable(Float64), distance Nullable(Float64), hour Nullable(Float64), minute Nullable(Float64),
            time_hour Nullable(String)');
--rollback DROP VIEW bronze.flights;
