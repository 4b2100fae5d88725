"""What the drift tests read out of a run."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PLUGIN = Path(__file__).resolve().parents[2] / "molecule/shared/callback_plugins/named.py"


@pytest.fixture(scope="module")
def named() -> ModuleType:
    spec = importlib.util.spec_from_file_location("named", PLUGIN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MANY = {
    "changed": True,
    "results": [{"name": "bronze", "changed": True}, {"name": "silver", "changed": False}],
    "diff": {"before": {"bronze": {"versioning": False}}, "after": {"bronze": {"versioning": True}}},
}


@pytest.mark.parametrize(
    ("result", "label", "expected"),
    [
        (MANY, "", ["bronze"]),
        ({**MANY, "diff": {}}, "", ["bronze (not in the diff)"]),
        (
            {"changed_paths": ["a.conf"], "diff": {"after": {"files": {"a.conf": {}}}}},
            "p-minio",
            ["p-minio a.conf"],
        ),
        ({"changed": True}, "p-minio", ["p-minio"]),
        ({"changed": True}, "", [""]),
    ],
)
def test_objects(named: ModuleType, result: dict[str, Any], label: str, expected: list[str]) -> None:
    assert list(named.objects(result, label)) == expected


def test_one_line_a_change_and_none_without(named: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAMED_PATH", str(tmp_path / "named.txt"))
    monkeypatch.setenv("NAMED_PROJECT", "p")

    class Task:
        loop = None

        @staticmethod
        def get_name() -> str:
            return "service : Run"

    class Result:
        task = Task

        def __init__(self, **result: Any) -> None:
            self.result = result

    callback = named.CallbackModule()
    callback.v2_runner_on_ok(Result(changed=False))
    callback.v2_runner_on_ok(Result(changed=True))
    callback.note(Result(changed=True), "p-minio")
    assert (tmp_path / "named.txt").read_text() == "service : Run\nservice : Run: minio\n"
