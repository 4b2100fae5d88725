SELECT count() AS records
FROM quarantine.rejected
WHERE dataset = {{ dataset | literal }} AND stream = {{ stream.name | literal }} AND run_id = {{ run_id | literal }}
