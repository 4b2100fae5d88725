"""Two plays at once on the same objects: each works or says in one clear error why not, and all of it is there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from plays import Played, play
from servers import Servers

COLUMNS = [{"name": "id", "type": "Int64"}]
TABLES = [
    {"database": "together", "name": f"t{number}", "columns": COLUMNS, "order_by": ["id"]} for number in range(30)
]
TASKS: dict[str, dict[str, Any]] = {
    "minio": {
        "onering.platform.minio_bucket": {
            "buckets": [{"name": f"together-{number}", "versioning": True, "quota": 10**6} for number in range(20)]
        }
    },
    "clickhouse": {"onering.platform.clickhouse_schema": {"databases": ["together"], "tables": TABLES}},
}


@pytest.mark.parametrize("backend", sorted(TASKS))
def test_two_plays_at_once(servers: Servers, tmp_path: Path, backend: str) -> None:
    env = servers.env(backend)
    task = TASKS[backend]

    def one(name: str) -> Played:
        folder = tmp_path / name
        folder.mkdir()
        return play(folder, [{**task, "ignore_errors": True}], env=env)

    with ThreadPoolExecutor(2) as pool:
        answers = [played.ok()[0] for played in pool.map(one, ("first", "second"))]
    print(f"\n  {[answer.message or 'succeeded' for answer in answers]}")
    assert not all(answer.failed for answer in answers)
    for answer in answers:
        assert "Traceback" not in str(answer.result)
        assert not answer.failed or "at the same moment: run this again" in answer.message
    play(tmp_path, [task], env=env).ok()
    assert not play(tmp_path, [task], "--check", env=env).ok()[0].changed
