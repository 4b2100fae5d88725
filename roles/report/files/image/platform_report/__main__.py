"""Make the report.

usage: python -m platform_report [--look] < facts.json

Standard input: what the installer knows (facts.schema.json). The last line of the output is `made`, `unchanged`,
`no books yet` (before the first changelog), or with --look `outdated`. The page is replaced as a whole, and only if it
could be made.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema

from platform_report import books, dashboard, draw, page
from platform_report.sources import SourceError, Sources
from platform_report.tasks import Airflow

HERE = Path(__file__).resolve().parent
SITE = Path(os.environ.get("REPORT_SITE", "/srv/report"))
DASHBOARDS = Path(os.environ.get("REPORT_DASHBOARDS", "/opt/onering/dashboards"))
LIBRARY = Path(os.environ.get("REPORT_LIBRARY", "/opt/report/echarts.min.js"))
PASSWORD = Path(os.environ.get("REPORT_PASSWORD_FILE", "/run/secrets/password"))
AIRFLOW_PASSWORD = Path(os.environ.get("REPORT_AIRFLOW_PASSWORD_FILE", "/run/secrets/airflow_password"))
PAGE, STAMP, PHASES = "index.html", "made-of", "phases.json"


def connect() -> Sources:
    conninfo = {
        "host": os.environ["REPORT_POSTGRES_HOST"],
        "port": int(os.environ.get("REPORT_POSTGRES_PORT", "5432")),
        "dbname": os.environ["REPORT_POSTGRES_DATABASE"],
        "user": os.environ["REPORT_POSTGRES_USER"],
        "password": PASSWORD.read_text(encoding="utf-8").strip(),
    }
    return Sources(os.environ["REPORT_PROMETHEUS_URL"], conninfo)


def orchestrator() -> Airflow:
    url = os.environ.get("REPORT_AIRFLOW_URL", "")
    password = AIRFLOW_PASSWORD.read_text(encoding="utf-8").strip() if url else ""
    return Airflow(url, os.environ.get("REPORT_AIRFLOW_USER", ""), password)


def stamp(sources: Sources) -> str:
    """What a page is made of: the newest run, the dashboards, this program."""
    found = hashlib.sha256(books.stamp(sources).encode())
    for path in [*sorted(DASHBOARDS.glob("*.json")), *sorted(HERE.iterdir()), LIBRARY]:
        if path.is_file():
            found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def write(path: Path, text: str) -> None:
    """The old file or the new one, whatever happens."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def told() -> dict[str, Any]:
    """What the installer knows. Of parts that had nothing to do this time, what they took the last time is kept."""
    facts = json.load(sys.stdin)
    jsonschema.validate(facts, json.loads((HERE / "facts.schema.json").read_text(encoding="utf-8")))
    try:
        known = dict(json.loads((SITE / PHASES).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        known = {}
    known |= {of["name"]: of["seconds"] for of in facts["phases"]}
    write(SITE / PHASES, json.dumps(known))
    return dict(facts) | {"phases": [{"name": name, "seconds": seconds} for name, seconds in known.items()]}


def make(sources: Sources, airflow: Airflow, facts: dict[str, Any]) -> str:
    files = sorted(DASHBOARDS.glob("*.json"))
    if not files:
        raise page.PageError(f"no dashboard in {DASHBOARDS}")
    drawn = [(of, draw.draw(of, sources)) for of in map(dashboard.load, files)]
    receipts = books.receipts(sources)
    return page.render(
        facts=facts,
        dashboards=drawn,
        flows=books.flows(receipts),
        runs=books.runs(sources),
        tasks=airflow.timings(books.newest(sources)),
        receipts=receipts,
        validations=books.validations(sources),
        lineage=books.lineage(sources),
        now=sources.now,
        library=LIBRARY,
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="platform_report", description=__doc__)
    parser.add_argument("--look", action="store_true", help="only say whether the page is outdated")
    parser.add_argument("--force", action="store_true", help="make it, outdated or not")
    arguments = parser.parse_args()
    begun = time.monotonic()
    try:
        sources = connect()
        if not books.there(sources):
            print("no books yet")
            return 0
        made_of = stamp(sources)
        before = (
            (SITE / STAMP).read_text(encoding="utf-8") if (SITE / STAMP).exists() and (SITE / PAGE).exists() else ""
        )
        if before == made_of and not arguments.force:
            print("unchanged")
            return 0
        if arguments.look:
            print("outdated")
            return 0
        airflow = orchestrator()
        text = make(sources, airflow, told())
    except (SourceError, dashboard.DashboardError, page.PageError, jsonschema.ValidationError, OSError) as error:
        said = error.message if isinstance(error, jsonschema.ValidationError) else str(error)
        print(f"The report could not be made, and the last one stays: {said}", file=sys.stderr)
        return 1
    write(SITE / PAGE, text)
    # A page without the tasks' times is drawn again the next time.
    write(SITE / STAMP, made_of if airflow.answered else "")
    asked = sum(sources.spent.values())
    print(f"{len(text.encode()) / 1e6:.1f} MB in {time.monotonic() - begun:.1f} s, {asked:.1f} s of them queries")
    print("made")
    return 0


if __name__ == "__main__":
    sys.exit(main())
