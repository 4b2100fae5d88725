--liquibase formatted sql

--changeset test:three splitStatements:false
CREATE FUNCTION onering_test_gold.double(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * n';
--rollback DROP FUNCTION onering_test_gold.double(integer);

--changeset test:four
ALTER TABLE onering_test_gold.sales ADD COLUMN sold_at timestamptz;
--rollback ALTER TABLE onering_test_gold.sales DROP COLUMN sold_at;
