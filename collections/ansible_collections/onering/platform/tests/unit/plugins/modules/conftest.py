"""Runs a module's main() in this process, as Ansible would, and gives back what it exits with."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args

# What Ansible itself puts into any answer, and into one that names a file.
COMMON = {"changed", "diff", "failed", "invocation", "msg", "warnings", "deprecations", "exception"}
OF_A_FILE = {"uid", "gid", "owner", "group", "mode", "size", "state", "secontext"}


@pytest.fixture
def run_module(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    def run(module: ModuleType, check: bool = False, diff: bool = True, **options: Any) -> dict[str, Any]:
        arguments = dict(options, _ansible_check_mode=check, _ansible_diff=diff)
        capsys.readouterr()
        with patch_module_args(arguments), pytest.raises(SystemExit) as ended:
            module.main()
        result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        documented = set(yaml.safe_load(module.RETURN) or {})
        common = COMMON | (OF_A_FILE if {"path", "dest"} & set(options) else set())
        assert set(result) - common - documented == set(), "returned, and not in RETURN"
        result["failed"] = ended.value.code != 0
        return result

    return run
