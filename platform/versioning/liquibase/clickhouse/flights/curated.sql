--liquibase formatted sql

--changeset onering:flights-curated-punctuality
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

--changeset onering:flights-curated-weather
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

--changeset onering:flights-curated-routes
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
