SELECT count() AS records
{%- if fact.reason %}
FROM quarantine.rejected
WHERE dataset = {{ dataset | literal }} AND stream = {{ fact.stream | literal }} AND run_id = {{ run_id | literal }}
  AND arrayExists(reason -> startsWith(reason, {{ fact.reason | literal }}), reasons)
{%- else %}
FROM silver.`{{ fact.stream }}`
WHERE {{ fact.where }}
SETTINGS prefer_column_name_to_alias = 1
{%- endif %}
