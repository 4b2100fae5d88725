"""Where the content lies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(os.environ.get("ONERING_PLATFORM") or Path(__file__).resolve().parents[4])


def read_yaml(path: Path) -> Any:
    """The one document of a YAML file, read by the C parser where there is one."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
