--liquibase formatted sql

--changeset onering:scenario-table
CREATE TABLE gold.scenario (id integer PRIMARY KEY);
--rollback DROP TABLE gold.scenario;
