-- Users as the connector makes them, without what the dataset leaves at the source.
INSERT INTO FUNCTION s3({url:String}, {account:String}, {secret:String}, 'Parquet')
SELECT
    toString(generateUUIDv7()) AS _airbyte_raw_id,
    now64(3, 'UTC') AS _airbyte_extracted_at,
    toInt64(0) AS _airbyte_generation_id,
    CAST((0, []), 'Tuple(sync_id Int64, changes Array(Tuple(field String, change String, reason String)))') AS _airbyte_meta,
    toInt64(number + 1) AS id,
    formatDateTime(toDateTime('2000-01-01 00:00:00', 'UTC') + cityHash64(number, 'created') % 800000000,
        '%Y-%m-%dT%H:%i:%S+00:00') AS created_at,
    toInt64(16 + cityHash64(number, 'age') % 51) AS age,
    ['Female', 'Male', 'Fluid', 'Other'][cityHash64(number, 'gender') % 4 + 1] AS gender,
    concat('nation ', toString(cityHash64(number, 'nationality') % 60)) AS nationality,
    concat('language ', toString(cityHash64(number, 'language') % 90)) AS language,
    ['Bachelor', 'Master', 'PhD'][cityHash64(number, 'degree') % 3 + 1] AS academic_degree,
    concat('occupation ', toString(cityHash64(number, 'occupation') % 1000)) AS occupation
FROM numbers({first:UInt64}, {records:UInt64})
