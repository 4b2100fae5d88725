INSERT INTO ops.validation_results
    (dataset, run_id, attempt, layer, suite, success, evaluated, successful, failed, result)
VALUES
    (%(dataset)s, %(run_id)s, %(attempt)s, %(layer)s, %(suite)s, %(success)s,
     %(evaluated)s, %(successful)s, %(failed)s, %(result)s)
ON CONFLICT (dataset, run_id, attempt, layer, suite) DO UPDATE
SET success = excluded.success, evaluated = excluded.evaluated, successful = excluded.successful,
    failed = excluded.failed, result = excluded.result, validated_at = now()
