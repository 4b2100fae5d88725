--liquibase formatted sql

--changeset test:one
CREATE SCHEMA onering_test_gold;
CREATE TABLE onering_test_gold.sales
(
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    note text DEFAULT 'x',
    amount numeric(12, 2) NOT NULL CHECK (amount >= 0)
);
CREATE INDEX sales_note ON onering_test_gold.sales (note);
COMMENT ON TABLE onering_test_gold.sales IS 'it''s; sold';
--rollback DROP TABLE onering_test_gold.sales;
--rollback DROP SCHEMA onering_test_gold;

--changeset test:two
CREATE VIEW onering_test_gold.notes AS SELECT id FROM onering_test_gold.sales WHERE note IS NOT NULL;
--rollback DROP VIEW onering_test_gold.notes;
