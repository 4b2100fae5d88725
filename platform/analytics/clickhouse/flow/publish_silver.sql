{#- One statement: readers see the old table or the new one. Refused when the candidate is empty. -#}
ALTER TABLE silver.`{{ stream.name }}` REPLACE PARTITION tuple() FROM staging.`{{ stream.name }}`
