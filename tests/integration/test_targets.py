"""Each target of the collection against the real products: and no secret is to be read in what it prints."""

from __future__ import annotations

from concurrent.futures import Future

import pytest
from plays import readable
from targets import ELSEWHERE, FOLDER, TARGETS, Run


def test_every_target_is_run() -> None:
    assert {*TARGETS, *ELSEWHERE} == {path.name for path in (FOLDER / "targets").iterdir()}


@pytest.mark.parametrize("name", TARGETS)
def test_target(targets: dict[str, Future[Run]], name: str) -> None:
    run = targets[name].result()
    assert run.code == 0, f"the end of {run.log}:\n" + "\n".join(run.log.read_text().splitlines()[-60:])
    assert readable(run.log.read_text()) == []
