SELECT ({{ measure.gold }})::numeric AS value
FROM gold."{{ mart.name }}"
