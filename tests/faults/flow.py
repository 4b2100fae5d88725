"""Runs of the flow, straight through Airflow's API: faster than a play, and close enough to strike in the middle."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import datetime
from typing import Any

import requests

ENDED = ("success", "failed")
PATIENCE = 90.0  # seconds that Airflow has to answer again after its database was hit
PAUSE = 0.1


class Flow:
    """One DAG."""

    def __init__(self, url: str, password: str, dag: str = "flights") -> None:
        self._url, self._account, self._dag = url, {"username": "admin", "password": password}, dag
        self._headers: dict[str, str] = {}

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        """An answer of the API; it is asked again while Airflow is away, and with a new token."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if not self._headers:
                    login = requests.post(f"{self._url}/auth/token", json=self._account, timeout=10)
                    login.raise_for_status()
                    self._headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
                answer = requests.request(
                    method, f"{self._url}/api/v2/{path}", json=body, params=query, headers=self._headers, timeout=10
                )
                if answer.status_code == requests.codes.unauthorized:
                    self._headers = {}
                elif answer.status_code < 500:
                    assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
                    return answer.json()
                fault = f"{answer.status_code} {answer.text[:300]}"
            except requests.RequestException as error:
                fault = str(error)
            assert time.monotonic() < deadline, f"{method} {path}: {fault}"
            time.sleep(0.5)

    def trigger(self, date: datetime) -> str:
        run = f"test__{date:%Y%m%dT%H%M%SZ}"
        self.ask("POST", f"dags/{self._dag}/dagRuns", {"dag_run_id": run, "logical_date": date.isoformat(), "conf": {}})
        return run

    def clear(self, run: str) -> None:
        self.ask("POST", f"dags/{self._dag}/dagRuns/{run}/clear", {"dry_run": False})

    def fail(self, run: str) -> None:
        """What somebody does who marks the run as failed on Airflow's page."""
        self.ask("PATCH", f"dags/{self._dag}/dagRuns/{run}", {"state": "failed"}, update_mask="state")

    def pause(self, paused: bool) -> None:
        """Nothing more is started while it is paused; what runs goes on."""
        self.ask("PATCH", f"dags/{self._dag}", {"is_paused": paused}, update_mask="is_paused")

    def state(self, run: str) -> str:
        return self.ask("GET", f"dags/{self._dag}/dagRuns/{run}")["state"]

    def tasks(self, run: str) -> dict[str, str]:
        answer = self.ask("GET", f"dags/{self._dag}/dagRuns/{run}/taskInstances", limit=100)
        return {of["task_id"]: of["state"] or "none" for of in answer["task_instances"]}

    def ended(self, run: str, task: str) -> datetime:
        """When a task ended, however it did."""
        answer = self.ask("GET", f"dags/{self._dag}/dagRuns/{run}/taskInstances/{task}")
        return datetime.fromisoformat(answer["end_date"])

    def until(self, run: str, task: str, states: Collection[str], seconds: float = 240) -> str:
        """Wait for a state of a task."""
        deadline = time.monotonic() + seconds
        while (found := self.tasks(run)).get(task) not in states:
            assert self.state(run) not in ENDED, f"{run} ended before {task} was {'/'.join(states)}: {found}"
            assert time.monotonic() < deadline, f"{task} of {run} is not {'/'.join(states)} after {seconds} s: {found}"
            time.sleep(PAUSE)
        return found[task]

    def wait(self, run: str, seconds: float = 300) -> str:
        """The state that the run ends with."""
        deadline = time.monotonic() + seconds
        while (state := self.state(run)) not in ENDED:
            assert time.monotonic() < deadline, f"{run} is {state} after {seconds} s: {self.tasks(run)}"
            time.sleep(3 * PAUSE)  # each answer takes time from the run
        return state

    def chain(self) -> dict[str, set[str]]:
        """Each task of the DAG and those that wait for it."""
        answer = self.ask("GET", f"dags/{self._dag}/tasks")
        return {of["task_id"]: set(of["downstream_task_ids"]) for of in answer["tasks"]}
