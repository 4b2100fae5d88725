#!/usr/bin/env python3
"""Run ClickHouse as a server out of libchdb.so, the one build of it that a package registry carries.

The library exports the entry point of `clickhouse local`, which can open listeners (`SYSTEM START LISTEN`). It runs
here in a thread for the life of the container. SIGTERM and SIGINT stop it cleanly (exit 0); ending by itself is exit 1.

Environment: CLICKHOUSE_CONFIG, the configuration file; by default where the vendor's image has it.
"""

from __future__ import annotations

import ctypes
import os
import pty
import re
import signal
import sys
import threading
import uuid
from pathlib import Path

LIBRARY = "/usr/lib/clickhouse/libchdb.so"
CONFIG = Path(os.environ.get("CLICKHOUSE_CONFIG", "/etc/clickhouse-server/config.xml"))
DATA = Path("/var/lib/clickhouse")
LISTEN = b"SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP;"
ENDED = b"\0"


class Result(ctypes.Structure):
    """`struct local_result_v2` of the library; only the error is of interest."""

    _fields_ = (
        ("buffer", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("vector", ctypes.c_void_p),
        ("elapsed", ctypes.c_double),
        ("rows", ctypes.c_uint64),
        ("bytes", ctypes.c_uint64),
        ("error", ctypes.c_char_p),
    )


def keep_system_database(data: Path) -> None:
    """Put the database `system` on disk.

    `clickhouse local` would keep it in memory, and after a restart the tables of system logs, which are on disk, could
    not be made again because their directories exist.
    """
    metadata = data / "metadata"
    definition = metadata / "system.sql"
    if definition.exists():
        return
    identity = str(uuid.uuid4())
    store = Path("store") / identity[:3] / identity
    metadata.mkdir(parents=True, exist_ok=True)
    (data / store).mkdir(parents=True)
    link = metadata / "system"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("..") / store)
    definition.write_text(f"ATTACH DATABASE _ UUID '{identity}' ENGINE = Atomic\n")


def log_level(config: Path) -> str:
    """The configured level: `clickhouse local` takes it as an argument only."""
    found = re.search(r"<logger>\s*<level>\s*(\w+)\s*</level>", config.read_text())
    return found[1] if found else "information"


def terminal_as_stdin() -> int:
    """Give the process a terminal, and return the end that hangs it up.

    Without a terminal (and --interactive) `clickhouse local` aborts on the first error of any connection: one wrong
    password would end the server.
    """
    master, slave = pty.openpty()
    os.dup2(slave, sys.stdin.fileno())
    os.close(slave)
    return master


def serve(arguments: list[str], errors: list[str], ended: int) -> None:
    """Be the server; returns when it has stopped."""
    library = ctypes.CDLL(LIBRARY)
    library.query_stable_v2.restype = ctypes.POINTER(Result)
    argv = (ctypes.c_char_p * (len(arguments) + 1))(*(argument.encode() for argument in arguments), None)
    result = library.query_stable_v2(len(arguments), argv)
    if result and result.contents.error:
        errors.append(result.contents.error.decode(errors="replace"))
    os.write(ended, ENDED)


def main() -> int:
    if not CONFIG.is_file():  # clickhouse would go on without one: no accounts, every default
        print(f"No configuration file {CONFIG}.", file=sys.stderr)
        return 1
    keep_system_database(DATA)
    terminal = terminal_as_stdin()

    # What the session reads: one file that opens the listeners, then one that stays silent until we close it.
    opening, write_end = os.pipe()
    os.write(write_end, LISTEN)
    os.close(write_end)
    waiting, hold = os.pipe()

    # Signals and the server's end arrive as bytes in one pipe: a signal may hit any of the server's threads.
    events, event = os.pipe()
    os.set_blocking(event, False)
    signal.set_wakeup_fd(event)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)

    errors: list[str] = []
    arguments = ["clickhouse", f"--config-file={CONFIG}", f"--path={DATA}/", f"--log-level={log_level(CONFIG)}"]
    arguments += ["--interactive", "--disable_suggestion", "--history_file=/dev/null"]
    arguments += ["--queries-file", f"/proc/self/fd/{opening}", f"/proc/self/fd/{waiting}"]
    server = threading.Thread(target=serve, args=(arguments, errors, event))
    server.start()

    asked = os.read(events, 1) != ENDED
    if asked:
        os.close(hold)  # the session ends: listeners close, logs are flushed, tables detached
        os.close(terminal)
    server.join()
    for error in errors:
        print(error, file=sys.stderr)
    if not asked and not errors:
        print("The server ended by itself.", file=sys.stderr)
    return 0 if asked and not errors else 1


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # the library's own threads and destructors have nothing left to do
