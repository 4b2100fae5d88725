SELECT count() AS records
FROM s3(bronze, filename = {{ objects | literal }}, format = 'Parquet')
