{#- The good records of one stream become the candidate for its Silver table, with their flags. -#}
INSERT INTO staging.`{{ stream.name }}` ({{ stream.business_names | identifiers }}, _raw_id, _run_id)
SELECT
    {{ stream.column_names | identifiers }},
{%- for flag in stream.flags %}
{%- if flag.expression %}
    {{ flag.expression }} AS `{{ flag.name }}`,
{%- else %}
    ifNull(({{ flag.columns | identifiers }}) IN (
        SELECT {{ flag.key | identifiers }}
        FROM staging.`{{ flag.stream }}`
{%- if flag.where %}
        WHERE {{ flag.where }}
{%- endif %}
    ), 0) AS `{{ flag.name }}`,
{%- endif %}
{%- endfor %}
    _raw_id,
    {{ run_id | literal }} AS _run_id
FROM
(
{% include "classify.sql" %}
)
WHERE empty(_reasons)
