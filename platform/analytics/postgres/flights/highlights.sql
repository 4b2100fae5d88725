-- Three lines worth looking at: one column of text each, one line a mart.
(
    SELECT format(
        'Most punctual carrier of the year: %s, %s %% of its %s arrivals on time; least: %s, %s %%',
        (array_agg(carrier_name ORDER BY share DESC))[1],
        (array_agg(share ORDER BY share DESC))[1],
        (array_agg(arrived ORDER BY share DESC))[1],
        (array_agg(carrier_name ORDER BY share))[1],
        (array_agg(share ORDER BY share))[1]
    ) AS line
    FROM (
        SELECT carrier_name, sum(arrived) AS arrived, round(100.0 * sum(on_time) / sum(arrived), 1) AS share
        FROM gold.punctuality_by_carrier_month
        GROUP BY carrier_name
        HAVING sum(arrived) >= 1000
    ) AS carriers
)
UNION ALL
(
    SELECT format(
        'Worst weather at %s: %s, departures %s minutes late on average, %s %% cancelled',
        origin, condition, mean_departure_delay, cancelled_percent
    )
    FROM gold.delay_by_weather
    WHERE flights >= 100
    ORDER BY mean_departure_delay DESC
    LIMIT 1
)
UNION ALL
(
    SELECT format(
        'Busiest route: %s to %s (%s), %s flights, %s %% on time, %s minutes in the air on average',
        origin, dest, dest_name, flights, on_time_percent, mean_air_time
    )
    FROM gold.route_performance
    ORDER BY flights DESC
    LIMIT 1
);
