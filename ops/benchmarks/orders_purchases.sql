-- Purchases as the connector makes them, ten of ten users; the same on every run but for the raw ids.
INSERT INTO FUNCTION s3({url:String}, {account:String}, {secret:String}, 'Parquet')
SELECT
    toString(generateUUIDv7()) AS _airbyte_raw_id,
    now64(3, 'UTC') AS _airbyte_extracted_at,
    toInt64(0) AS _airbyte_generation_id,
    CAST((0, []), 'Tuple(sync_id Int64, changes Array(Tuple(field String, change String, reason String)))') AS _airbyte_meta,
    toInt64(number + 1) AS id,
    toInt64(intDiv(number, 10) * 10 + [1, 2, 3, 4, 5, 6, 8, 9, 9, 10][number % 10 + 1]) AS user_id,
    toInt64(1 + cityHash64(number, 'car') % 100) AS product_id,
    formatDateTime(created, '%Y-%m-%dT%H:%i:%S.000000') AS created_at,
    formatDateTime(added, '%Y-%m-%dT%H:%i:%S+00:00') AS added_to_cart_at,
    if(is_bought, formatDateTime(bought, '%Y-%m-%dT%H:%i:%S+00:00'), NULL) AS purchased_at,
    if(is_bought AND cityHash64(number, 'return') % 100 < 15,
        formatDateTime(bought + INTERVAL cityHash64(number, 'kept') % 900 DAY, '%Y-%m-%dT%H:%i:%S+00:00'), NULL) AS returned_at
FROM
(
    SELECT
        number,
        toDateTime('2000-01-01 00:00:00', 'UTC') + cityHash64(number, 'created') % 630720000 AS created,
        created + INTERVAL cityHash64(number, 'added') % 1000 DAY AS added,
        added + INTERVAL cityHash64(number, 'bought') % 1000 DAY AS bought,
        cityHash64(number, 'buys') % 100 < 70 AS is_bought
    FROM numbers({first:UInt64}, {records:UInt64})
)
