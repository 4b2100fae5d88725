"""A thousand flights of the real data, and the content's dataset cut down to what the strokes need.

Three of its streams, one of its marts, a few expectations of each table: what is struck at is the same for each of
them, and every case is a run or two.
"""

from __future__ import annotations

import csv
import io
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import docker
import yaml

FLIGHTS = 1000
STREAMS = ("airlines", "planes", "flights")
MART = "punctuality_by_carrier_month"
EXPECTATIONS = 4  # of each table
INSIDE = "/opt/onering/samples/nycflights13/data"
SAMPLES = "storage/medallion/samples"
MOUNTED = f"/opt/onering/platform/{SAMPLES}"
Row = dict[str, str]


def from_image(image: str) -> dict[str, bytes]:
    """The data as the image holds it, file by file."""
    engine = docker.from_env()
    container = engine.containers.create(image)
    try:
        stream, _stat = container.get_archive(INSIDE)
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
            return {
                Path(member.name).name: archive.extractfile(member).read()  # type: ignore[union-attr]
                for member in archive
                if member.isfile()
            }
    finally:
        container.remove()


def rows(text: bytes) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text.decode("utf-8"))))


def write(path: Path, found: list[Row], header: Iterable[str] = ()) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(found[0] if found else header))
        writer.writeheader()
        writer.writerows(found)


def cut(data: dict[str, bytes]) -> dict[str, list[Row]]:
    """Every n-th flight of the year; all else as it is."""
    with zipfile.ZipFile(io.BytesIO(data["flights.csv.zip"])) as archive:
        flights = rows(archive.read(archive.namelist()[0]))
    flights = flights[:: len(flights) // FLIGHTS][:FLIGHTS]
    return {name: flights if name == "flights" else rows(data[f"{name}.csv"]) for name in STREAMS}


def empty(value: str) -> bool:
    return value in ("", "NA")


def facts(found: dict[str, list[Row]]) -> dict[str, int]:
    """What the dataset file states of the source, counted here in plain Python."""
    planes = {row["tailnum"] for row in found["planes"]}
    return {
        "cancelled": sum(empty(row["dep_time"]) for row in found["flights"]),
        "tail number not in planes": sum(row["tailnum"] not in planes for row in found["flights"]),
    }


def place(content: Path, found: dict[str, list[Row]]) -> None:
    """Put the sample into a copy of the content, and make dataset, connection and suites fit it."""
    folder = content / SAMPLES
    folder.mkdir(parents=True, exist_ok=True)
    for name, of in found.items():
        write(folder / f"{name}.csv", of)
    counted = facts(found)

    def dataset(document: dict[str, Any]) -> None:
        document["streams"] = {name: document["streams"][name] for name in STREAMS}
        for name, stream in document["streams"].items():
            stream["source"]["path"] = f"{MOUNTED}/{name}.csv"
            flags = stream.get("flags", {})
            for flag in [flag for flag, of in flags.items() if of.get("stream", name) not in STREAMS]:
                del flags[flag]
        document["marts"] = {MART: document["marts"][MART]}
        document["facts"] = {name: document["facts"][name] | {"rows": rows} for name, rows in counted.items()}

    def connection(document: dict[str, Any]) -> None:
        document["streams"] = [of for of in document["streams"] if of["name"] in STREAMS]
        for stream in document["streams"]:
            stream["configuration"]["url"] = f"{MOUNTED}/{stream['name']}.csv"

    change(content / "datasets/flights.yml", dataset)
    change(content / "ingestion/airbyte/flights.yml", connection)
    change(content / "quality/great_expectations/suites/flights.yml", few)


def few(suites: dict[str, Any]) -> None:
    """The first expectations of each table that there is; bounds of size become those of the sample."""
    for layer, tables in suites.items():
        kept = (MART,) if layer == "gold" else STREAMS
        suites[layer] = {table: tables[table][:EXPECTATIONS] for table in kept}
        for expectation in (of for table in suites[layer].values() for of in table):
            if expectation["type"] == "expect_table_row_count_to_be_between":
                expectation["min_value"] = 1
            elif expectation.get("column") == "cancelled_percent":
                expectation["max_value"] = 100  # a carrier's month of few flights may be cancelled altogether


def change(path: Path, by: Any) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    by(document)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
