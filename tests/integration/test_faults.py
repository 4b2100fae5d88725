"""What each backend's modules say of a server with a fault; Airflow's in tests/platform, where there is a real one."""

from __future__ import annotations

from typing import Any

import pytest
from backends import BACKENDS
from plays import Answer
from servers import Servers
from strokes import CASES, judge, strike


@pytest.fixture(scope="module", params=sorted(BACKENDS))
def answers(request: Any, servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    with BACKENDS[request.param](servers) as backend:
        return strike(backend, tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_one_clear_error(answers: dict[str, Answer], name: str) -> None:
    judge(name, answers[name])
