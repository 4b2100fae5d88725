"""Runs a module's main() in this process, as Ansible would, and gives back what it exits with."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils import urls
from ansible.module_utils.testing import patch_module_args


@pytest.fixture
def run_module(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    def run(module: ModuleType, check: bool = False, diff: bool = True, **options: Any) -> dict[str, Any]:
        arguments = dict(options, _ansible_check_mode=check, _ansible_diff=diff)
        capsys.readouterr()
        with patch_module_args(arguments), pytest.raises(SystemExit) as ended:
            module.main()
        result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        result["failed"] = ended.value.code != 0
        return result

    return run


@pytest.fixture
def catalog(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A double of OpenMetadata's server behind a port, with a service of each kind."""
    from ansible_collections.onering.platform.tests.doubles.openmetadata import OpenMetadata, Served

    # A context reads all certificate authorities of the machine: once is enough for plain HTTP.
    monkeypatch.setattr(urls, "make_context", functools.lru_cache(urls.make_context))
    double = OpenMetadata()
    double.seed("databaseService", name="clickhouse", serviceType="Clickhouse")
    double.seed("storageService", name="minio", serviceType="S3")
    double.seed("pipelineService", name="airflow", serviceType="Airflow")
    double.seed("dashboardService", name="grafana", serviceType="Grafana")
    served = Served(double)
    double.url = served.url
    yield double
    served.close()
