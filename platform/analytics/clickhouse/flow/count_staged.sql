SELECT count() AS records
FROM staging.`{{ stream.name }}`
