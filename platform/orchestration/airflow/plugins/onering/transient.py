"""What is left of a dataset of which nothing is to stay: removed from every store, all runs."""

from __future__ import annotations

from onering import postgres, sql
from onering.clickhouse import ClickHouse
from onering.dataset import Dataset
from onering.gold import PUBLISHER
from onering.runs import OPS
from onering.silver import LOADER
from onering.storage import LAYERS, Storage

REMOVER = "minio_remover"


def remove(dataset: Dataset) -> None:
    """From Gold back to Bronze. The books come last, so that a failure on the way is told there."""
    with postgres.transaction(PUBLISHER) as connection:
        for mart in dataset.marts:
            connection.execute(sql.postgres("empty_gold", mart=mart))
            connection.execute(sql.postgres("empty_staging", mart=mart))
    engine = ClickHouse(LOADER)
    for stream in dataset.streams:
        engine.execute(sql.clickhouse("forget_silver", stream=stream))
        engine.execute(sql.clickhouse("empty_staging", stream=stream))
    engine.execute(sql.clickhouse("forget_rejected", dataset=dataset.name))
    storage = Storage(REMOVER)
    for bucket in LAYERS:
        print(f"{bucket}: {storage.erase(bucket, f'{dataset.name}/')} versions of objects removed")
    with postgres.transaction(OPS) as connection:
        connection.execute(sql.postgres("forget_runs"), {"dataset": dataset.name})
