"""Datasets as their files declare them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from onering.platform_files import ROOT, read_yaml

FOLDER = ROOT / "datasets"
WRAPPER = re.compile(r"^(?:Nullable|LowCardinality)\((.*)\)$")


class DatasetError(ValueError):
    """A dataset file that can't be used, with the place and the reason."""


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str | float, ...] = ()
    format: str | None = None
    decimal: str | None = None

    @property
    def nullable(self) -> bool:
        return "Nullable(" in self.type

    @property
    def bare_type(self) -> str:
        """The type without Nullable and LowCardinality."""
        bare = self.type
        while found := WRAPPER.match(bare):
            bare = found.group(1)
        return bare


@dataclass(frozen=True)
class Flag:
    """A mark on a row of Silver: an expression, or whether columns are found in a stream loaded before."""

    name: str
    expression: str | None = None
    columns: tuple[str, ...] = ()
    stream: str | None = None
    key: tuple[str, ...] = ()
    where: str | None = None


@dataclass(frozen=True)
class Source:
    """What tells how many records a stream has: its file, a setting of its connection, or a number that is known."""

    path: Path | None = None
    format: str | None = None
    encoding: str = "utf-8"
    separator: str = ","
    header: bool = True
    setting: str | None = None
    records: int | None = None


@dataclass(frozen=True)
class Stream:
    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    flags: tuple[Flag, ...] = ()
    source: Source | None = None
    allow_empty: bool = False

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def business_names(self) -> list[str]:
        """Columns that a repeated run gives again: all but the loader's own."""
        return self.column_names + [flag.name for flag in self.flags]


@dataclass(frozen=True)
class Measure:
    name: str
    gold: str
    silver: str
    stream: str


@dataclass(frozen=True)
class Mart:
    name: str
    title: str
    key: tuple[str, ...]
    origins: dict[str, tuple[str, ...]]
    measures: tuple[Measure, ...]

    @property
    def column_names(self) -> list[str]:
        return list(self.origins)


@dataclass(frozen=True)
class Fact:
    """How many rows of a stream are known to meet a condition in Silver, or to be quarantined for a reason."""

    name: str
    stream: str
    rows: int
    where: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Dataset:
    name: str
    title: str
    owner: str
    schedule: str | None
    connection: Path | dict[str, Any]  # a file's path, or what such a file would hold
    streams: tuple[Stream, ...]
    marts: tuple[Mart, ...]
    facts: tuple[Fact, ...]
    transient: bool = False  # nothing of it stays once its receipt balances

    def stream(self, name: str) -> Stream:
        return next(stream for stream in self.streams if stream.name == name)


def names(folder: Path = FOLDER) -> list[str]:
    """All datasets there are."""
    return sorted(path.stem for path in folder.glob("*.yml"))


def load_all(folder: Path = FOLDER) -> tuple[list[Dataset], list[DatasetError]]:
    """The datasets that can be used, and what is wrong with the others."""
    sound, faults = [], []
    for name in names(folder):
        try:
            sound.append(load_checked(name, folder))
        except DatasetError as fault:
            faults.append(fault)
    disputed = disputes(sound)
    faults += [DatasetError(f"{folder / name}.yml: {'; '.join(told)}") for name, told in disputed.items()]
    return [dataset for dataset in sound if dataset.name not in disputed], faults


def disputes(datasets: Iterable[Dataset]) -> dict[str, list[str]]:
    """Per dataset what others declare too. A stream's and a mart's table is one dataset's: none of them gets it."""
    owners: dict[tuple[str, str], list[str]] = {}
    for dataset in datasets:
        for stream in dataset.streams:
            owners.setdefault(("streams", stream.name), []).append(dataset.name)
        for mart in dataset.marts:
            owners.setdefault(("marts", mart.name), []).append(dataset.name)
    found: dict[str, list[str]] = {}
    for (kind, table), claimants in owners.items():
        for name in claimants if len(claimants) > 1 else ():
            others = ", ".join(other for other in claimants if other != name)
            found.setdefault(name, []).append(f"{kind}.{table}: declared by {others} too")
    return found


def load(name: str, folder: Path = FOLDER) -> Dataset:
    """Read a dataset without checking it: the DAG was checked when it was made."""
    return parse(read_yaml(folder / f"{name}.yml"))


def load_checked(name: str, folder: Path = FOLDER) -> Dataset:
    """Read a dataset and refuse what its schema or its own words contradict."""
    path = folder / f"{name}.yml"
    schema = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
    document = _sound(path, schema)
    dataset = parse(document)
    connection = dataset.connection
    if isinstance(connection, Path):
        connection = _sound(connection, schema | schema["$defs"]["connection"])
    faults = contradictions(dataset, path.stem) + unconnected(dataset, connection)
    if faults:
        raise DatasetError(f"{path}: " + "; ".join(faults))
    return dataset


def _sound(path: Path, schema: dict[str, Any]) -> Any:
    """The document of a file, if it can be read and is as its schema says."""
    try:
        document = read_yaml(path)
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise DatasetError(f"{path}: {error}") from error
    if faults := schema_faults(document, schema):
        raise DatasetError(f"{path}: " + "; ".join(faults))
    return document


