"""The platform on a thousand rows, and a count of what was done to it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from bench import Bench

BEGUN = time.monotonic()


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    there = Bench()
    there.up()
    yield there
    if not os.environ.get("KEEP"):
        there.down()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    begun = time.monotonic()
    print(f"\n{item.name}")
    yield
    print(f"  {time.monotonic() - begun:.0f} s")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    passed, failed = (len(terminalreporter.stats.get(of, ())) for of in ("passed", "failed"))
    failed += len(terminalreporter.stats.get("error", ()))
    took = round(time.monotonic() - BEGUN)
    terminalreporter.write_line(
        f"{passed + failed} fault cases, {passed} passed, {failed} failed, in {took // 60} min {took % 60:02d} s"
    )
