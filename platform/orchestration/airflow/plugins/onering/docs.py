"""Data Docs: a run's validation results as pages, in the bucket data-docs."""

from __future__ import annotations

import mimetypes
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from onering import postgres, quality, sql
from onering.run import Run, logical_date_of
from onering.runs import OPS
from onering.storage import Storage

BUCKET = "data-docs"
WRITER = "minio_docs"
INDEX = "index.html"
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Data Docs</title>
<h1>Data Docs</h1>
<p>What the last validated run of each dataset was found to be.</p>
<ul>
{items}
</ul>
</html>
"""


def publish(run: Run) -> None:
    """Build the pages of the last attempt's results, and put them under <dataset>/ in place of what was there."""
    with postgres.transaction(OPS) as connection:
        results = connection.execute(sql.postgres("read_validations"), run.as_dict()).fetchall()
    if not results:
        print("nothing was validated in this run: the pages stay as they are")
        return
    with tempfile.TemporaryDirectory() as folder:
        site = build(run, results, Path(folder))
        storage = Storage(WRITER)
        upload(storage, site, f"{run.dataset}/")
    storage.put(BUCKET, INDEX, index(storage.folders(BUCKET)).encode(), "text/html; charset=utf-8")


def index(datasets: Iterable[str]) -> str:
    """The page that leads to each dataset's own."""
    items = [f'<li><a href="{quote(name)}/{INDEX}">{escape(name)}</a></li>' for name in sorted(datasets)]
    return PAGE.format(items="\n".join(items))


def build(run: Run, results: list[dict[str, Any]], folder: Path) -> Path:
    """Render the site in a project of its own; the folder that has its index.html."""
    import great_expectations as gx
    from great_expectations.core import ExpectationSuiteValidationResult, RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    context = gx.get_context(mode="file", project_root_dir=folder)
    identity = RunIdentifier(run_name=f"{run.run_id}-{run.attempt}", run_time=logical_date_of(run.run_id))
    for layer in sorted({result["layer"] for result in results}):
        for suite in quality.suites(run.dataset, layer):
            context.suites.add(
                gx.ExpectationSuite(suite.name, expectations=[quality.expectation(of) for of in suite.expectations])
            )
    for result in results:
        key = ValidationResultIdentifier(
            expectation_suite_identifier=ExpectationSuiteIdentifier(name=result["suite"]),
            run_id=identity,
            batch_identifier=result["layer"],
        )
        context.validation_results_store.add(key, ExpectationSuiteValidationResult(**result["result"]))
    context.build_data_docs()
    return folder / "gx" / "uncommitted" / "data_docs" / "local_site"


def upload(storage: Storage, site: Path, prefix: str) -> None:
    """Mirror a folder: the index goes last, what the last site had and this one hasn't goes after that."""
    files = sorted((path for path in site.rglob("*") if path.is_file()), key=lambda path: path.name == INDEX)
    keys = {prefix + path.relative_to(site).as_posix(): path for path in files}
    for key, path in keys.items():
        storage.put(BUCKET, key, path.read_bytes(), mimetypes.guess_type(path.name)[0] or "application/octet-stream")
    for item in storage.objects(BUCKET, prefix):
        if item.key not in keys:
            storage.delete(BUCKET, item.key)
    print(f"{len(keys)} files at {BUCKET}/{prefix}{INDEX}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
