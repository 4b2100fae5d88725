SELECT reason, count() AS records
FROM quarantine.rejected
ARRAY JOIN reasons AS reason
WHERE dataset = {{ dataset | literal }} AND stream = {{ stream.name | literal }} AND run_id = {{ run_id | literal }}
GROUP BY reason
ORDER BY records DESC, reason
