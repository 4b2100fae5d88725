--liquibase formatted sql

--changeset test:five
CREATE TABLE onering_test_silver.five (id UInt32) ENGINE = Log;
