--liquibase formatted sql

--changeset onering:flights-gold-punctuality
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

--changeset onering:flights-gold-weather
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

--changeset onering:flights-gold-routes
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

--changeset onering:flights-gold-grants
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
