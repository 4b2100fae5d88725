"""What `--check --diff` tells of a play of ten tasks is what the run after it does: task by task, and line by line.

No task speaks of what another one changes: to check mode that is as it was.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from backends import catalog
from plays import Answer, play, readable
from servers import Servers

Task = dict[str, Any]
PLAYS = {path.stem: yaml.safe_load(path.read_text()) for path in Path(__file__).parent.glob("checks/*.yml")}


def told(answers: list[Answer]) -> list[tuple[int, bool, Any]]:
    """Of each task, whether it changes something, and what."""
    return [(number, answer.changed, answer.result.get("diff")) for number, answer in enumerate(answers)]


@pytest.mark.parametrize("backend", sorted(PLAYS))
def test_a_check_tells_what_the_run_does(servers: Servers, tmp_path: Path, backend: str) -> None:
    tasks: list[Task] = PLAYS[backend]["tasks"]
    assert len(tasks) == 10
    with ExitStack() as stack:
        env = stack.enter_context(catalog())[1] if backend == "openmetadata" else servers.env(backend)

        def run(*arguments: str, tasks: list[Task] = tasks) -> list[Answer]:
            played = play(tmp_path, tasks, "--diff", *arguments, env=env)
            assert readable(played.text) == []
            return played.ok()

        run(tasks=PLAYS[backend]["before"])
        checked, done = run("--check"), run()
    assert told(checked) == told(done)
    assert 1 < sum(answer.changed for answer in done) < 10
    assert all(answer.result["diff"]["before"] != answer.result["diff"]["after"] for answer in done if answer.changed)
