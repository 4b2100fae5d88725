"""The whole platform in a project of its own. Tests run in order and stop at the first failure."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator

import pytest
from driver import ROOT, WORK, Platform


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    there = Platform()
    shutil.copytree(ROOT / "platform", there.content)
    there.play("playbooks/down.yml", "-e", json.dumps({"down_purge": True, "engine_purge_images": False}))
    yield there
    if os.environ.get("KEEP"):
        return
    there.play("playbooks/down.yml", "-e", json.dumps({"down_purge": True, "engine_purge_images": False}))
