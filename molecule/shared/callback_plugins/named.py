"""Writes what a run says it changes (in check mode, would change) to NAMED_PATH: one line `task: object`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: named
type: aggregate
short_description: What a run names as changed
description: For the drift tests. An object of the project is written without the project's name.
requirements: [enable it]
"""


def objects(result: dict[str, Any], label: str) -> Iterator[str]:
    """What changed: those that the collection's modules name in the diff, else the loop's item, else just the task."""
    entries = [entry for entry in result.get("results") or [] if isinstance(entry, dict) and "name" in entry]
    names = [str(entry["name"]) for entry in entries if entry.get("changed")] or result.get("changed_paths") or []
    shown = json.dumps(result.get("diff") or {})
    for name in names:
        yield " ".join(part for part in (label, name, "" if name in shown else "(not in the diff)") if part)
    if not names:
        yield label


class CallbackModule(CallbackBase):
    """Ansible's entry point."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "named"
    CALLBACK_NEEDS_ENABLED = True

    def note(self, result: Any, label: str) -> None:
        if not result.result.get("changed"):
            return
        project = os.environ["NAMED_PROJECT"] + "-"
        with open(os.environ["NAMED_PATH"], "a") as stream:
            for name in objects(result.result, label):
                task = result.task.get_name()
                stream.write(f"{task}: {name.replace(project, '')}\n" if name else f"{task}\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        if result.task.loop is None:
            self.note(result, "")

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self.note(result, str(self._get_item_label(result.result)))
