"""Start of extraction: whether there is anything to extract, and in which environment."""

from __future__ import annotations

from typing import Any

from onering import environments, manifest
from onering.dataset import Dataset
from onering.run import Run
from onering.storage import Storage

ENVIRONMENT = "airbyte"


def extract(dataset: Dataset, run: Run) -> dict[str, dict[str, Any]]:
    """Records and notes by stream; none when the run is sealed: its Bronze is loaded again as it is."""
    if manifest.sealed(run, Storage(manifest.INGEST)):
        print(f"Bronze of {run.dataset} {run.run_id} is sealed: nothing to extract")
        return {}
    return environments.run(ENVIRONMENT, "onering.extract", dataset.name, run.run_id)
