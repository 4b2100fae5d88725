"""OpenMetadata's published models, read from where `ops/scripts/contract` put them.

The package's own start imports its profiler and its databases; the models need none of that, so it is left out.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

CONTRACT = Path(__file__).resolve().parents[6] / ".cache/contract"
PACKAGE = CONTRACT / "metadata"


def _module(name: str, **members: Any) -> None:
    sys.modules[name] = module = ModuleType(name)
    vars(module).update(members)


def _open() -> None:
    if not PACKAGE.is_dir():
        raise RuntimeError(f"{PACKAGE} is missing: run ops/scripts/contract")
    sys.path.append(str(CONTRACT))
    _module("metadata", __path__=[str(PACKAGE)])
    # Named by the models' encoding of names, never used by it here.
    _module("metadata.profiler", __path__=[])
    _module("metadata.profiler.api", __path__=[])
    _module("metadata.profiler.api.models", ProfilerResponse=type("ProfilerResponse", (), {}))
    _module("metadata.utils", __path__=[str(PACKAGE / "utils")])
    _module("metadata.utils.entity_link", CustomColumnName=type("CustomColumnName", (), {}))


_open()
jsonpatch: Any = importlib.import_module("jsonpatch")


def model(path: str) -> Any:
    """A class of the generated schema, such as `entity.data.table.Table`."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"metadata.generated.schema.{module}"), name)
