# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Print a text as it is: a summary is for people, not for YAML."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display


class ActionModule(ActionBase):
    """See the module's documentation."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset({"text"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        Display().display(str(self._task.args.get("text", "")).rstrip() + "\n")
        result.update(changed=False)
        return result
