from __future__ import annotations

from pathlib import Path

import pytest
from onering import dataset

PLATFORM = Path(__file__).resolve().parents[1]


@pytest.fixture(params=dataset.names())
def declared(request: pytest.FixtureRequest) -> dataset.Dataset:
    """Each dataset that ships."""
    return dataset.load_checked(request.param)


@pytest.fixture
def platform() -> Path:
    return PLATFORM
