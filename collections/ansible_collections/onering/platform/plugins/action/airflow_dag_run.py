# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Controller's half of onering.platform.airflow_dag_run: shows the tasks' states while the run goes on."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.onering.platform.plugins.plugin_utils.progress import run_with_progress

MODULE = "onering.platform.airflow_dag_run"
DEFAULTS = {"timeout": 900, "parse_timeout": 120}


class ActionModule(ActionBase):
    """See the module's documentation; the arguments are the same."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        args = dict(self._task.args)
        # Most calls find the run done: only a run that will take time is worth a background job.
        asked, self._task.check_mode = self._task.check_mode, True
        try:
            looked = self._execute_module(module_name=MODULE, module_args=args, task_vars=task_vars)
        finally:
            self._task.check_mode = asked
        if asked or looked.get("failed") or not looked.get("changed"):
            return looked
        remote = self._make_tmp_path()
        try:
            progress = self._connection._shell.join_path(remote, "progress")
            seconds = sum(int(args.get(name) or default) for name, default in DEFAULTS.items())
            return run_with_progress(
                self, MODULE, {**args, "progress_path": progress}, task_vars, progress, seconds + 60
            )
        finally:
            self._remove_tmp_path(remote, force=True)
