#!/usr/bin/python
# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
# Apache License 2.0 (see LICENSE or https://www.apache.org/licenses/LICENSE-2.0)

from __future__ import annotations

DOCUMENTATION = r"""
module: airflow_dag_run
short_description: Run a DAG of Airflow for one logical date, stop the run, remove it, or read it
version_added: 0.1.0
description:
  - Sees to it that a DAG has a successful run for a logical date. There is at most one run for a date.
  - Where there is none it is triggered; a running one is waited for; a failed one is cleared and runs again;
    a successful one is no change.
  - Waits for the DAG to be parsed, and unpauses it before it runs. A file that doesn't parse is reported with its
    message.
  - A run that fails ends the module with the failing tasks, what failed them, and the last lines of their logs.
  - Two calls at once for the same date share one run, and both wait for it.
author:
  - OneRing contributors (@onering)
attributes:
  idempotent:
    description: A run that succeeded is no change, unless O(force=true) asks for it again each time.
    support: partial
options:
  dag_id:
    description: The DAG.
    type: str
    required: true
  logical_date:
    description: The run's logical date, in ISO 8601. Without an offset it is UTC.
    type: str
    required: true
  state:
    description:
      - V(present) is a successful run, or without O(wait) one that is queued or running.
      - V(stopped) is no run that is queued or running. Airflow calls a run that was stopped failed, and ends its tasks.
      - V(absent) is no run. What Airflow knows of it goes, with its tasks; a run that is running is refused without
        O(force).
      - V(gathered) changes nothing, and returns the run if there is one.
    type: str
    choices: [present, stopped, absent, gathered]
    default: present
  conf:
    description: The run's configuration. It belongs to the run from its first trigger on; another one is refused.
    type: dict
  force:
    description: Clear a run that succeeded, and run it again. With O(state=absent), stop a run that is running first.
    type: bool
    default: false
  wait:
    description: Wait for the run's end. Otherwise a run that is queued or running is enough.
    type: bool
    default: true
  timeout:
    description: Seconds for the run.
    type: int
    default: 900
  parse_timeout:
    description: Seconds for Airflow to find and parse the DAG.
    type: int
    default: 120
  interval:
    description: Seconds between two looks.
    type: float
    default: 2
  log_lines:
    description: How many of a failing task's last log lines are told.
    type: int
    default: 15
  progress_path:
    description: File on the target that gets one line per change of a task's state.
    type: path
extends_documentation_fragment:
  - onering.platform.attributes
  - onering.platform.airflow
"""

EXAMPLES = r"""
- name: Run the flow for a date, once
  onering.platform.airflow_dag_run:
    url: http://127.0.0.1:8080
    username: admin
    password: "{{ airflow_admin_password }}"
    dag_id: flights
    logical_date: "2026-01-01T00:00:00Z"
    timeout: 600

- name: Run it again
  onering.platform.airflow_dag_run:
    url: http://127.0.0.1:8080
    username: admin
    password: "{{ airflow_admin_password }}"
    dag_id: flights
    logical_date: "2026-01-01T00:00:00Z"
    force: true

- name: Read how it went
  onering.platform.airflow_dag_run:
    url: http://127.0.0.1:8080
    username: admin
    password: "{{ airflow_admin_password }}"
    dag_id: flights
    logical_date: "2026-01-01T00:00:00Z"
    state: gathered
  register: flights
  failed_when: flights.state | default('none') != 'success'

- name: Stop it
  onering.platform.airflow_dag_run:
    url: http://127.0.0.1:8080
    username: admin
    password: "{{ airflow_admin_password }}"
    dag_id: flights
    logical_date: "2026-01-01T00:00:00Z"
    state: stopped
"""

