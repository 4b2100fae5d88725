"""Each backend's CONNECTION and its doc fragment say the same: the two places where its options stand."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible_collections.onering.platform.plugins.doc_fragments import airflow as airflow_fragment
from ansible_collections.onering.platform.plugins.doc_fragments import clickhouse as clickhouse_fragment
from ansible_collections.onering.platform.plugins.doc_fragments import minio as minio_fragment
from ansible_collections.onering.platform.plugins.doc_fragments import openmetadata as openmetadata_fragment
from ansible_collections.onering.platform.plugins.module_utils import airflow, clickhouse, minio, openmetadata

BACKENDS = [
    (minio, minio_fragment),
    (clickhouse, clickhouse_fragment),
    (openmetadata, openmetadata_fragment),
    (airflow, airflow_fragment),
]
NAMES = ["minio", "clickhouse", "openmetadata", "airflow"]


@pytest.mark.parametrize(("backend", "fragment"), BACKENDS, ids=NAMES)
def test_options_types_defaults_and_environment_agree(backend, fragment) -> None:
    documented = yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION)["options"]
    assert set(documented) == set(backend.CONNECTION)
    for option, spec in backend.CONNECTION.items():
        text = documented[option]
        for key in ("type", "default", "required"):
            assert text.get(key) == spec.get(key), (option, key)
        assert re.findall(r"E\((\w+)\)", " ".join(text["description"])) == spec["fallback"][1]


@pytest.mark.parametrize(("backend", "fragment"), BACKENDS, ids=NAMES)
def test_secrets_are_no_log(backend, fragment) -> None:
    for option, spec in backend.CONNECTION.items():
        if re.search(r"(password|secret_key|token)$", option):
            assert spec["no_log"], option
