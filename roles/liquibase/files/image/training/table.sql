--liquibase formatted sql

--changeset onering:training
--preconditions onFail:HALT onError:HALT
--precondition-sql-check expectedResult:0 SELECT 0
CREATE TABLE training (id integer);
--rollback DROP TABLE training;
