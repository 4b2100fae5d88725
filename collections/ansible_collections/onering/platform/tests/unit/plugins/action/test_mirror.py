"""The controller's half with the module, as tasks of a play on this machine; `make vm` runs them over SSH."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COLLECTIONS = Path(__file__).resolve().parents[7]


@pytest.fixture
def play(tmp_path: Path) -> Any:
    def play(*tasks: dict[str, Any]) -> list[dict[str, Any]]:
        """The results of the tasks, in their order."""
        (tmp_path / "ansible.cfg").touch()
        (tmp_path / "play.yml").write_text(
            json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [*tasks]}])
        )
        python = f"ansible_python_interpreter={sys.executable}"
        settings = {
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"),
        }
        done = subprocess.run(
            ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", python, "play.yml"],
            capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120, env={**os.environ, **settings},
        )  # fmt: skip
        found = json.loads(done.stdout[done.stdout.index("{") :])
        return [task["hosts"]["localhost"] for task in found["plays"][0]["tasks"]]

    return play


def test_check_do_again_change(play: Any, tmp_path: Path) -> None:
    src, dest = tmp_path / "content", tmp_path / "host" / "content"
    for name in ("a.txt", "sub/b.txt", "sub/__pycache__/c.pyc"):
        (src / name).parent.mkdir(parents=True, exist_ok=True)
        (src / name).write_text(name)
    mirror = {"onering.platform.mirror": {"src": "content", "dest": str(dest)}}
    edit = {"ansible.builtin.shell": f"echo new > {src}/a.txt; rm {src}/sub/b.txt"}
    planned, done, again, _edited, changed = play({**mirror, "check_mode": True}, mirror, mirror, edit, mirror)
    assert [result["changed"] for result in (planned, done, again, changed)] == [True, True, False, True]
    assert planned["changed_paths"] == done["changed_paths"] == [".", "a.txt", "sub", "sub/b.txt"]
    assert changed["changed_paths"] == ["a.txt", "sub/b.txt"]
    assert {str(path.relative_to(dest)) for path in dest.rglob("*")} == {"a.txt", "sub"}
    assert (dest / "a.txt").read_text() == "new\n"


def test_what_has_no_place_is_told(play: Any, tmp_path: Path) -> None:
    mirror = {"src": "content", "dest": str(tmp_path / "host" / "content")}
    (result,) = play({"onering.platform.mirror": mirror})
    assert "content: No such file or directory" in result["msg"]
    (result,) = play({"onering.platform.mirror": {**mirror, "entries": {}}})
    assert "Unsupported parameters" in str(result)
