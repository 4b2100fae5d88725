# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
from __future__ import annotations

from typing import Any

from ansible_collections.onering.platform.plugins.module_utils import footprint

STORE: dict[str, Any] = {
    "services": ["store"],
    "images": ["store"],
    "footprint": {"memory_mb": 300, "disk_mb": 2000, "build_seconds": 100},
}
TOOL: dict[str, Any] = {
    "services": [],
    "images": ["tool"],
    "footprint": {"memory_mb": 50, "disk_mb": 100, "build_seconds": 10},
}
IMAGES: list[dict[str, Any]] = [
    {"name": "base", "footprint": {"disk_mb": 200, "build_seconds": 40}},
    {"name": "store", "parents": {"BASE": "base"}},
    {"name": "tool", "parents": {"BASE": "base"}},
]


def test_what_runs_or_is_built_needs_no_more() -> None:
    nothing = footprint.needed([STORE, TOOL], IMAGES, {"missing": ["base", "store", "tool"], "running": []})
    assert nothing == {"memory_mb": 350, "disk_mb": 2300 + footprint.DATA_MB, "build_seconds": 100}
    some = footprint.needed([STORE, TOOL], IMAGES, {"missing": ["tool"], "running": ["store"]})
    assert some == {"memory_mb": 50, "disk_mb": 100 + footprint.DATA_MB, "build_seconds": 10}
    every = footprint.needed([STORE, TOOL], IMAGES, {"missing": [], "running": ["store"]})
    assert every == {"memory_mb": 50, "disk_mb": footprint.DATA_MB, "build_seconds": 0}
