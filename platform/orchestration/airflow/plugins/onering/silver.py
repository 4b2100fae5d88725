"""Bronze to Silver: typed, checked, flagged, in ClickHouse alone."""

from __future__ import annotations

from typing import Any

from onering import manifest, sql
from onering.clickhouse import ClickHouse
from onering.dataset import Dataset
from onering.run import Run

LOADER = "clickhouse_loader"
SHOWN = 3


class SilverError(RuntimeError):
    """The candidate isn't what Bronze holds."""


def stage(dataset: Dataset, run: Run) -> None:
    """Fill the candidates and the quarantine from the very objects of the manifest."""
    document = manifest.check(dataset, run)
    engine = ClickHouse(LOADER)
    own = f"{dataset.name}.stage"  # a load that goes on without its task is ended before the next one begins
    engine.execute(sql.clickhouse("forget_quarantine", dataset=dataset.name, run_id=run.run_id), own)
    for stream in dataset.streams:
        values = {
            "dataset": dataset.name,
            "stream": stream,
            "run_id": run.run_id,
            "objects": manifest.pattern(document, stream),
        }
        records = document["streams"][stream.name]["records"]
        engine.execute(sql.clickhouse("empty_staging", **values), own)
        engine.execute(sql.clickhouse("stage", **values), own)
        staged = engine.row(sql.clickhouse("count_staged", **values))["records"]
        rejected = 0
        if staged != records:
            engine.execute(sql.clickhouse("quarantine", **values), own)
            rejected = engine.row(sql.clickhouse("count_quarantine", **values))["records"]
        if staged + rejected != records:
            raise SilverError(
                f"{stream.name}: of {records} records {staged} were staged and {rejected} quarantined. "
                "Nothing was published; run the date again."
            )
        if records and not staged and not stream.allow_empty:
            raise SilverError(nothing_left(engine, values, records))


def nothing_left(engine: ClickHouse, values: dict[str, Any], records: int) -> str:
    """Why a stream has no record that may go to Silver."""
    reasons = engine.rows(sql.clickhouse("count_reasons", **values))
    told = ", ".join(f"{of['reason']} ({of['records']})" for of in reasons[:SHOWN])
    return (
        f"{values['stream'].name}: none of {records} records may go to Silver: {told}. Nothing was published; the "
        "records are in quarantine.rejected. Mend the source or the dataset's columns, then run a new date: "
        "a sealed run is loaded again as it is."
    )


def publish(dataset: Dataset, run: Run) -> None:
    """Put the validated candidates in place of Silver, then write Silver to the lake."""
    engine = ClickHouse(LOADER)
    for stream in dataset.streams:
        engine.execute(sql.clickhouse("publish_silver", stream=stream))
    for stream in dataset.streams:
        object = run.prefix(stream.name) + "part-00000.parquet"
        engine.execute(sql.clickhouse("export_silver", stream=stream, object=object), f"{dataset.name}.export_silver")