RETURN = r"""
dag_run_id:
  description: The run's id.
  returned: when there is a run
  type: str
  sample: ansible__20260101T000000Z
state:
  description: The run's state.
  returned: when there is a run
  type: str
  sample: success
conf:
  description: The run's configuration.
  returned: when there is a run
  type: dict
  sample: {"sample": true}
begun:
  description: When it began, in ISO 8601; none if it is queued.
  returned: when there is a run
  type: str
  sample: "2026-01-02T08:00:00Z"
seconds:
  description: From the run's start to its end.
  returned: when there is a run that ended
  type: float
failures:
  description: The failing tasks of a run that failed, at most three.
  returned: when there is a run
  type: list
  elements: dict
  sample: [{task: load, try: 2, cause: "ValueError: 3 rows lack", log: [reading bronze/flights]}]
  contains:
    task: {description: "The task, with its number if it is mapped.", type: str, sample: "load[2]"}
    try: {description: How often it was tried., type: int}
    cause: {description: The exception that ended it; empty if its log tells none., type: str}
    log: {description: The last lines of its log., type: list, elements: str}
tasks:
  description: The run's task instances, in the order they began.
  returned: when there is a run
  type: list
  elements: dict
  contains:
    task_id: {description: The task., type: str}
    map_index: {description: Number of a mapped task's instance; -1 without mapping., type: int}
    state: {description: The instance's state., type: str}
    seconds: {description: Time it took., type: float}
    try: {description: How often it was tried., type: int}
import_errors:
  description: Files of the DAG folder that don't parse, each with its error.
  returned: failure because there is no such DAG
  type: dict
  sample: {"sales.py": "SyntaxError: invalid syntax"}
"""

import contextlib
import datetime
import time
from collections.abc import Callable, Iterator
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.airflow import (
    CONNECTION,
    Api,
    log_cause,
    log_lines,
    part,
)
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, Resource, converge, run

UTC = datetime.timezone(datetime.timedelta(0))
ENDED = ("success", "failed")
UNPARSED_GRACE = 30.0  # seconds a broken file has to be parsed again
SHOWN = 3  # failing tasks whose logs are told


def in_utc(text: str) -> datetime.datetime:
    """The date as Airflow writes it. Raises BackendError for what isn't one."""
    try:
        date = datetime.datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError as error:
        raise BackendError("read logical_date", str(error), "Write it as 2026-01-01T00:00:00Z") from error
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return date.astimezone(UTC)


def named(task: dict[str, Any]) -> str:
    index = task["map_index"]
    return task["task_id"] if index < 0 else f"{task['task_id']}[{index}]"


class Progress:
    """One line per change of a state, into the file that the controller shows."""

    def __init__(self, path: str | None, dag_id: str) -> None:
        self._path = path
        self._dag_id = dag_id
        self._seen: dict[str, str] = {}
        self._started = time.monotonic()

    def tell(self, text: str) -> None:
        if self._path:
            with open(self._path, "a", encoding="utf-8") as stream:
                stream.write(f"[{time.monotonic() - self._started:4.0f} s] {self._dag_id}: {text}\n")

    def look(self, tasks: list[dict[str, Any]]) -> None:
        for task in tasks:
            state, name = task["state"] or "none", named(task)
            if self._seen.get(name, "none") != state and state != "scheduled":
                took = f" in {task['duration']:.0f} s" if state in ENDED and task["duration"] else ""
                self.tell(f"{name} {state}{took}")
            self._seen[name] = state


