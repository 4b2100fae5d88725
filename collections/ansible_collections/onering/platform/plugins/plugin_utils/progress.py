# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Run a module on the target in the background and show, line by line, what it writes to its progress file.

Ansible itself shows nothing while a module runs; minutes without a word look like a hang.
"""

from __future__ import annotations

import shlex
import time
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

display = Display()
INTERVAL = 2.0


def run_with_progress(
    action: ActionBase, module: str, args: dict[str, Any], task_vars: dict[str, Any], path: str, timeout: int
) -> dict[str, Any]:
    """Run `module` with `args` for at most `timeout` seconds; show what it appends to `path` on the target.

    Returns the module's result. A module that outlives its time is reported as failed with its last progress line.
    """
    task = action._task
    asked, task.async_val = task.async_val, timeout
    try:
        started = action._execute_module(module_name=module, module_args=args, task_vars=task_vars, wrap_async=True)
    finally:
        task.async_val = asked
    if "ansible_job_id" not in started:
        return started
    job = {
        "jid": started["ansible_job_id"],
        "_async_dir": action.get_shell_option("async_dir", default="~/.ansible_async"),
    }
    deadline = time.monotonic() + timeout + 30
    shown = 0
    last = ""
    while True:
        status = action._execute_module(
            module_name="ansible.builtin.async_status", module_args=job, task_vars=task_vars
        )
        tail = action._low_level_execute_command(f"tail -c +{shown + 1} {shlex.quote(path)} 2>/dev/null")
        text = tail.get("stdout", "")
        complete = text[: text.rfind("\n") + 1]
        shown += len(complete.encode())
        for line in complete.splitlines():
            display.display(f"  {line}", color="bright blue")
            last = line
        if not status.get("finished") and status.get("failed"):
            return {
                "failed": True,
                "msg": f"{module} was lost: {status.get('msg', 'no answer')}. Last progress: {last or 'none'}",
            }
        if status.get("finished"):
            action._low_level_execute_command(f"rm -f {shlex.quote(path)}")
            action._execute_module(
                module_name="ansible.builtin.async_status", module_args={**job, "mode": "cleanup"}, task_vars=task_vars
            )
            for key in ("ansible_job_id", "started", "finished", "results_file"):
                status.pop(key, None)
            return status
        if time.monotonic() > deadline:
            return {"failed": True, "msg": f"{module} did not end within {timeout} s. Last progress: {last or 'none'}"}
        time.sleep(INTERVAL)
