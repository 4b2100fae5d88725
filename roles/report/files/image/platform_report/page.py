"""One HTML file out of everything that was drawn. What came from data is text in it, never markup or script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from platform_report import units
from platform_report.dashboard import Dashboard
from platform_report.draw import Drawn

HERE = Path(__file__).resolve().parent
MOST_BYTES = 5_000_000
STATES = {"success": "green", "failed": "red", "upstream_failed": "orange", "running": "blue", "up_for_retry": "orange"}


class PageError(RuntimeError):
    """The page can't be made as it should be."""


def embedded(document: Any) -> Markup:
    """JSON inside a script element: nothing in it can end the element."""
    text = json.dumps(document, separators=(",", ":"), allow_nan=False, default=str)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704  nothing is left to escape


def script(path: Path) -> Markup:
    text = path.read_text(encoding="utf-8")
    if "</script" in text.lower():
        raise PageError(f"{path.name} can't be embedded: it ends its own element")
    return Markup(text)  # noqa: S704  ours, or the pinned library's


def digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def moment(seconds: float | None) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S") if seconds else units.NOTHING


def gantt(runs: Sequence[Mapping[str, Any]], now: float) -> dict[str, Any]:
    """The newest runs, each a line of its three stretches: to Silver, to Gold, to the receipt."""
    lines = [f"{run['dataset']} {moment(run['logical'])[:10]}" for run in runs]
    stretches = (
        ("to Silver", "started", "silver", "blue"),
        ("to Gold", "silver", "gold", "yellow"),
        ("to the receipt", "gold", "ended", "green"),
    )
    series: list[dict[str, Any]] = [
        {
            "type": "bar",
            "stack": "run",
            "silent": True,
            "itemStyle": {"color": "transparent"},
            "data": [0] * len(runs),
            "name": "",
        }
    ]
    for name, begin, end, colour in stretches:
        series.append(
            {
                "type": "bar",
                "stack": "run",
                "name": name,
                "itemStyle": {"color": {"$color": colour}},
                "barMaxWidth": 18,
                "data": [
                    max(0, round(run[end] - run[begin], 1))
                    if run[begin] and run[end] and run[end] >= run["started"]
                    else 0
                    for run in runs
                ],
            }
        )
    series.append(
        {
            "type": "bar",
            "stack": "run",
            "name": "failed after",
            "itemStyle": {"color": {"$color": "red"}},
            "barMaxWidth": 18,
            "data": [
                round((run["ended"] or now) - run["started"], 1) if run["state"] == "failed" else 0 for run in runs
            ],
        }
    )
    seconds = {"$unit": "s", "decimals": None}
    return {
        "legend": {"bottom": 0, "data": [one["name"] for one in series[1:]]},
        "grid": {"left": 8, "right": 24, "top": 8, "bottom": 34, "containLabel": True},
        "tooltip": {"trigger": "axis", "valueFormatter": seconds},
        "xAxis": {"type": "value", "axisLabel": {"formatter": seconds}},
        "yAxis": {"type": "category", "inverse": True, "data": lines},
        "series": series,
    }


def tasks_gantt(tasks: Sequence[Mapping[str, Any]], now: float) -> dict[str, Any]:
    """The tasks of one run, each a line from its begin to its end, in seconds since the first began."""
    first = min(task["began"] for task in tasks)
    bars = [
        {
            "value": max(0.1, round((task["ended"] or now) - task["began"], 1)),
            "itemStyle": {"color": {"$color": STATES.get(task["state"], "gray")}},
        }
        for task in tasks
    ]
    seconds = {"$unit": "s", "decimals": None}
    common = {"type": "bar", "stack": "task", "barMaxWidth": 18}
    return {
        "grid": {"left": 8, "right": 24, "top": 8, "bottom": 8, "containLabel": True},
        "tooltip": {"trigger": "item", "valueFormatter": seconds},
        "xAxis": {"type": "value", "axisLabel": {"formatter": seconds}},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "axisLabel": {"interval": 0},
            "data": [task["name"] for task in tasks],
        },
        "series": [
            {
                **common,
                "silent": True,
                "itemStyle": {"color": "transparent"},
                "tooltip": {"show": False},
                "data": [round(task["began"] - first, 1) for task in tasks],
            },
            {**common, "name": "took", "data": bars},
        ],
    }


def render(
    *,
    facts: Mapping[str, Any],
    dashboards: Sequence[tuple[Dashboard, Sequence[Drawn]]],
    flows: Sequence[Mapping[str, Any]],
    runs: Sequence[Mapping[str, Any]],
    tasks: Sequence[Mapping[str, Any]],
    receipts: Sequence[Mapping[str, Any]],
    validations: Sequence[Mapping[str, Any]],
    lineage: Sequence[Mapping[str, Any]],
    now: float,
    library: Path,
) -> str:
    """The page; more than `MOST_BYTES` is an error."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        moment=moment,
        number=lambda value: units.text(value, "none"),
        seconds=lambda value: units.text(value, "s"),
        bytes=lambda value: units.text(value, "bytes"),
    )
    options = {drawn.id: drawn.option for _of, panels in dashboards for drawn in panels if drawn.option}
    options |= {
        f"{drawn.id}-{number}": tile.spark
        for _of, panels in dashboards
        for drawn in panels
        for number, tile in enumerate(drawn.tiles)
        if tile.spark
    }
    if runs:
        options["runs-gantt"] = gantt(runs[:20], now)
    options |= {f"tasks-{number}": tasks_gantt(of["tasks"], now) for number, of in enumerate(tasks, 1) if of["tasks"]}
    edges = {of["dataset"]: of["edges"] for of in lineage}
    empty = [f"{of.title}: {drawn.title}" for of, panels in dashboards for drawn in panels if drawn.empty]
    scripts = script(library), script(HERE / "page.js")
    text = environment.get_template("page.html.j2").render(
        facts=facts,
        dashboards=dashboards,
        flows=flows,
        runs=runs,
        tasks=tasks,
        receipts=receipts,
        validations=validations,
        lineage=lineage,
        now=now,
        empty=empty,
        scripts=scripts,
        hashes=[digest(str(of)) for of in scripts],
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),  # noqa: S704  ours
        data=embedded({"options": options, "units": units.UNITS, "edges": edges}),
    )
    if len(text.encode()) > MOST_BYTES:
        raise PageError(
            f"the page has {len(text.encode())} bytes, more than {MOST_BYTES}: fewer panels, or fewer series in them"
        )
    return text
