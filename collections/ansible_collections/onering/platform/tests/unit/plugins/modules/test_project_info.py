from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.onering.platform.plugins.modules import project_info


@pytest.mark.parametrize(
    ("group", "folder", "used", "stat"),
    [
        ("11:memory:/docker/abc\n", "memory/docker/abc", "memory.usage_in_bytes", "total_inactive_file 40\ncache 7\n"),
        ("0::/system.slice/x.scope\n", "system.slice/x.scope", "memory.current", "anon 1\ninactive_file 40\n"),
    ],
    ids=["v1", "v2"],
)
def test_working_set_is_use_less_inactive_page_cache(
    tmp_path: Path, group: str, folder: str, used: str, stat: str
) -> None:
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/cgroup").write_text(f"5:cpu,cpuacct:/x\n{group}")
    (tmp_path / "cg" / folder).mkdir(parents=True)
    (tmp_path / "cg" / folder / used).write_text("100\n")
    (tmp_path / "cg" / folder / "memory.stat").write_text(stat)
    assert project_info.working_set(7, str(tmp_path / "proc"), str(tmp_path / "cg")) == 60


def test_a_vanished_process_has_no_working_set(tmp_path: Path) -> None:
    assert project_info.working_set(7, str(tmp_path), str(tmp_path)) == 0


def inspected(status: str) -> dict[str, Any]:
    return {
        "Name": "/p-store",
        "Id": "abc",
        "Created": "2026-01-01T00:00:00Z",
        "State": {"Status": status, "StartedAt": "2026-01-01T00:00:00.123456789Z", "ExitCode": 3, "Pid": 1},
        "Config": {"Image": "onering/x:1", "Labels": {"onering.service": "store", "onering.kind": "service"}},
    }


def test_a_container_that_ended_has_no_uptime() -> None:
    there = project_info.describe(inspected("exited"))
    assert (there["name"], there["state"], there["exit_code"]) == ("p-store", "exited", 3)
    assert (there["uptime_seconds"], there["working_set_bytes"], there["health"]) == (0, 0, "")


def test_a_running_container_has_uptime() -> None:
    assert project_info.describe(inspected("running"))["uptime_seconds"] > 0
