"""Bronze to Silver: typed, checked, flagged, in ClickHouse alone."""

from __future__ import annotations

from onering import manifest, sql
from onering.clickhouse import ClickHouse
from onering.dataset import Dataset
from onering.run import Run

LOADER = "clickhouse_loader"


def stage(dataset: Dataset, run: Run) -> None:
    """Fill the candidates and the quarantine from the very objects of the manifest."""
    document = manifest.check(dataset, run)
    engine = ClickHouse(LOADER)
    engine.execute(sql.clickhouse("forget_quarantine", dataset=dataset.name, run_id=run.run_id))
    for stream in dataset.streams:
        values = {
            "dataset": dataset.name,
            "stream": stream,
            "run_id": run.run_id,
            "objects": manifest.pattern(document, stream),
        }
        engine.execute(sql.clickhouse("empty_staging", **values))
        engine.execute(sql.clickhouse("stage", **values))
        staged = engine.row(sql.clickhouse("count_staged", **values))["records"]
        if staged != document["streams"][stream.name]["records"]:
            engine.execute(sql.clickhouse("quarantine", **values))


def publish(dataset: Dataset, run: Run) -> None:
    """Put the validated candidates in place of Silver, then write Silver to the lake."""
    engine = ClickHouse(LOADER)
    for stream in dataset.streams:
        engine.execute(sql.clickhouse("publish_silver", stream=stream))
    for stream in dataset.streams:
        engine.execute(
            sql.clickhouse("export_silver", stream=stream, object=run.prefix(stream.name) + "part-00000.parquet")
        )
