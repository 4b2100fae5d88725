--liquibase formatted sql

--changeset onering:ops-runs
--comment One row a run: a logical date of a dataset. A forced repeat is another attempt of the same run.
CREATE TABLE ops.runs (
    dataset text NOT NULL,
    run_id text NOT NULL,
    logical_date timestamptz NOT NULL,
    attempt integer NOT NULL DEFAULT 1,
    state text NOT NULL CHECK (state IN ('running', 'succeeded', 'failed')),
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    silver_published_at timestamptz,
    gold_published_at timestamptz,
    failed_task text,
    cause text,
    PRIMARY KEY (dataset, run_id),
    UNIQUE (dataset, logical_date)
);
--rollback DROP TABLE ops.runs;

--changeset onering:ops-run-receipts
--comment The counts of a run. Streams: source = Bronze = Silver + quarantined. Marts: Gold = Silver. Facts: known of the source.
CREATE TABLE ops.run_receipts (
    dataset text NOT NULL,
    run_id text NOT NULL,
    attempt integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('stream', 'mart', 'fact')),
    name text NOT NULL,
    measure text NOT NULL,
    source numeric,
    bronze numeric,
    silver numeric,
    quarantined numeric,
    gold numeric,
    expected numeric,
    checksum text,
    balanced boolean NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset, run_id, attempt, kind, name, measure),
    FOREIGN KEY (dataset, run_id) REFERENCES ops.runs ON DELETE CASCADE
);
--rollback DROP TABLE ops.run_receipts;

--changeset onering:ops-validation-results
--comment What Great Expectations answered: one row a suite and attempt, with the whole result.
CREATE TABLE ops.validation_results (
    dataset text NOT NULL,
    run_id text NOT NULL,
    attempt integer NOT NULL,
    layer text NOT NULL CHECK (layer IN ('bronze', 'silver', 'gold')),
    suite text NOT NULL,
    success boolean NOT NULL,
    evaluated integer NOT NULL,
    successful integer NOT NULL,
    failed integer NOT NULL,
    result jsonb NOT NULL,
    validated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset, run_id, attempt, layer, suite),
    FOREIGN KEY (dataset, run_id) REFERENCES ops.runs ON DELETE CASCADE
);
--rollback DROP TABLE ops.validation_results;

--changeset onering:ops-outbox
--comment What others have to hear of, in order; delivered at least once, each key written once.
CREATE TABLE ops.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dataset text NOT NULL,
    run_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('validation', 'lineage')),
    key text NOT NULL UNIQUE,
    payload jsonb NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    deliveries integer NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    last_error text
);
CREATE INDEX outbox_undelivered ON ops.outbox (id) WHERE delivered_at IS NULL;
--rollback DROP TABLE ops.outbox;

--changeset onering:ops-grants
--comment The account ops keeps these books; quality reads them for the reports.
GRANT USAGE ON SCHEMA ops TO ops, quality;
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.runs, ops.run_receipts, ops.validation_results, ops.outbox TO ops;
GRANT SELECT ON ops.runs, ops.run_receipts, ops.validation_results, ops.outbox TO quality;
--rollback REVOKE ALL ON ops.runs, ops.run_receipts, ops.validation_results, ops.outbox FROM ops, quality;

--changeset onering:ops-runs-notes
--comment What is worth knowing of a run that nothing is wrong with: columns that the source has and nobody loads.
ALTER TABLE ops.runs ADD COLUMN notes text;
--rollback ALTER TABLE ops.runs DROP COLUMN notes;

--changeset onering:ops-run-receipts-reasons
--comment Why records of a stream are in quarantine: each reason with its records. One record may have several.
ALTER TABLE ops.run_receipts ADD COLUMN reasons jsonb;
--rollback ALTER TABLE ops.run_receipts DROP COLUMN reasons;
