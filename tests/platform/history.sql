-- Ten thousand runs of a dataset, with receipts, validations and entries of the outbox like those of flights.
INSERT INTO ops.runs (dataset, run_id, logical_date, state, started_at, silver_published_at, gold_published_at, ended_at)
SELECT 'history', to_char(at, 'YYYYMMDD"T"HH24MISS"Z"'), at, 'succeeded', at, at + interval '40 s', at + interval '60 s',
       at + interval '70 s'
FROM (SELECT date_trunc('second', now()) - number * interval '10 min' AS at FROM generate_series(1, 10000) AS number) AS times;
INSERT INTO ops.run_receipts (dataset, run_id, attempt, kind, name, measure, source, bronze, silver, quarantined, balanced)
SELECT 'history', run_id, 1, 'stream', 'stream ' || number, 'rows', 1000, 1000, 990, 10, true
FROM ops.runs CROSS JOIN generate_series(1, 4) AS number WHERE dataset = 'history';
WITH real AS (
    SELECT DISTINCT ON (layer) layer, suite, success, evaluated, successful, failed, result
    FROM ops.validation_results WHERE dataset = 'flights' ORDER BY layer, length(result::text)
)
INSERT INTO ops.validation_results (dataset, run_id, attempt, layer, suite, success, evaluated, successful, failed, result, validated_at)
SELECT 'history', run_id, 1, layer, real.suite, success, evaluated, successful, real.failed, result, ended_at
FROM ops.runs CROSS JOIN real WHERE dataset = 'history';
WITH real AS (
    SELECT DISTINCT ON (kind) kind, payload FROM ops.outbox WHERE dataset = 'flights' ORDER BY kind, length(payload::text)
)
INSERT INTO ops.outbox (dataset, run_id, kind, key, payload, written_at)
SELECT 'history', run_id, kind, kind || '/history/' || run_id, payload, ended_at
FROM ops.runs CROSS JOIN real WHERE dataset = 'history';
ANALYZE ops.runs, ops.run_receipts, ops.validation_results, ops.outbox;
