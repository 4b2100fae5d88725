INSERT INTO FUNCTION s3(silver, filename = {{ object | literal }}, format = 'Parquet')
SELECT * REPLACE (toString(_raw_id) AS _raw_id)
FROM silver.`{{ stream.name }}`
ORDER BY {{ stream.key | identifiers }}
SETTINGS s3_truncate_on_insert = 1
