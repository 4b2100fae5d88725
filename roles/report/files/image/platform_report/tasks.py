"""When each task of a run began and ended, as Airflow's public API says (version 2, /api/v2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import requests

TIMEOUT = 15
PAGE = 100  # Airflow's own limit of an answer


class Airflow:
    """An account of Airflow that may read runs. An Airflow that doesn't answer is told, and stops nothing."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._url = url.rstrip("/")
        self._account = {"username": user, "password": password}
        self._session = requests.Session()
        self._session.trust_env = False
        self.answered = True  # until it does not

    def timings(self, runs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Each run (dataset, logical date) with its tasks in the order in which they began, or the reason why not."""
        if not self._url:
            return []
        found: list[dict[str, Any]] = []
        for run in runs:
            if not self.answered:
                break  # one wait is enough
            one = {"dataset": run["dataset"], "logical": run["logical"], "tasks": [], "error": ""}
            try:
                one["tasks"] = self._tasks(run)
            except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError) as error:
                one["error"] = f"Airflow at {self._url} did not tell: {error}"
                self.answered = not isinstance(error, requests.ConnectionError | requests.Timeout)
            found.append(one)
        return found

    def _tasks(self, run: Mapping[str, Any]) -> list[dict[str, Any]]:
        if "Authorization" not in self._session.headers:
            token = self._answer("POST", "/auth/token", json=self._account)["access_token"]
            self._session.headers["Authorization"] = f"Bearer {token}"
        # The books know a logical date to the second.
        bounds = {
            name: datetime.fromtimestamp(seconds, UTC).isoformat()
            for name, seconds in (("logical_date_gte", run["logical"]), ("logical_date_lt", run["logical"] + 1))
        }
        path = f"/api/v2/dags/{quote(run['dataset'], safe='')}/dagRuns/~/taskInstances"
        instances: list[dict[str, Any]] = []
        while True:
            asked = {**bounds, "order_by": "id", "limit": PAGE, "offset": len(instances)}
            answer = self._answer("GET", path, params=asked)
            instances += answer["task_instances"]
            if not answer["task_instances"] or len(instances) >= answer["total_entries"]:
                break
        tasks = [
            {
                "name": of["task_id"] + (f"[{of['map_index']}]" if of["map_index"] >= 0 else ""),
                "state": of["state"] or "none",
                "tries": of["try_number"],
                "began": _seconds(of["start_date"]),
                "ended": _seconds(of["end_date"]),
            }
            for of in instances
            if of["start_date"]
        ]
        return sorted(tasks, key=lambda task: task["began"])

    def _answer(self, method: str, path: str, **more: Any) -> Any:
        answer = self._session.request(method, self._url + path, timeout=TIMEOUT, **more)
        answer.raise_for_status()
        return answer.json()


def _seconds(moment: str | None) -> float | None:
    return datetime.fromisoformat(moment).timestamp() if moment else None
