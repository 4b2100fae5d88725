SELECT {{ measure.silver }} AS value
FROM silver.`{{ measure.stream }}`
SETTINGS prefer_column_name_to_alias = 1