class DagRun(Resource):
    """The run of one DAG for one date: {dag_id, logical_date, state, conf, paused}."""

    def __init__(self, module: AnsibleModule, api: Api) -> None:
        self.params = module.params
        self.api = api
        self.name = self.params["dag_id"]
        self.date = in_utc(self.params["logical_date"])
        self.progress = Progress(self.params["progress_path"], self.name)
        self.run: dict[str, Any] = {}
        self.paused = False
        self.failures: list[dict[str, Any]] | None = None
        self.touched = False  # whether Airflow was told to change something

    @property
    def _dag(self) -> str:
        return f"dags/{part(self.name)}"

    @property
    def _run(self) -> str:
        return f"{self._dag}/dagRuns/{part(self.run['dag_run_id'])}"

    def read(self) -> dict[str, Any] | None:
        self.run = self._find() or {}
        if not self.run:
            return None
        self.paused = bool((self.api.get(self._dag, missing=True) or {}).get("is_paused"))
        return self._state(self.run["state"], self.run.get("conf") or {}, self.paused)

    def _find(self) -> dict[str, Any] | None:
        stamp = self.date.isoformat()
        found = self.api.get(f"{self._dag}/dagRuns", missing=True, logical_date_gte=stamp, logical_date_lte=stamp)
        runs = (found or {}).get("dag_runs") or []
        return runs[0] if runs else None

    def _state(self, state: str, conf: dict[str, Any], paused: bool) -> dict[str, Any]:
        date = self.date.isoformat()
        return {"dag_id": self.name, "logical_date": date, "state": state, "conf": conf, "paused": paused}

    @property
    def _asked(self) -> str:
        return f"run {self.name} for {self.date.isoformat()}"

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any] | None:
        state = current["state"] if current else ""
        if self.params["state"] == "absent":
            if state == "running" and not self.params["force"]:
                raise BackendError(
                    f"remove the run of {self.name} for {self.date.isoformat()}",
                    "it is running",
                    "Wait for its end, or set force: true to stop it",
                )
            return None
        if self.params["state"] == "stopped":
            return {**current, "state": "failed"} if current and state not in ENDED else current
        if current and state == "success" and not self.params["force"]:
            return current
        if current and self.params["conf"] is not None and self.params["conf"] != current["conf"]:
            raise BackendError(
                self._asked,
                "its run has another conf, and Airflow keeps one run for a date",
                "Leave conf out, or choose another logical_date",
            )
        if not self.params["wait"] and current and state not in ENDED:
            return current
        conf = current["conf"] if current else self.params["conf"] or {}
        new = self._state("success" if self.params["wait"] else "queued", conf, False)
        return {**new, "again": True} if state == "success" else new

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        with self._telling():
            self._write(current, desired)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """What fails after something was changed says so."""
        try:
            yield
        except BackendError as error:
            if self.touched:
                error.facts["changed"] = True
            raise

    def _change(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        answer = method(*arguments, **options)
        self.touched = True
        return answer

    def _write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        if self.params["state"] == "stopped":
            self._stop()
            return
        self._wait_until_parsed()
        if current is None:
            self._trigger(desired["conf"])
        elif current["state"] in ENDED:
            self.progress.tell(f"{current['state']} before, runs again for {self.date.isoformat()}")
            self._change(self.api.post, f"{self._run}/clear", {"dry_run": False, "run_on_latest_version": True})
            self.run["state"] = "queued"
        if self.params["wait"]:
            self._wait_until_ended()

    def _trigger(self, conf: dict[str, Any]) -> None:
        run = self.api.post(
            f"{self._dag}/dagRuns",
            {
                "dag_run_id": f"ansible__{self.date:%Y%m%dT%H%M%SZ}",
                "logical_date": self.date.isoformat(),
                "conf": conf,
            },
            taken=True,
        )
        self.touched = self.touched or run is not None
        self.progress.tell(f"triggered for {self.date.isoformat()}" if run else "triggered by someone else meanwhile")
        self.run = run or self._find() or {}
        if not self.run:
            raise BackendError(
                self._asked, "another date has the id that this run would have", "Give a date that differs by a second"
            )
        if (self.run.get("conf") or {}) != conf:
            raise BackendError(
                self._asked,
                "someone else triggered it meanwhile, with another conf",
                "Look at that run, then try again",
            )

    def _stop(self) -> None:
        self.run = self._change(self.api.patch, self._run, {"state": "failed"}, update_mask="state")

    def delete(self, current: dict[str, Any]) -> None:
        with self._telling():
            if current["state"] == "running":
                self._stop()
            self.api.delete(self._run)

    def _wait_until_parsed(self) -> None:
        """Wait until the DAG can run, and unpause it."""
        begun = time.monotonic()
        errors: list[dict[str, Any]] = []
        while True:
            dag = self.api.get(self._dag, missing=True)
            if dag and not dag.get("is_stale") and not dag.get("has_import_errors"):
                break
            errors = self.api.all("importErrors", "import_errors")
            waited = time.monotonic() - begun
            if waited > (min(UNPARSED_GRACE, self.params["parse_timeout"]) if errors else self.params["parse_timeout"]):
                raise self._unparsed(dag, errors)
            time.sleep(self.params["interval"])
        if dag.get("is_paused"):
            self._change(self.api.patch, self._dag, {"is_paused": False}, update_mask="is_paused")

    def _unparsed(self, dag: dict[str, Any] | None, errors: list[dict[str, Any]]) -> BackendError:
        own = [error for error in errors if dag and error["filename"] == dag.get("relative_fileloc")] or errors
        told = "; ".join(f"{e['filename']}: {(e['stack_trace'].strip().splitlines() or ['?'])[-1]}" for e in own)
        error = BackendError(
            f"find DAG {self.name} in Airflow",
            f"files that don't parse: {told}" if told else f"no such DAG after {self.params['parse_timeout']} s",
            "Mend the file" if told else "Check the dag_id, the DAG folder and that the DAG processor runs",
        )
        error.facts["import_errors"] = {e["filename"]: e["stack_trace"] for e in own}
        return error

    def _tasks(self) -> list[dict[str, Any]]:
        tasks = self.api.all(f"{self._run}/taskInstances", "task_instances")
        return sorted(tasks, key=lambda t: (t["start_date"] or "9", t["task_id"], t["map_index"]))

    def _wait_until_ended(self) -> None:
        deadline = time.monotonic() + self.params["timeout"]
        while True:
            self.run = self.api.get(self._run)
            tasks = self._tasks()
            self.progress.look(tasks)
            if self.run["state"] in ENDED:
                break
            if time.monotonic() > deadline:
                waiting = ", ".join(
                    f"{named(t)} {t['state']}" for t in tasks if t["state"] not in (*ENDED, "skipped", None)
                )
                raise self._failure(
                    f"still {self.run['state']} after {self.params['timeout']} s ({waiting or 'no task has begun'})",
                    tasks,
                )
            time.sleep(self.params["interval"])
        seconds = f" in {self.run['duration']:.0f} s" if self.run.get("duration") else ""
        self.progress.tell(f"{self.run['state']}{seconds}")
        if self.run["state"] == "failed":
            raise self._failure(self._causes(tasks), tasks)

    def _causes(self, tasks: list[dict[str, Any]]) -> str:
        """The failing tasks, each with the end of its log."""
        failures = self._failures(tasks)
        if not failures:
            return "failed without a failing task"
        told = []
        for failure in failures:
            cause = f" by {failure['cause']}" if failure["cause"] else ""
            told.append(f"{failure['task']} failed at try {failure['try']}{cause}:\n  " + "\n  ".join(failure["log"]))
        more = sum(task["state"] == "failed" for task in tasks) - len(failures)
        return "failed. " + "\n".join(told) + (f"\nand {more} more tasks" if more else "")

    def _failures(self, tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self.failures is None:
            failing = [task for task in tasks if task["state"] == "failed"]
            self.failures = [self._why(task) for task in failing[:SHOWN]]
        return self.failures

    def _why(self, task: dict[str, Any]) -> dict[str, Any]:
        path = f"{self._run}/taskInstances/{part(task['task_id'])}/logs/{task['try_number']}"
        failure = {"task": named(task), "try": task["try_number"], "cause": ""}
        try:
            content = self.api.get(path, full_content="true", map_index=task["map_index"]).get("content") or []
        except BackendError as error:
            return {**failure, "log": [f"(its log can't be read: {error})"]}
        lines = log_lines(content)[-self.params["log_lines"] :]
        return {**failure, "cause": log_cause(content), "log": lines or ["(its log is empty)"]}

    def _failure(self, answered: str, tasks: list[dict[str, Any]]) -> BackendError:
        error = BackendError(
            self._asked, answered, "Mend the cause and run this again: a failed run is cleared and runs anew"
        )
        error.facts.update(self._facts(tasks), changed=True)
        return error

    def _facts(self, tasks: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "dag_run_id": self.run["dag_run_id"],
            "state": self.run["state"],
            "conf": self.run.get("conf") or {},
            "begun": self.run.get("start_date"),
            "seconds": self.run.get("duration"),
            "failures": self._failures(tasks) if self.run["state"] == "failed" else [],
            "tasks": [
                {
                    "task_id": task["task_id"],
                    "map_index": task["map_index"],
                    "state": task["state"],
                    "seconds": task["duration"],
                    "try": task["try_number"],
                }
                for task in tasks
            ],
        }

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        return self._facts(self._tasks()) if self.run and state is not None else {}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **CONNECTION,
            "dag_id": {"type": "str", "required": True},
            "logical_date": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "stopped", "absent", "gathered"], "default": "present"},
            "conf": {"type": "dict"},
            "force": {"type": "bool", "default": False},
            "wait": {"type": "bool", "default": True},
            "timeout": {"type": "int", "default": 900},
            "parse_timeout": {"type": "int", "default": 120},
            "interval": {"type": "float", "default": 2},
            "log_lines": {"type": "int", "default": 15},
            "progress_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    run(module, lambda module: converge(module, DagRun(module, Api(module.params))))


if __name__ == "__main__":
    main()
