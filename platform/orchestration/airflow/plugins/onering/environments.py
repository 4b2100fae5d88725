"""Work that needs another Python environment, as a process whose words go to the task's log."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections import deque
from pathlib import Path
from typing import Any

from onering.connections import FILE
from onering.platform_files import ROOT

VENVS = Path("/opt/onering/venvs")
PLUGINS = Path(__file__).resolve().parents[1]
LAST_LINES = 20
KEPT = ("PATH", "LANG", "TZ", "HTTPS_PROXY", "NO_PROXY", "ONERING_DEAD_AFTER")
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)  # loaded here: nothing is to be loaded between fork and exec


class ProcessError(RuntimeError):
    """The process failed; the message has its last lines."""


def run(environment: str, module: str, *arguments: str) -> Any:
    """Run `python -m module arguments… RESULT` in an environment; the document it wrote to RESULT.

    When it fails RESULT may have its `failure`, in one sentence for people; else its last lines are told.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [str(VENVS / environment / "bin" / "python"), "-m", module, *arguments, str(result)]
        try:
            follow(command, variables(Path(folder)), f"{module} in {environment}")
        except ProcessError:
            if result.exists():
                raise ProcessError(json.loads(result.read_text(encoding="utf-8"))["failure"]) from None
            raise
        return json.loads(result.read_text(encoding="utf-8"))


def variables(folder: Path) -> dict[str, str]:
    """What the process is told: no more of the task's environment than it needs."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {
        "HOME": str(folder),
        "PYTHONPATH": str(PLUGINS),
        "PYTHONUNBUFFERED": "1",
        "ONERING_PLATFORM": str(ROOT),
        "ONERING_CONNECTIONS": os.environ.get("ONERING_CONNECTIONS", FILE),
        "TMPDIR": str(folder),
    }


def die_with_parent() -> None:
    """Told the child before it begins: when the task dies, however that comes, it gets SIGTERM."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end_session(leader: int) -> None:
    """Kill what is left of a session: a command, what it started, and what those started, in whatever groups."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            session = int(stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[3])
            if session == leader and stat.parent.name != str(os.getpid()):
                os.kill(int(stat.parent.name), signal.SIGKILL)


def follow(command: list[str], environment: dict[str, str], what: str) -> None:
    """Run a command in a session of its own, of which nothing is left afterwards."""
    last: deque[str] = deque(maxlen=LAST_LINES)
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=die_with_parent,
    ) as process:
        # Children that outlive the command would keep its output open, and this waiting.
        threading.Thread(target=lambda: (process.wait(), end_session(process.pid)), daemon=True).start()
        try:
            for line in process.stdout or ():
                last.append(line.rstrip())
                print(last[-1], flush=True)
        finally:
            process.kill()
            end_session(process.pid)
    if process.returncode:
        raise ProcessError(f"{what} ended with {process.returncode}; its last lines:\n" + "\n".join(last))