def schema_faults(document: Any, schema: dict[str, Any]) -> list[str]:
    """Where a document departs from the schema: `place: reason`."""
    from jsonschema import Draft202012Validator  # only who checks pays for the import

    found = Draft202012Validator(schema).iter_errors(document)
    return sorted(f"{'.'.join(map(str, fault.absolute_path)) or 'top'}: {fault.message}" for fault in found)


def contradictions(dataset: Dataset, stem: str) -> list[str]:
    """What a schema can't see: names that lead nowhere."""
    faults = [] if dataset.name == stem else [f"name: {dataset.name} stands in {stem}.yml"]
    known: dict[str, set[str]] = {}
    for stream in dataset.streams:
        columns = set(stream.column_names)
        faults += [f"streams.{stream.name}.key: no column {name}" for name in stream.key if name not in columns]
        for flag in stream.flags:
            place = f"streams.{stream.name}.flags.{flag.name}"
            faults += [f"{place}: no column {name}" for name in flag.columns if name not in columns]
            if flag.stream is not None:
                faults += _missing(place, flag.stream, flag.key, known)
        known[stream.name] = columns | set(stream.business_names)
    for mart in dataset.marts:
        faults += [f"marts.{mart.name}.key: no column {name}" for name in mart.key if name not in mart.origins]
        for column, origins in mart.origins.items():
            for stream_name, _, name in (origin.partition(".") for origin in origins):
                faults += _missing(f"marts.{mart.name}.columns.{column}", stream_name, (name,), known)
        for measure in mart.measures:
            faults += _missing(f"marts.{mart.name}.measures.{measure.name}", measure.stream, (), known)
    for fact in dataset.facts:
        faults += _missing(f"facts.{fact.name}", fact.stream, (), known)
    return faults


def unconnected(dataset: Dataset, connection: Mapping[str, Any]) -> list[str]:
    """Streams and columns that only one of dataset and connection has."""
    fields = {stream["name"]: set(stream["fields"]) for stream in connection["streams"]}
    columns = {stream.name: set(stream.column_names) for stream in dataset.streams}
    faults = [f"streams.{name}: the connection has no such stream" for name in columns if name not in fields]
    faults += [f"streams.{name}: only the connection has it" for name in fields if name not in columns]
    for name in columns.keys() & fields.keys():
        place = f"streams.{name}.columns"
        faults += [f"{place}: the connection has no field {field}" for field in sorted(columns[name] - fields[name])]
        faults += [f"{place}: only the connection has {field}" for field in sorted(fields[name] - columns[name])]
    settings = {stream["name"]: settings_of(stream, connection) for stream in connection["streams"]}
    for stream in dataset.streams:
        setting = stream.source.setting if stream.source else None
        if setting is not None and not isinstance(settings.get(stream.name, {}).get(setting), int):
            place = f"streams.{stream.name}.source"
            faults.append(f"{place}: {setting} is no whole number in the connection's configuration")
    return faults


def settings_of(stream: Mapping[str, Any], connection: Mapping[str, Any]) -> dict[str, Any]:
    """A stream's configuration: the connection's, with its own on top."""
    return connection.get("configuration", {}) | stream.get("configuration", {})


def _missing(place: str, stream: str, columns: tuple[str, ...], known: dict[str, set[str]]) -> list[str]:
    if stream not in known:
        return [f"{place}: no stream {stream} before it"]
    return [f"{place}: no column {stream}.{name}" for name in columns if name not in known[stream]]


def parse(document: dict[str, Any]) -> Dataset:
    connection = document["connection"]
    return Dataset(
        name=document["name"],
        title=document["title"],
        owner=document.get("owner", "onering"),
        schedule=document.get("schedule"),
        connection=ROOT / connection if isinstance(connection, str) else connection,
        streams=tuple(_stream(name, spec) for name, spec in document["streams"].items()),
        marts=tuple(_mart(name, spec) for name, spec in document["marts"].items()),
        facts=tuple(Fact(name=name, **spec) for name, spec in document.get("facts", {}).items()),
        transient=document.get("transient", False),
    )


def _stream(name: str, spec: dict[str, Any]) -> Stream:
    source = spec.get("source")
    return Stream(
        name=name,
        key=tuple(spec["key"]),
        columns=tuple(_column(column, of) for column, of in spec["columns"].items()),
        flags=tuple(_flag(flag, of) for flag, of in spec.get("flags", {}).items()),
        source=Source(**source | ({"path": Path(source["path"])} if "path" in source else {})) if source else None,
        allow_empty=spec.get("allow_empty", False),
    )


def _column(name: str, spec: dict[str, Any]) -> Column:
    return Column(
        name=name,
        type=spec["type"],
        minimum=spec.get("min"),
        maximum=spec.get("max"),
        values=tuple(spec.get("values", ())),
        format=spec.get("format"),
        decimal=spec.get("decimal"),
    )


def _flag(name: str, spec: dict[str, Any]) -> Flag:
    return Flag(
        name=name,
        expression=spec.get("expression"),
        columns=tuple(spec.get("columns", ())),
        stream=spec.get("stream"),
        key=tuple(spec.get("key", ())),
        where=spec.get("where"),
    )


def _mart(name: str, spec: dict[str, Any]) -> Mart:
    return Mart(
        name=name,
        title=spec["title"],
        key=tuple(spec["key"]),
        origins={column: tuple(origins) for column, origins in spec["columns"].items()},
        measures=tuple(Measure(name=measure, **of) for measure, of in spec["measures"].items()),
    )
