"""Read all streams of a dataset through their connector into Bronze.

usage: python -m onering.extract DATASET RUN_ID RESULT
Runs in the connectors' environment. RESULT is a file for {stream: records}. What Bronze has of the run is replaced.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from onering import bronze, connector, dataset
from onering.manifest import INGEST
from onering.run import Run, logical_date_of
from onering.storage import BRONZE, Storage


def extract_stream(connection: connector.Connection, stream: connector.StreamConnection, run: Run) -> int:
    """Write one stream's objects; how many records they hold."""
    started = time.monotonic()
    storage, prefix = Storage(INGEST), run.prefix(stream.name)
    storage.remove(BRONZE, prefix)
    rows = bronze.batches(connector.records(connection, stream), stream.fields)
    written = 0
    for number, part in enumerate(bronze.parts(rows, stream.fields, connection.rows_per_object)):
        key = prefix + bronze.object_name(logical_date_of(run.run_id), number)
        stored = storage.put(BRONZE, key, part.body())
        written += part.rows
        print(f"{stream.name}: {written} records, {BRONZE}/{stored.key} ({stored.size} bytes)", flush=True)
    print(f"{stream.name}: {written} records in {time.monotonic() - started:.1f} s", flush=True)
    return written


def extract(name: str, run_id: str) -> dict[str, int]:
    """All streams, as many at a time as the connection allows. A failure is told once the others are done."""
    declared = dataset.load(name)
    connection = connector.load(declared.connection)
    run = Run(name, run_id)
    with ThreadPoolExecutor(connection.lanes) as lanes:
        futures = {stream.name: lanes.submit(extract_stream, connection, stream, run) for stream in connection.streams}
        return {stream: future.result() for stream, future in futures.items()}


def main(name: str, run_id: str, result: str) -> None:
    warnings.simplefilter("ignore")
    Path(result).write_text(json.dumps(extract(name, run_id)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
