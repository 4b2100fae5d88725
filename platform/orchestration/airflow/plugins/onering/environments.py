"""Work that needs another Python environment, as a process whose words go to the task's log."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import deque
from pathlib import Path
from typing import Any

from onering.connections import FILE
from onering.platform_files import ROOT

VENVS = Path("/opt/onering/venvs")
PLUGINS = Path(__file__).resolve().parents[1]
LAST_LINES = 20


class ProcessError(RuntimeError):
    """The process failed; the message has its last lines."""


def run(environment: str, module: str, *arguments: str) -> Any:
    """Run `python -m module arguments… RESULT` in an environment; the document it wrote to RESULT."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [str(VENVS / environment / "bin" / "python"), "-m", module, *arguments, str(result)]
        follow(command, variables(Path(folder)), f"{module} in {environment}")
        return json.loads(result.read_text(encoding="utf-8"))


def variables(folder: Path) -> dict[str, str]:
    """What the process is told: no more of the task's environment than it needs."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ", "HTTPS_PROXY", "NO_PROXY") if name in os.environ}
    return kept | {
        "HOME": str(folder),
        "PYTHONPATH": str(PLUGINS),
        "PYTHONUNBUFFERED": "1",
        "ONERING_PLATFORM": str(ROOT),
        "ONERING_CONNECTIONS": os.environ.get("ONERING_CONNECTIONS", FILE),
        "AIRBYTE_OFFLINE_MODE": "1",
        "AIRBYTE_LOGGING_ROOT": str(folder / "logs"),
        "DO_NOT_TRACK": "1",
        "TMPDIR": str(folder),
    }


def follow(command: list[str], environment: dict[str, str], what: str) -> None:
    last: deque[str] = deque(maxlen=LAST_LINES)
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            last.append(line.rstrip())
            print(last[-1], flush=True)
    if process.returncode:
        raise ProcessError(f"{what} ended with {process.returncode}; its last lines:\n" + "\n".join(last))
