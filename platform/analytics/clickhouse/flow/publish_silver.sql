{#- One statement: readers see the old table or the new one. Refused when the candidate is empty, unless it may be. -#}
ALTER TABLE silver.`{{ stream.name }}` REPLACE PARTITION tuple() FROM staging.`{{ stream.name }}`
{%- if stream.allow_empty %}
SETTINGS allow_replace_partition_from_empty_source = 1
{%- endif %}
