"""Where the content lies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(os.environ.get("ONERING_PLATFORM") or Path(__file__).resolve().parents[4])


def read_yaml(path: Path) -> Any:
    """The one document of a YAML file."""
    # libyaml's parser: every task reads the datasets' files, and the one in Python takes ten times as long.
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
