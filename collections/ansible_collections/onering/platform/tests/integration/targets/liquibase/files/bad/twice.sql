--liquibase formatted sql

--changeset test:one
SELECT 1;

--changeset test:one
SELECT 2;
