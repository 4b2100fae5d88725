"""The servers, for all tests of this folder; targets run beside the other tests, which are mostly waiting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from servers import Servers
from targets import TARGETS, Run, run


def _is_target(item: Any) -> bool:
    return getattr(item, "originalname", "") == "test_target"


def pytest_collection_modifyitems(items: list[Any]) -> None:
    items.sort(key=_is_target)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    there = Servers()
    try:
        yield there
    finally:
        if not os.environ.get("KEEP"):
            there.down()


@pytest.fixture(scope="session", autouse=True)
def targets(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Run]]]:
    """Those that were asked for, two at a time from the first test on."""
    items: list[Any] = request.session.items
    wanted = [item.callspec.params["name"] for item in items if _is_target(item)]
    pool = ThreadPoolExecutor(2)
    # Only what was asked for needs servers.
    envs = {name: request.getfixturevalue("servers").env(*TARGETS[name]) for name in wanted}
    yield {name: pool.submit(run, name, env) for name, env in envs.items()}
    pool.shutdown(cancel_futures=True)
