"""OpenMetadata's published models and client, read from where `ops/scripts/contract` put them.

Its package imports databases, profilers and clouds at its start. What models and client don't use of that is left out.
"""

from __future__ import annotations

import importlib
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

CONTRACT = Path(__file__).resolve().parents[6] / ".cache/contract"
PACKAGE = CONTRACT / "metadata"
LEFT_OUT = (
    "antlr4", "pydantic_settings", "metadata.antlr", "metadata.generated.antlr", "metadata.ingestion.lineage",
    "metadata.pii", "metadata.profiler", "metadata.sampler", "metadata.utils.entity_link", "metadata.utils.secrets",
)  # fmt: skip


class _Nothing:
    """Stands for any class of a module that is left out."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        return self

    def __class_getitem__(cls, _: Any) -> Any:
        return cls


class _LeaveOut(MetaPathFinder, Loader):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if any(name == each or name.startswith(each + ".") for each in LEFT_OUT):
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = ModuleType(spec.name)

        def member(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return type(name, (_Nothing,), {})

        module.__getattr__ = member  # type: ignore[method-assign]
        return module

    def exec_module(self, module: ModuleType) -> None:
        pass


def _open() -> None:
    if not PACKAGE.is_dir():
        raise RuntimeError(f"{PACKAGE} is missing: run ops/scripts/contract")
    sys.path.append(str(CONTRACT))
    sys.meta_path.insert(0, _LeaveOut())
    package = ModuleType("metadata")
    package.__path__ = [str(PACKAGE)]
    sys.modules["metadata"] = package


_open()
jsonpatch: Any = importlib.import_module("jsonpatch")


def model(path: str) -> Any:
    """A class of the generated schema, such as `entity.data.table.Table`."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"metadata.generated.schema.{module}"), name)


def client(url: str, token: str) -> Any:
    """The vendor's own client."""
    connection = model("entity.services.connections.metadata.openMetadataConnection.OpenMetadataConnection")
    jwt = model("security.client.openMetadataJWTClientConfig.OpenMetadataJWTClientConfig")
    api = importlib.import_module("metadata.ingestion.ometa.ometa_api")
    return api.OpenMetadata(
        connection(hostPort=f"{url}/api", authProvider="openmetadata", securityConfig=jwt(jwtToken=token))
    )
