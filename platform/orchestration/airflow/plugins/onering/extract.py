"""Read all streams of a dataset through their connector into Bronze.

usage: python -m onering.extract DATASET RUN_ID RESULT
Runs in the connectors' environment. RESULT is a file for {stream: {records, notes}}, or for {failure}.
What Bronze has of the run is replaced.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from onering import bronze, connector, dataset, environments
from onering.manifest import INGEST
from onering.run import Run, logical_date_of
from onering.storage import BRONZE, Storage


def extract_stream(
    connection: connector.Connection, stream: connector.StreamConnection, run: Run, stop: threading.Event
) -> dict[str, Any]:
    """Write one stream's objects; how many records they hold, and what is worth knowing about them."""
    started = time.monotonic()
    storage, prefix = Storage(INGEST), run.prefix(stream.name)
    storage.remove(BRONZE, prefix)
    findings = bronze.Findings()
    rows = bronze.batches(connector.records(connection, stream, stop), stream.fields, findings)
    written = 0
    for number, part in enumerate(bronze.parts(rows, stream.fields, connection.rows_per_object)):
        key = prefix + bronze.object_name(logical_date_of(run.run_id), number)
        stored = storage.put(BRONZE, key, part.body())
        written += part.rows
        print(f"{stream.name}: {written} records, {BRONZE}/{stored.key} ({stored.size} bytes)", flush=True)
    print(f"{stream.name}: {written} records in {time.monotonic() - started:.1f} s", flush=True)
    return {"records": written, "notes": findings.notes}


def extract(name: str, run_id: str) -> dict[str, dict[str, Any]]:
    """All streams, as many at a time as the connection allows. The first failure ends the others."""
    declared = dataset.load(name)
    connection = connector.load(declared.connection)
    run, stop = Run(name, run_id), threading.Event()
    with ThreadPoolExecutor(connection.lanes) as lanes:
        futures = {
            stream.name: lanes.submit(extract_stream, connection, stream, run, stop) for stream in connection.streams
        }
        done, _waiting = wait(futures.values(), return_when=FIRST_EXCEPTION)
        failure = next((error for future in done if (error := future.exception())), None)
        if failure is not None:
            stop.set()
            lanes.shutdown(cancel_futures=True)
            raise failure
        return {stream: future.result() for stream, future in futures.items()}


def end(*_: Any) -> None:
    """The task that wanted this is gone: end with everything that was started, before the next attempt begins."""
    environments.end_session(os.getsid(0))
    os.kill(os.getpid(), signal.SIGKILL)


def main(name: str, run_id: str, result: str) -> None:
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGTERM, end)
    try:
        found: dict[str, Any] = extract(name, run_id)
    except Exception as error:
        if not isinstance(error, RuntimeError):  # not one of ours, which say all that there is to say
            traceback.print_exc()
        found = {"failure": f"{type(error).__name__}: {error}"}
    Path(result).write_text(json.dumps(found), encoding="utf-8")
    sys.exit("failure" in found)


if __name__ == "__main__":
    main(*sys.argv[1:])
