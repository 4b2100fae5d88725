"""The manifest of a run: the objects in Bronze and the records at the source. Written last, it seals the run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from onering import connector, sources
from onering.dataset import Dataset, Stream
from onering.run import Run
from onering.storage import BRONZE, Storage, StoredObject

INGEST = "minio_ingest"


class BronzeError(RuntimeError):
    """Bronze isn't what its manifest says."""


def sealed(run: Run, storage: Storage) -> bool:
    return storage.read_json(BRONZE, run.manifest_key) is not None


def seal(dataset: Dataset, run: Run, extracted: dict[str, dict[str, Any]]) -> list[str]:
    """Write the manifest of what was extracted; what is worth knowing about it. A sealed run stays as it is: its Bronze
    never changes again.
    """
    storage = Storage(INGEST)
    document = storage.read_json(BRONZE, run.manifest_key)
    if document is not None:
        print(f"{run.manifest_key} is there: Bronze of this run is sealed and is loaded again as it is")
    else:
        settings = {stream.name: stream.configuration for stream in connector.load(dataset.connection).streams}
        streams = {
            stream.name: entry(
                storage.objects(BRONZE, run.prefix(stream.name)),
                records=extracted[stream.name]["records"],
                source_records=sources.count(stream.source, settings[stream.name])
                if stream.source
                else extracted[stream.name]["records"],
                notes=notes(stream, extracted[stream.name]),
            )
            for stream in dataset.streams
        }
        refuse(dataset, run, streams)
        document = {"dataset": run.dataset, "run": run.run_id, "streams": streams}
        storage.put_json(BRONZE, run.manifest_key, document)
    for name, of in document["streams"].items():
        print(f"{name}: {of['source_records']} records at the source, {of['records']} in {len(of['objects'])} objects")
    told = [f"{name}: {note}" for name, of in document["streams"].items() for note in of.get("notes", ())]
    for note in told:
        print(f"WARNING {note}")
    return told


def notes(stream: Stream, extracted: dict[str, Any]) -> list[str]:
    """What the connector's records showed, and columns of the file that the connector was not asked for."""
    there, loaded = set(sources.columns(stream.source)), set(stream.column_names)
    if not loaded < there:  # no more than what is loaded, or it is known by other names
        return list(extracted["notes"])
    return [*extracted["notes"], f"the source has columns that are not loaded: {', '.join(sorted(there - loaded))}"]


def refuse(dataset: Dataset, run: Run, streams: dict[str, dict[str, Any]]) -> None:
    """Nothing is sealed that lost records on the way, or that came empty where it must not."""
    faults = []
    for stream in dataset.streams:
        came, there = streams[stream.name]["records"], streams[stream.name]["source_records"]
        if came != there:
            faults.append(f"{stream.name}: the source holds {there} records, {came} came")
        elif not came and not stream.allow_empty:
            faults.append(f"{stream.name}: the source is empty; if it may be, set allow_empty in the dataset file")
    if faults:
        raise BronzeError(
            f"{'; '.join(faults)}. Bronze of {run.dataset} {run.run_id} is not sealed, and nothing of it was loaded: "
            "what was published stays. See to the source, then run the date again."
        )


def entry(
    objects: Iterable[StoredObject], records: int, source_records: int, notes: Iterable[str] = ()
) -> dict[str, Any]:
    return {
        "source_records": source_records,
        "records": records,
        "notes": list(notes),
        "objects": [{"key": item.key, "size": item.size, "etag": item.etag} for item in objects],
    }


def read(run: Run, storage: Storage) -> dict[str, Any]:
    document = storage.read_json(BRONZE, run.manifest_key)
    if document is None:
        raise BronzeError(f"{BRONZE}/{run.manifest_key} is missing: the run is not sealed")
    return document


def check(dataset: Dataset, run: Run) -> dict[str, Any]:
    """The manifest, after comparing it with what Bronze holds: every departure is named."""
    storage = Storage(INGEST)
    document = read(run, storage)
    faults = [
        fault
        for stream in dataset.streams
        for fault in departures(
            document["streams"][stream.name]["objects"], storage.objects(BRONZE, run.prefix(stream.name))
        )
    ]
    if faults:
        raise BronzeError(
            f"Bronze of {run.dataset} {run.run_id} is not what its manifest says: {'; '.join(faults)}. "
            f"Restore the objects' earlier versions, or remove {BRONZE}/{run.manifest_key} to have it extracted again."
        )
    return document


def departures(expected: Iterable[dict[str, Any]], found: Iterable[StoredObject]) -> list[str]:
    """Objects that are missing, altered or were added since the manifest was written."""
    listed = {item["key"]: item for item in expected}
    present = {item.key: item for item in found}
    missing = [f"{BRONZE}/{key} is missing" for key in listed if key not in present]
    added = [f"{BRONZE}/{key} was added" for key in present if key not in listed]
    altered = [
        f"{BRONZE}/{key} was altered (size {item['size']} → {present[key].size})"
        for key, item in listed.items()
        if key in present and (item["size"], item["etag"]) != (present[key].size, present[key].etag)
    ]
    return missing + added + altered


def pattern(document: dict[str, Any], stream: Stream) -> str:
    """The objects of a stream, by their exact names, in the form that s3() takes."""
    keys = [item["key"] for item in document["streams"][stream.name]["objects"]]
    return keys[0] if len(keys) == 1 else "{" + ",".join(keys) + "}"
