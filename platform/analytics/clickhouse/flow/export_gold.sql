INSERT INTO FUNCTION s3(gold, filename = {{ object | literal }}, format = 'Parquet')
SELECT {{ mart.column_names | identifiers }}
FROM curated.`{{ mart.name }}`
ORDER BY {{ mart.key | identifiers }}
SETTINGS s3_truncate_on_insert = 1
