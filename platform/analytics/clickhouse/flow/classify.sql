{#- The records of one stream in one run, typed, each with the reasons that keep it out of Silver.
    `r` is a record as it came. Of records with the same key, the first that came is the one that stays: raw ids are
    UUIDv7, which sort by time as text (a UUID column sorts by its second half, which is random). -#}
SELECT
    *,
    if(empty(_faults) AND _number > 1, ['duplicate key: {{ stream.key | join(", ") }}'], _faults) AS _reasons
FROM
(
    SELECT
        *,
        row_number() OVER (PARTITION BY empty(_faults), {{ stream.key | identifiers }} ORDER BY toString(_raw_id)) AS _number
    FROM
    (
    SELECT
{%- for column in stream.columns %}
        {{ column | typed }} AS `{{ column.name }}`,
{%- endfor %}
        toUUID(r._airbyte_raw_id) AS _raw_id,
        toJSONString(map(
{%- for column in stream.columns %}
            '{{ column.name }}', toString(r.`{{ column.name }}`){{ "," if not loop.last }}
{%- endfor %})) AS _row,
        arrayConcat(
            arrayMap(change -> concat('unreadable: ', change.field), r._airbyte_meta.changes),
            arrayFilter(fault -> fault != '', [
{%- for column in stream.columns %}
                multiIf(
                    r.`{{ column.name }}` IS NOT NULL AND `{{ column.name }}` IS NULL, 'unreadable: {{ column.name }}',
{%- if not column.nullable %}
                    r.`{{ column.name }}` IS NULL, 'missing: {{ column.name }}',
{%- endif %}
{%- if column.minimum is not none %}
                    `{{ column.name }}` < {{ column.minimum }}, 'out of range: {{ column.name }}',
{%- endif %}
{%- if column.maximum is not none %}
                    `{{ column.name }}` > {{ column.maximum }}, 'out of range: {{ column.name }}',
{%- endif %}
{%- if column.values %}
                    `{{ column.name }}` NOT IN ({{ column.values | literals }}), 'not allowed: {{ column.name }}',
{%- endif %}
                    ''){{ "," if not loop.last }}
{%- endfor %}
            ])) AS _faults
    FROM s3(bronze, filename = {{ objects | literal }}, format = 'Parquet') AS r
    )
)
