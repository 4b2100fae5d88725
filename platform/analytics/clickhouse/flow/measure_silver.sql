SELECT {{ measure.silver }} AS value
FROM silver.`{{ measure.stream }}`
