INSERT INTO ops.runs AS run (dataset, run_id, logical_date, state)
VALUES (%(dataset)s, %(run_id)s, %(logical_date)s, 'running')
ON CONFLICT (dataset, run_id) DO UPDATE
SET state = 'running', attempt = run.attempt + 1, started_at = now(), ended_at = NULL, failed_task = NULL, cause = NULL, notes = NULL
RETURNING attempt
