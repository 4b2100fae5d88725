--liquibase formatted sql

--changeset onering:orders-silver-products dbms:clickhouse
--comment Cars. Unpartitioned: replaced as a whole, in one statement.
CREATE TABLE silver.products
(
    id UInt32,
    make LowCardinality(String),
    model LowCardinality(String),
    year UInt16 COMMENT 'of manufacture',
    price UInt32 COMMENT 'whole dollars',
    created_at DateTime('UTC'),
    _raw_id UUID COMMENT 'the record''s _airbyte_raw_id in Bronze',
    _run_id LowCardinality(String),
    _loaded_at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = MergeTree
ORDER BY (id);
--rollback DROP TABLE silver.products;

--changeset onering:orders-staging-products dbms:clickhouse
--comment The candidate for silver.products; the same structure, else it can not be exchanged.
CREATE TABLE staging.products AS silver.products;
--rollback DROP TABLE staging.products;

--changeset onering:orders-silver-users dbms:clickhouse
--comment Users, without what names them. Unpartitioned: replaced as a whole, in one statement.
CREATE TABLE silver.users
(
    id UInt32,
    created_at DateTime('UTC'),
    age UInt8 COMMENT 'years',
    gender LowCardinality(String),
    nationality LowCardinality(String),
    language LowCardinality(String),
    academic_degree LowCardinality(String),
    occupation LowCardinality(String),
    _raw_id UUID COMMENT 'the record''s _airbyte_raw_id in Bronze',
    _run_id LowCardinality(String),
    _loaded_at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = MergeTree
ORDER BY (id);
--rollback DROP TABLE silver.users;

--changeset onering:orders-staging-users dbms:clickhouse
--comment The candidate for silver.users; the same structure, else it can not be exchanged.
CREATE TABLE staging.users AS silver.users;
--rollback DROP TABLE staging.users;

--changeset onering:orders-silver-purchases dbms:clickhouse
--comment Carts of one car each, bought or not. Unpartitioned: replaced as a whole, in one statement.
CREATE TABLE silver.purchases
(
    id UInt32,
    user_id UInt32,
    product_id UInt32,
    created_at DateTime('UTC'),
    added_to_cart_at DateTime('UTC'),
    purchased_at Nullable(DateTime('UTC')) COMMENT 'none: the cart was left',
    returned_at Nullable(DateTime('UTC')) COMMENT 'none: kept, or never bought',
    is_purchased Bool COMMENT 'was bought',
    is_returned Bool COMMENT 'came back',
    has_product Bool COMMENT 'its car is in products',
    has_user Bool COMMENT 'its user is in users',
    _raw_id UUID COMMENT 'the record''s _airbyte_raw_id in Bronze',
    _run_id LowCardinality(String),
    _loaded_at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = MergeTree
ORDER BY (id);
--rollback DROP TABLE silver.purchases;

--changeset onering:orders-staging-purchases dbms:clickhouse
--comment The candidate for silver.purchases; the same structure, else it can not be exchanged.
CREATE TABLE staging.purchases AS silver.purchases;
--rollback DROP TABLE staging.purchases;

--changeset onering:orders-bronze-products dbms:clickhouse
--comment What Bronze holds of products, all runs; reads the objects themselves with the rights of whoever asks.
CREATE VIEW bronze.products AS
SELECT
    splitByChar('/', _path)[-2] AS _run_id,
    _path AS _object,
    length(_airbyte_meta.changes) AS _changes,
    * EXCEPT (_airbyte_meta)
FROM s3(bronze, filename = 'orders/products/*/*.parquet', format = 'Parquet',
        structure = '_airbyte_raw_id String, _airbyte_extracted_at DateTime64(3, ''UTC''), _airbyte_meta Tuple(sync_id
            Int64, changes Array(Tuple(field String, change String, reason String))), id Nullable(Int64), make
            Nullable(String), model Nullable(String), year Nullable(Int64), price Nullable(Float64), created_at
            Nullable(String)');
--rollback DROP VIEW bronze.products;

--changeset onering:orders-bronze-users dbms:clickhouse
--comment What Bronze holds of users, all runs; reads the objects themselves with the rights of whoever asks.
CREATE VIEW bronze.users AS
SELECT
    splitByChar('/', _path)[-2] AS _run_id,
    _path AS _object,
    length(_airbyte_meta.changes) AS _changes,
    * EXCEPT (_airbyte_meta)
FROM s3(bronze, filename = 'orders/users/*/*.parquet', format = 'Parquet',
        structure = '_airbyte_raw_id String, _airbyte_extracted_at DateTime64(3, ''UTC''), _airbyte_meta Tuple(sync_id
            Int64, changes Array(Tuple(field String, change String, reason String))), id Nullable(Int64), created_at
            Nullable(String), age Nullable(Int64), gender Nullable(String), nationality Nullable(String), language
            Nullable(String), academic_degree Nullable(String), occupation Nullable(String)');
--rollback DROP VIEW bronze.users;

--changeset onering:orders-bronze-purchases dbms:clickhouse
--comment What Bronze holds of purchases, all runs; reads the objects themselves with the rights of whoever asks.
CREATE VIEW bronze.purchases AS
SELECT
    splitByChar('/', _path)[-2] AS _run_id,
    _path AS _object,
    length(_airbyte_meta.changes) AS _changes,
    * EXCEPT (_airbyte_meta)
FROM s3(bronze, filename = 'orders/purchases/*/*.parquet', format = 'Parquet',
        structure = '_airbyte_raw_id String, _airbyte_extracted_at DateTime64(3, ''UTC''), _airbyte_meta Tuple(sync_id
            Int64, changes Array(Tuple(field String, change String, reason String))), id Nullable(Int64), user_id
            Nullable(Int64), product_id Nullable(Int64), created_at Nullable(String), added_to_cart_at
            Nullable(String), purchased_at Nullable(String), returned_at Nullable(String)');
--rollback DROP VIEW bronze.purchases;

--changeset onering:orders-curated-revenue dbms:clickhouse
--comment What does each make bring in, by the month of the purchase? Returns are told beside it, not taken off.
CREATE VIEW curated.revenue_by_make_month AS
SELECT
    if(p.has_product, c.make, 'unknown') AS make,
    toStartOfMonth(assumeNotNull(p.purchased_at)) AS month,
    count() AS purchases,
    uniqExact(p.user_id) AS users,
    sum(c.price) AS revenue,
    round(sum(c.price) / count(), 2) AS mean_price,
    countIf(p.is_returned) AS returned,
    sumIf(c.price, p.is_returned) AS returned_value
FROM silver.purchases AS p
LEFT JOIN silver.products AS c ON c.id = p.product_id
WHERE p.is_purchased
GROUP BY make, month;
--rollback DROP VIEW curated.revenue_by_make_month;

--changeset onering:orders-curated-cart dbms:clickhouse
--comment How long does it take from the cart to the purchase? Carts that were left count, without a time.
CREATE VIEW curated.cart_to_purchase AS
SELECT
    if(p.has_product, c.make, 'unknown') AS make,
    count() AS carts,
    countIf(p.is_purchased) AS purchases,
    countIf(NOT p.is_purchased) AS never_bought,
    round(100 * countIf(NOT p.is_purchased) / count(), 2) AS never_bought_percent,
    ifNull(sum(dateDiff('hour', p.added_to_cart_at, p.purchased_at)), 0) AS hours_to_purchase,
    if(countIf(p.is_purchased) = 0, NULL, quantileExactIf(0.5)(assumeNotNull(
        dateDiff('hour', p.added_to_cart_at, p.purchased_at)), p.is_purchased)) AS median_hours,
    if(countIf(p.is_purchased) = 0, NULL, quantileExactIf(0.9)(assumeNotNull(
        dateDiff('hour', p.added_to_cart_at, p.purchased_at)), p.is_purchased)) AS p90_hours
FROM silver.purchases AS p
LEFT JOIN silver.products AS c ON c.id = p.product_id
GROUP BY make;
--rollback DROP VIEW curated.cart_to_purchase;

--changeset onering:orders-curated-returns dbms:clickhouse
--comment What comes back, of what was bought, and what is it worth?
CREATE VIEW curated.returns_by_make AS
SELECT
    if(p.has_product, c.make, 'unknown') AS make,
    count() AS purchases,
    sum(c.price) AS revenue,
    countIf(p.is_returned) AS returned,
    round(100 * countIf(p.is_returned) / count(), 2) AS returned_percent,
    sumIf(c.price, p.is_returned) AS returned_value,
    if(countIf(p.is_returned) = 0, NULL, quantileExactIf(0.5)(assumeNotNull(
        dateDiff('day', p.purchased_at, p.returned_at)), p.is_returned)) AS median_days_kept
FROM silver.purchases AS p
LEFT JOIN silver.products AS c ON c.id = p.product_id
WHERE p.is_purchased
GROUP BY make;
--rollback DROP VIEW curated.returns_by_make;

--changeset onering:orders-gold-revenue dbms:postgresql
--comment One table a mart and its candidate, which the publisher fills first.
CREATE TABLE gold.revenue_by_make_month (
    make text NOT NULL,
    month date NOT NULL,
    purchases bigint NOT NULL,
    users bigint NOT NULL,
    revenue bigint NOT NULL,
    mean_price numeric(10, 2) NOT NULL,
    returned bigint NOT NULL,
    returned_value bigint NOT NULL,
    PRIMARY KEY (make, month)
);
COMMENT ON TABLE gold.revenue_by_make_month IS
    'What does each make bring in, by the month of the purchase? Whole dollars; returns are not taken off';
CREATE TABLE staging.revenue_by_make_month (LIKE gold.revenue_by_make_month INCLUDING ALL);
--rollback DROP TABLE staging.revenue_by_make_month;
--rollback DROP TABLE gold.revenue_by_make_month;

--changeset onering:orders-gold-cart dbms:postgresql
CREATE TABLE gold.cart_to_purchase (
    make text NOT NULL,
    carts bigint NOT NULL,
    purchases bigint NOT NULL,
    never_bought bigint NOT NULL,
    never_bought_percent numeric(5, 2) NOT NULL,
    hours_to_purchase bigint NOT NULL,
    median_hours bigint,
    p90_hours bigint,
    PRIMARY KEY (make)
);
COMMENT ON TABLE gold.cart_to_purchase IS
    'How long does it take from the cart to the purchase? Carts that were left count, without a time';
CREATE TABLE staging.cart_to_purchase (LIKE gold.cart_to_purchase INCLUDING ALL);
--rollback DROP TABLE staging.cart_to_purchase;
--rollback DROP TABLE gold.cart_to_purchase;

--changeset onering:orders-gold-returns dbms:postgresql
CREATE TABLE gold.returns_by_make (
    make text NOT NULL,
    purchases bigint NOT NULL,
    revenue bigint NOT NULL,
    returned bigint NOT NULL,
    returned_percent numeric(5, 2) NOT NULL,
    returned_value bigint NOT NULL,
    median_days_kept bigint,
    PRIMARY KEY (make)
);
COMMENT ON TABLE gold.returns_by_make IS 'What comes back, of what was bought, and what is it worth? Whole dollars';
CREATE TABLE staging.returns_by_make (LIKE gold.returns_by_make INCLUDING ALL);
--rollback DROP TABLE staging.returns_by_make;
--rollback DROP TABLE gold.returns_by_make;

--changeset onering:orders-gold-grants dbms:postgresql
--comment The publisher replaces, quality reads.
GRANT USAGE ON SCHEMA gold, staging TO publisher, quality;
GRANT SELECT, INSERT, DELETE
    ON gold.revenue_by_make_month, gold.cart_to_purchase, gold.returns_by_make
    TO publisher;
GRANT SELECT, INSERT, DELETE, TRUNCATE
    ON staging.revenue_by_make_month, staging.cart_to_purchase, staging.returns_by_make
    TO publisher;
GRANT SELECT
    ON gold.revenue_by_make_month, gold.cart_to_purchase, gold.returns_by_make,
       staging.revenue_by_make_month, staging.cart_to_purchase, staging.returns_by_make
    TO quality;
--rollback REVOKE ALL ON gold.revenue_by_make_month, staging.revenue_by_make_month FROM publisher, quality;
--rollback REVOKE ALL ON gold.cart_to_purchase, staging.cart_to_purchase FROM publisher, quality;
--rollback REVOKE ALL ON gold.returns_by_make, staging.returns_by_make FROM publisher, quality;
