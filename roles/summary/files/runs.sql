-- The last runs, and receipts and checks of each dataset's newest run, as one JSON object.
WITH newest AS (
    SELECT DISTINCT ON (dataset) dataset, run_id, attempt
    FROM ops.runs
    ORDER BY dataset, started_at DESC
)
SELECT json_build_object(
    'runs', (
        SELECT coalesce(json_agg(r), '[]'::json)
        FROM (
            SELECT
                dataset, run_id, attempt, state, failed_task, cause, notes,
                to_char(logical_date AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS logical_date,
                to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS started,
                round(extract(EPOCH FROM coalesce(ended_at, now()) - started_at))::int AS seconds
            FROM ops.runs
            ORDER BY started_at DESC
            LIMIT 10
        ) AS r
    ),
    'receipts', (
        SELECT coalesce(json_agg(r), '[]'::json)
        FROM (
            SELECT
                dataset, kind, name, measure, source::float8, bronze::float8, silver::float8, quarantined::float8, gold::float8,
                expected::float8, balanced
            FROM ops.run_receipts
            INNER JOIN newest USING (dataset, run_id, attempt)
            ORDER BY dataset, kind DESC, name, measure
        ) AS r
    ),
    'checks', (
        SELECT coalesce(json_agg(r), '[]'::json)
        FROM (
            SELECT dataset, layer, sum(successful)::int AS passed, sum(failed)::int AS failed
            FROM ops.validation_results
            INNER JOIN newest USING (dataset, run_id, attempt)
            GROUP BY dataset, layer
            ORDER BY dataset, array_position(ARRAY['bronze', 'silver', 'gold'], layer)
        ) AS r
    )
) AS flow;
