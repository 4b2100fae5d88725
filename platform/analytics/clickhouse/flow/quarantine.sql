{#- The other records of one stream are kept with every reason. -#}
INSERT INTO quarantine.rejected (dataset, stream, run_id, raw_id, reasons, row)
SELECT {{ dataset | literal }}, {{ stream.name | literal }}, {{ run_id | literal }}, _raw_id, _reasons, _row
FROM
(
{% include "classify.sql" %}
)
WHERE notEmpty(_reasons)
