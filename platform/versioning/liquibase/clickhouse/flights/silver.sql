--liquibase formatted sql

--changeset onering:flights-silver-airlines
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

--changeset onering:flights-staging-airlines
--comment The candidate for silver.airlines; the same structure, else it can not be exchanged.
CREATE TABLE staging.airlines AS silver.airlines;
--rollback DROP TABLE staging.airlines;

--changeset onering:flights-silver-airports
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

--changeset onering:flights-staging-airports
--comment The candidate for silver.airports; the same structure, else it can not be exchanged.
CREATE TABLE staging.airports AS silver.airports;
--rollback DROP TABLE staging.airports;

--changeset onering:flights-silver-planes
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

--changeset onering:flights-staging-planes
--comment The candidate for silver.planes; the same structure, else it can not be exchanged.
CREATE TABLE staging.planes AS silver.planes;
--rollback DROP TABLE staging.planes;

--changeset onering:flights-silver-weather
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

--changeset onering:flights-staging-weather
--comment The candidate for silver.weather; the same structure, else it can not be exchanged.
CREATE TABLE staging.weather AS silver.weather;
--rollback DROP TABLE staging.weather;

--changeset onering:flights-silver-flights
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

--changeset onering:flights-staging-flights
--comment The candidate for silver.flights; the same structure, else it can not be exchanged.
CREATE TABLE staging.flights AS silver.flights;
--rollback DROP TABLE staging.flights;
