"""The modules' own examples run, in the order in which a catalog is filled, and a second time change nothing."""

from __future__ import annotations

import importlib
import re

import pytest
import yaml

# Those that declare, then those that remove.
PRESENT = [("service", 0), ("asset", 0), ("asset", 1), ("lineage", 0), ("info", 0), ("info", 1)]
ABSENT = [("lineage", 1), ("asset", 2), ("service", 1)]


@pytest.fixture
def run(run_module, catalog):
    catalog.seed("pipeline", name="flights", service="airflow")
    columns = [{"name": name, "dataType": "INT"} for name in ("year", "month", "day")]
    catalog.seed("container", name="bronze", service="minio")
    catalog.seed("container", name="flights", service="minio", dataModel={"columns": columns},
                 parent=catalog.reference("container", catalog.entities["container"]["minio.bronze"]))  # fmt: skip

    def run(name, number):
        module = importlib.import_module(f"ansible_collections.onering.platform.plugins.modules.openmetadata_{name}")
        text = re.sub(r"{{ (\w+) }}", lambda found: catalog.token if "token" in found[1] else "s3cret", module.EXAMPLES)
        task = yaml.safe_load(text)[number]
        return run_module(module, **{**task[f"onering.platform.openmetadata_{name}"], "url": catalog.url})

    return run


@pytest.mark.parametrize("number", range(len(ABSENT)))
def test_what_removes_runs_on_nothing(run, catalog, number) -> None:
    if ABSENT[number][0] == "service":
        catalog.seed("dashboard", name="d", service="grafana")
    result = run(*ABSENT[number])
    assert result.get("msg") is None
    assert result["changed"] == (ABSENT[number][0] == "service")


def test_what_declares_runs_and_then_changes_nothing(run, catalog) -> None:
    for attempt in (1, 2):
        for name, number in PRESENT:
            result = run(name, number)
            assert result.get("msg") is None, (name, number)
            assert result["changed"] == (attempt == 1 and name != "info"), (name, number)
    assert result["total"] >= 1
