{#- Also for a run that never opened. The first failure of an attempt is its cause; that of a task takes the place of
    an interruption, which is all that others can tell. An attempt that opens is running; a row that still says
    succeeded is of the attempt before, and what that published stands. -#}
INSERT INTO ops.runs AS run (dataset, run_id, logical_date, state, ended_at, failed_task, cause)
VALUES (%(dataset)s, %(run_id)s, %(logical_date)s, 'failed', now(), %(task)s, %(cause)s)
ON CONFLICT (dataset, run_id) DO UPDATE
SET state = 'failed', ended_at = now(), failed_task = excluded.failed_task, cause = excluded.cause
WHERE run.state = 'running' OR (run.state = 'failed' AND starts_with(run.cause, 'interrupted'))
