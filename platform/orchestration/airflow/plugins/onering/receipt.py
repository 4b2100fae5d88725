"""The receipt of a run: it balances, or the run fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal

from psycopg.types.json import Jsonb

from onering import manifest, postgres, sql
from onering.clickhouse import ClickHouse
from onering.dataset import Dataset
from onering.gold import PUBLISHER
from onering.run import Run
from onering.runs import OPS
from onering.silver import LOADER

Number = int | Decimal | None


class UnbalancedError(RuntimeError):
    """Rows were lost, invented or changed on the way."""


@dataclass(frozen=True)
class Line:
    kind: str  # stream, mart or fact
    name: str
    measure: str
    source: Number = None
    bronze: Number = None
    silver: Number = None
    quarantined: Number = None
    gold: Number = None
    expected: Number = None
    checksum: str | None = None
    reasons: dict[str, int] | None = None  # of a stream: why records are in quarantine

    @property
    def balanced(self) -> bool:
        if self.kind == "stream":
            return self.source == self.bronze == (self.silver or 0) + (self.quarantined or 0)
        if self.kind == "mart":
            return self.gold is not None and self.gold == self.silver
        return self.expected == (self.quarantined if self.silver is None else self.silver)

    def __str__(self) -> str:
        names = ("source", "bronze", "silver", "quarantined", "gold", "expected")
        figures = ", ".join(f"{name} {getattr(self, name)}" for name in names if getattr(self, name) is not None)
        return (
            f"{self.kind} {self.name}, {self.measure}: {figures}: {'balances' if self.balanced else 'DOES NOT BALANCE'}"
        )


def lines(dataset: Dataset, run: Run) -> list[Line]:
    """Count everything anew, each layer by its own engine."""
    engine = ClickHouse(LOADER)
    document = manifest.read(run, manifest.Storage(manifest.INGEST))
    found = [*stream_lines(dataset, run, engine, document), *fact_lines(dataset, run, engine)]
    return found + mart_lines(dataset, engine)


def stream_lines(dataset: Dataset, run: Run, engine: ClickHouse, document: dict) -> Iterable[Line]:
    for stream in dataset.streams:
        bronze = engine.row(sql.clickhouse("count_bronze", objects=manifest.pattern(document, stream)))
        silver = engine.row(sql.clickhouse("count_silver", stream=stream, names=stream.business_names))
        of = {"dataset": dataset.name, "stream": stream, "run_id": run.run_id}
        rejected = engine.row(sql.clickhouse("count_quarantine", **of))
        reasons = engine.rows(sql.clickhouse("count_reasons", **of)) if rejected["records"] else []
        yield Line(
            kind="stream",
            name=stream.name,
            measure="records",
            source=document["streams"][stream.name]["source_records"],
            bronze=bronze["records"],
            silver=silver["records"],
            quarantined=rejected["records"],
            checksum=silver["checksum"],
            reasons={row["reason"]: row["records"] for row in reasons},
        )


def fact_lines(dataset: Dataset, run: Run, engine: ClickHouse) -> Iterable[Line]:
    for fact in dataset.facts:
        counted = engine.row(sql.clickhouse("count_fact", dataset=dataset.name, fact=fact, run_id=run.run_id))[
            "records"
        ]
        side = {"quarantined": counted} if fact.reason else {"silver": counted}
        yield Line(kind="fact", name=fact.name, measure="records", expected=fact.rows, **side)


def mart_lines(dataset: Dataset, engine: ClickHouse) -> list[Line]:
    found = []
    with postgres.transaction(PUBLISHER) as connection:
        for mart in dataset.marts:
            rows = connection.execute(sql.postgres("checksum_gold", mart=mart)).fetchone() or {}
            for measure in mart.measures:
                gold = connection.execute(sql.postgres("measure_gold", mart=mart, measure=measure)).fetchone() or {}
                silver = engine.row(sql.clickhouse("measure_silver", measure=measure))["value"]
                found.append(
                    Line(
                        "mart",
                        mart.name,
                        measure.name,
                        silver=Decimal(str(silver)),
                        gold=gold["value"],
                        checksum=rows["checksum"],
                    )
                )
    return found


def write(run: Run, found: Iterable[Line]) -> None:
    statement = sql.postgres("write_receipt")
    with postgres.transaction(OPS) as connection:
        for line in found:
            reasons = Jsonb(line.reasons) if line.reasons else None
            connection.execute(
                statement, run.as_dict() | asdict(line) | {"reasons": reasons, "balanced": line.balanced}
            )


def settle(dataset: Dataset, run: Run) -> None:
    """Write the receipt, balanced or not; then fail if it isn't."""
    found = lines(dataset, run)
    write(run, found)
    for line in found:
        print(line)
    if open_lines := [str(line) for line in found if not line.balanced]:
        raise UnbalancedError("; ".join(open_lines))
