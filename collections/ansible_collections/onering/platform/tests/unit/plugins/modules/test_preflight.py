from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.onering.platform.plugins.module_utils import preflight as judging
from ansible_collections.onering.platform.plugins.modules import preflight

ARGUMENTS = {"project": "p", "network": "p", "subnet": "198.18.0.0/16"}
STORE = {"name": "store", "services": ["store"], "images": ["store"], "ports": [], "footprint": {"memory_mb": 1}}


@pytest.mark.parametrize("check", [False, True])
def test_a_real_host_is_judged_without_an_engine(
    run_module: Callable[..., dict[str, Any]], tmp_path: Path, check: bool
) -> None:
    result = run_module(
        preflight,
        check=check,
        **ARGUMENTS,
        engine_socket=str(tmp_path / "none"),
        components=[STORE],
        images=[{"name": "store", "tag": "o/store:1"}],
        skip=["registries"],
        memory_mb=10**9,
    )
    assert not result["failed"]
    assert not result["changed"]
    assert result["checks"] == list(judging.JUDGES)
    memory = next(entry for entry in result["findings"] if entry["check"] == "memory")
    assert memory["level"] == "error"
    assert result["host"]["cpus"] >= 1
    assert result["host"]["memory_mb"] > 0
    assert result["host"]["missing"] == ["store"]
    assert result["notes"] == ["no engine answers: it will be installed"]
    assert list(tmp_path.iterdir()) == []


def test_settings_cannot_be_skipped(run_module: Callable[..., dict[str, Any]]) -> None:
    result = run_module(preflight, **ARGUMENTS, components=[], images=[], skip=["settings"])
    assert result["failed"]
    assert "skip" in result["msg"]


def test_every_check_can_be_skipped(run_module: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    result = run_module(
        preflight,
        **ARGUMENTS,
        engine_socket=str(tmp_path / "none"),
        components=[],
        images=[],
        skip=list(judging.JUDGES),
        memory_mb=10**9,
        disk_mb=10**9,
    )
    assert {entry["level"] for entry in result["findings"]} == {"warning"}
