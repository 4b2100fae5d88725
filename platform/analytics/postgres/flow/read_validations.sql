SELECT layer, suite, result
FROM ops.validation_results
WHERE dataset = %(dataset)s AND run_id = %(run_id)s AND attempt = %(attempt)s
ORDER BY layer, suite
