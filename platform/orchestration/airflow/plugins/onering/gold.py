"""Silver to Gold: curated views of ClickHouse become tables of PostgreSQL."""

from __future__ import annotations

from onering import postgres, sql
from onering.clickhouse import ClickHouse
from onering.dataset import Dataset
from onering.run import Run

READER = "clickhouse_publisher"
PUBLISHER = "postgres_publisher"


def stage(dataset: Dataset) -> None:
    """Stream the curated views into the candidates, all in one transaction."""
    engine = ClickHouse(READER)
    with postgres.transaction(PUBLISHER) as connection:
        for mart in dataset.marts:
            connection.execute(sql.postgres("empty_staging", mart=mart))
            postgres.copy(
                connection, sql.postgres("copy_staging", mart=mart), engine.chunks(sql.clickhouse("mart", mart=mart))
            )


def publish(dataset: Dataset, run: Run) -> None:
    """Put the validated candidates in place of Gold in one transaction, then write Gold to the lake."""
    with postgres.transaction(PUBLISHER) as connection:
        for mart in dataset.marts:
            connection.execute(sql.postgres("empty_gold", mart=mart))
            connection.execute(sql.postgres("publish_gold", mart=mart))
    engine = ClickHouse(READER)
    for mart in dataset.marts:
        object = run.prefix(mart.name) + "part-00000.parquet"
        engine.execute(sql.clickhouse("export_gold", mart=mart, object=object), f"{dataset.name}.export_gold")
