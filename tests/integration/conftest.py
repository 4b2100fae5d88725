"""The servers, for all tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from servers import Servers


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    there = Servers()
    try:
        yield there
    finally:
        if not os.environ.get("KEEP"):
            there.down()
