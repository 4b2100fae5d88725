"""What tests of several folders share."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest
from ansible.module_utils import urls


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
