--liquibase formatted sql

--changeset onering:flights-silver-airlines dbms:clickhouse
--comment Carriers. Unpartitioned: replaced as a whole, in one statement.
CREATE TABLE silver.airlines
(
    carrier LowCardinality(String) COMMENT 'two-letter code',
    name String,
    _raw_id UUID COMMENT 'the record''s _airbyte_raw_id in Bronze',
    _run_id LowCardinality(String),
    _loaded_at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = MergeTree
ORDER BY (carrier);
--rollback DROP TABLE silver.airlines;

--changeset onering:flights-staging-airlines dbms:clickhouse
--comment The candidate for silver.airlines; the same structure, else it can not be exchanged.
CREATE TABLE staging.airlines AS silver.airlines;
--rollback DROP TABLE staging.airlines;

--changeset onering:flights-silver-airports dbms:clickhouse
--comment Airports. Unpartitioned: replaced as a whole, in one statement.
CREATE TABLE silver.airports
(
    faa LowCardinality(String) COMMENT 'code of the airport',
    name String,
    lat Float64 COMMENT 'degrees north',
    lon Float64 COMMENT 'degrees east',
    alt Int16 COMMENT 'feet',
    tz Int8 COMMENT 'hours from UTC',
    dst LowCardinality(String) COMMENT 'A: as in the USA, N: none, U: unknown',
    tzone Nullable(String) COMMENT 'IANA time zone',
    _raw_id UUID COMMENT 'the record''s _airbyte_raw_id in Bronze',
    _run_id LowCardinality(String),
    _loaded_at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = MergeTree
ORDER BY (faa);
--rollback DROP TABLE silver.airports;

--changeset onering:flights-staging-airports dbms:clickhouse
--comment The candidate for silver.airports; the same structure, else it can not be exchanged.
CREATE TABLE staging.airports AS silver.airports;
--rollback DROP TABLE staging.airports;

--changeset onering:flights-silver-planes dbms:clickhouse
--comment Aircraft, as registered. Unpartitioned: replaced as a whole, in one statement.
CREATE TABLE silver.planes
(
    tailnum String,
    year Nullable(UInt16) COMMENT 'of manufacture',
    type LowCardinality(String),
    manufacturer LowCardinality(String),
    model LowCardinality(String),
    engines UInt8,
    seats UInt16,
    speed Nullable(UInt16) COMMENT 'cruising, miles an hour',
    engine LowCardinality(String) COMMENT 'kind of engine',
    _raw_id UUID COMMENT 'the record''s _airbyte_raw_id in Bronze',
    _run_id LowCardinality(String),
    _loaded_at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = MergeTree
ORDER BY (tailnum);
--rollback DROP TABLE silver.planes;

--changeset onering:flights-staging-planes dbms:clickhouse
--comment The candidate for silver.planes; the same structure, else it can not be exchanged.
CREATE TABLE staging.planes AS silver.planes;
--rollback DROP TABLE staging.planes;

--changeset onering:flights-silver-weather dbms:clickhouse
--comment Hourly observations at the airports of departure. Unpartitioned: replaced as a whole, in one statement.
CREATE TABLE silver.weather
(
    origin LowCardinality(String),
    year UInt16 COMMENT 'local time',
    month UInt8 COMMENT 'local time',
    day UInt8 COMMENT 'local time',
    hour UInt8 COMMENT 'local time',
    temp Nullable(Float64) COMMENT 'Fahrenheit',
    dewp Nullable(Float64) COMMENT 'Fahrenheit',
    humid Nullable(Float64) COMMENT 'percent',
    wind_dir Nullable(UInt16) COMMENT 'degrees',
    wind_speed Nullable(Float64) COMMENT 'miles an hour',
    wind_gust Nullable(Float64) COMMENT 'miles an hour',
    precip Float64 COMMENT 'inches in the hour',
    pressure Nullable(Float64) COMMENT 'millibars',
    visib Float64 COMMENT 'miles',
    time_hour DateTime('UTC') COMMENT 'the hour, in UTC',
    _raw_id UUID COMMENT 'the record''s _airbyte_raw_id in Bronze',
    _run_id LowCardinality(String),
    _loaded_at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = MergeTree
ORDER BY (origin, time_hour, hour);
--rollback DROP TABLE silver.weather;

--changeset onering:flights-staging-weather dbms:clickhouse
--comment The candidate for silver.weather; the same structure, else it can not be exchanged.
CREATE TABLE staging.weather AS silver.weather;
--rollback DROP TABLE staging.weather;

--changeset onering:flights-silver-flights dbms:clickhouse
--comment Departures. Unpartitioned: replaced as a whole, in one statement.
CREATE TABLE silver.flights
(
    year UInt16 COMMENT 'local time',
    month UInt8 COMMENT 'local time',
    day UInt8 COMMENT 'local time',
    dep_time Nullable(UInt16) COMMENT 'HHMM, local time',
    sched_dep_time UInt16 COMMENT 'HHMM, local time',
    dep_delay Nullable(Int16) COMMENT 'minutes; negative: early',
    arr_time Nullable(UInt16) COMMENT 'HHMM, local time',
    sched_arr_time UInt16 COMMENT 'HHMM, local time',
    arr_delay Nullable(Int16) COMMENT 'minutes; negative: early',
    carrier LowCardinality(String),
    flight UInt16 COMMENT 'number of the flight',
    tailnum Nullable(String),
    origin LowCardinality(String),
    dest LowCardinality(String),
    air_time Nullable(UInt16) COMMENT 'minutes',
    distance UInt16 COMMENT 'miles',
    hour UInt8 COMMENT 'of the scheduled departure',
    minute UInt8 COMMENT 'of the scheduled departure',
    time_hour DateTime('UTC') COMMENT 'the hour of the scheduled departure, in UTC',
    is_cancelled Bool COMMENT 'never departed',
    has_carrier Bool COMMENT 'its carrier is in airlines',
    has_origin Bool COMMENT 'its origin is in airports',
    has_dest Bool COMMENT 'its destination is in airports',
    has_plane Bool COMMENT 'its tail number is in planes',
    has_weather Bool COMMENT 'the hour of its departure has an observation with a temperature',
    _raw_id UUID COMMENT 'the record''s _airbyte_raw_id in Bronze',
    _run_id LowCardinality(String),
    _loaded_at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = MergeTree
ORDER BY (time_hour, carrier, flight);
--rollback DROP TABLE silver.flights;

--changeset onering:flights-staging-flights dbms:clickhouse
--comment The candidate for silver.flights; the same structure, else it can not be exchanged.
CREATE TABLE staging.flights AS silver.flights;
--rollback DROP TABLE staging.flights;

--changeset onering:flights-bronze-airlines dbms:clickhouse
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

--changeset onering:flights-bronze-airports dbms:clickhouse
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

--changeset onering:flights-bronze-planes dbms:clickhouse
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

--changeset onering:flights-bronze-weather dbms:clickhouse
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

--changeset onering:flights-bronze-flights dbms:clickhouse
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

--changeset onering:flights-curated-punctuality dbms:clickhouse
--comment How punctual is each carrier, month by month? On time: arrived less than 15 minutes late (the US measure).
CREATE VIEW curated.punctuality_by_carrier_month AS
SELECT
    f.carrier AS carrier,
    any(a.name) AS carrier_name,
    makeDate(f.year, f.month, 1) AS month,
    count() AS flights,
    countIf(f.is_cancelled) AS cancelled,
    countIf(f.arr_delay IS NOT NULL) AS arrived,
    countIf(f.arr_delay < 15) AS on_time,
    round(100 * countIf(f.is_cancelled) / count(), 2) AS cancelled_percent,
    round(100 * countIf(f.arr_delay < 15) / nullIf(countIf(f.arr_delay IS NOT NULL), 0), 2) AS on_time_percent,
    sum(ifNull(f.dep_delay, 0)) AS departure_delay_minutes,
    round(sum(f.arr_delay) / nullIf(countIf(f.arr_delay IS NOT NULL), 0), 2) AS mean_arrival_delay,
    quantileExactIf(0.9)(assumeNotNull(f.arr_delay), f.arr_delay IS NOT NULL) AS p90_arrival_delay
FROM silver.flights AS f
LEFT JOIN silver.airlines AS a ON a.carrier = f.carrier
GROUP BY f.carrier, f.year, f.month;
--rollback DROP VIEW curated.punctuality_by_carrier_month;

--changeset onering:flights-curated-weather dbms:clickhouse
--comment What does weather cost? Each flight counts under the worst condition of its hour.
CREATE VIEW curated.delay_by_weather AS
SELECT
    f.origin AS origin,
    multiIf(
        NOT f.has_weather, 'unknown',
        w.visib < 1, 'fog',
        w.precip >= 0.1, 'heavy rain or snow',
        w.wind_speed >= 25, 'strong wind',
        w.precip > 0, 'light rain or snow',
        w.visib < 5, 'haze',
        'fair') AS condition,
    count() AS flights,
    countIf(f.is_cancelled) AS cancelled,
    countIf(f.dep_delay >= 15) AS delayed,
    round(100 * countIf(f.is_cancelled) / count(), 2) AS cancelled_percent,
    round(100 * countIf(f.dep_delay >= 15) / nullIf(countIf(f.dep_delay IS NOT NULL), 0), 2) AS delayed_percent,
    sum(ifNull(f.dep_delay, 0)) AS departure_delay_minutes,
    round(sum(f.dep_delay) / nullIf(countIf(f.dep_delay IS NOT NULL), 0), 2) AS mean_departure_delay
FROM silver.flights AS f
LEFT JOIN silver.weather AS w ON w.origin = f.origin AND w.time_hour = f.time_hour
GROUP BY origin, condition;
--rollback DROP VIEW curated.delay_by_weather;

--changeset onering:flights-curated-routes dbms:clickhouse
--comment How does each route perform? Destinations that are not in airports stay, without a name.
CREATE VIEW curated.route_performance AS
SELECT
    f.origin AS origin,
    f.dest AS dest,
    nullIf(any(d.name), '') AS dest_name,
    max(f.distance) AS distance,
    uniqExact(f.carrier) AS carriers,
    count() AS flights,
    countIf(f.is_cancelled) AS cancelled,
    countIf(f.arr_delay < 15) AS on_time,
    round(100 * countIf(f.arr_delay < 15) / nullIf(countIf(f.arr_delay IS NOT NULL), 0), 2) AS on_time_percent,
    sum(ifNull(f.dep_delay, 0)) AS departure_delay_minutes,
    round(sum(f.arr_delay) / nullIf(countIf(f.arr_delay IS NOT NULL), 0), 2) AS mean_arrival_delay,
    round(sum(f.air_time) / nullIf(countIf(f.air_time IS NOT NULL), 0), 1) AS mean_air_time
FROM silver.flights AS f
LEFT JOIN silver.airports AS d ON d.faa = f.dest
GROUP BY f.origin, f.dest;
--rollback DROP VIEW curated.route_performance;

--changeset onering:flights-gold-punctuality dbms:postgresql
CREATE TABLE gold.punctuality_by_carrier_month (
    carrier text NOT NULL,
    carrier_name text NOT NULL,
    month date NOT NULL,
    flights bigint NOT NULL,
    cancelled bigint NOT NULL,
    arrived bigint NOT NULL,
    on_time bigint NOT NULL,
    cancelled_percent numeric(5, 2) NOT NULL,
    on_time_percent numeric(5, 2),
    departure_delay_minutes bigint NOT NULL,
    mean_arrival_delay numeric(8, 2),
    p90_arrival_delay integer,
    PRIMARY KEY (carrier, month)
);
COMMENT ON TABLE gold.punctuality_by_carrier_month IS
    'How punctual is each carrier, month by month? On time: arrived less than 15 minutes late';
CREATE TABLE staging.punctuality_by_carrier_month (LIKE gold.punctuality_by_carrier_month INCLUDING ALL);
--rollback DROP TABLE staging.punctuality_by_carrier_month;
--rollback DROP TABLE gold.punctuality_by_carrier_month;

--changeset onering:flights-gold-weather dbms:postgresql
CREATE TABLE gold.delay_by_weather (
    origin text NOT NULL,
    condition text NOT NULL,
    flights bigint NOT NULL,
    cancelled bigint NOT NULL,
    delayed bigint NOT NULL,
    cancelled_percent numeric(5, 2) NOT NULL,
    delayed_percent numeric(5, 2),
    departure_delay_minutes bigint NOT NULL,
    mean_departure_delay numeric(8, 2),
    PRIMARY KEY (origin, condition)
);
COMMENT ON TABLE gold.delay_by_weather IS
    'What does weather cost? Each flight counts under the worst condition of its hour';
CREATE TABLE staging.delay_by_weather (LIKE gold.delay_by_weather INCLUDING ALL);
--rollback DROP TABLE staging.delay_by_weather;
--rollback DROP TABLE gold.delay_by_weather;

--changeset onering:flights-gold-routes dbms:postgresql
CREATE TABLE gold.route_performance (
    origin text NOT NULL,
    dest text NOT NULL,
    dest_name text,
    distance integer NOT NULL,
    carriers integer NOT NULL,
    flights bigint NOT NULL,
    cancelled bigint NOT NULL,
    on_time bigint NOT NULL,
    on_time_percent numeric(5, 2),
    departure_delay_minutes bigint NOT NULL,
    mean_arrival_delay numeric(8, 2),
    mean_air_time numeric(6, 1),
    PRIMARY KEY (origin, dest)
);
COMMENT ON TABLE gold.route_performance IS 'How does each route perform?';
CREATE TABLE staging.route_performance (LIKE gold.route_performance INCLUDING ALL);
--rollback DROP TABLE staging.route_performance;
--rollback DROP TABLE gold.route_performance;

--changeset onering:flights-gold-grants dbms:postgresql
--comment The publisher replaces, quality reads.
GRANT USAGE ON SCHEMA gold, staging TO publisher, quality;
GRANT SELECT, INSERT, DELETE
    ON gold.punctuality_by_carrier_month, gold.delay_by_weather, gold.route_performance
    TO publisher;
GRANT SELECT, INSERT, DELETE, TRUNCATE
    ON staging.punctuality_by_carrier_month, staging.delay_by_weather, staging.route_performance
    TO publisher;
GRANT SELECT
    ON gold.punctuality_by_carrier_month, gold.delay_by_weather, gold.route_performance,
       staging.punctuality_by_carrier_month, staging.delay_by_weather, staging.route_performance
    TO quality;
--rollback REVOKE ALL ON gold.punctuality_by_carrier_month, staging.punctuality_by_carrier_month FROM publisher, quality;
--rollback REVOKE ALL ON gold.delay_by_weather, staging.delay_by_weather FROM publisher, quality;
--rollback REVOKE ALL ON gold.route_performance, staging.route_performance FROM publisher, quality;
