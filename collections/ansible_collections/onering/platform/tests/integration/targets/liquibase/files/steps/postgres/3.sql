--liquibase formatted sql

--changeset test:five
CREATE TYPE onering_test_gold.colour AS ENUM ('red', 'green');
