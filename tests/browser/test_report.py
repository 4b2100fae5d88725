"""The report's page, with every type of panel in it and texts that mean harm, in Debian's browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import docker
import pytest
from look import THEMES, WIDTHS, check, opened
from platform_report import dashboard, draw, page
from platform_report.sources import Column, Frame
from samples import NOW, Answering, document, panel
from test_page import FACTS, LINEAGE, NASTY, RECEIPT, RUN, TASKS, VALIDATION

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / ".cache/browser"
INSIDE = "/opt/report/echarts.min.js"
HOURS = [round((NOW - 3600 * hour) * 1000) for hour in range(48, 0, -1)]


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart library as the image has it."""
    engine = docker.from_env()
    image = next(of for of in engine.images.list(filters={"label": "onering.image=pages"}) if of.tags)
    path = tmp_path_factory.mktemp("library") / "echarts.min.js"
    path.write_bytes(engine.containers.run(image, ["cat", INSIDE], entrypoint="", remove=True, network_mode="none"))
    return path


@pytest.fixture(scope="session")
def address(library: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    series = [
        Frame([Column("time", "time", HOURS), Column(name, "number", [(hour * factor) % 97 for hour in range(48)])])
        for name, factor in (("first", 7), ("second", 11), (NASTY, 13))
    ]
    table = Frame(
        [Column("make", "string", ["Audi", NASTY]), Column("sold", "number", [3, 95]), Column("back", "number", [1, 5])]
    )
    postgres = {"type": "grafana-postgresql-datasource", "uid": "postgres"}
    rows = {"targets": [{"refId": "A", "datasource": postgres, "rawSql": "x", "format": "table"}]}
    values = {"reduceOptions": {"calcs": ["lastNotNull"], "values": True}}
    colours = {"mode": "thresholds"}
    steps = {
        "mode": "absolute",
        "steps": [{"value": None, "color": "green"}, {"value": 50, "color": "orange"}, {"value": 90, "color": "red"}],
    }
    config = {"defaults": {"unit": "bytes", "color": colours, "thresholds": steps}, "overrides": []}
    of_series = [
        panel("timeseries", id=1),
        panel("stat", id=2, options={"graphMode": "area", "colorMode": "background"}, fieldConfig=config),
        panel("gauge", id=3, fieldConfig=config),
        panel("heatmap", id=4, options={"calculate": False}),
        panel("bargauge", id=5, fieldConfig=config),
    ]
    of_rows = [
        panel("barchart", id=11, options={"xField": "make"}, **rows),
        panel("piechart", id=12, options=values, **rows),
        panel(
            "table",
            id=13,
            fieldConfig={"defaults": {"custom": {"cellOptions": {"type": "color-text"}}, "thresholds": steps}},
            **rows,
        ),
    ]
    boards = [
        (of, draw.draw(of, Answering(*frames)))
        for of, frames in (
            (dashboard.parse(document(*of_series, uid="series", title="Series"), "series.json"), series),
            (dashboard.parse(document(*of_rows, uid="page-data", title="Rows"), "rows.json"), [table]),
        )
    ]
    edges = [["bronze.a|x", "silver.a|x"], ["silver.a|x", "gold.b|y"]]
    lineage: dict[str, Any] = {
        "dataset": "d",
        "edges": edges,
        "layers": [
            {"layer": name.capitalize(), "tables": [{"table": f"{name}.{table}", "columns": columns}]}
            for name, table, columns in (("bronze", "a", ["x", "z"]), ("silver", "a", ["x"]), ("gold", "b", ["y"]))
        ],
    }
    failed = {**RUN, "dataset": "other", "state": "failed", "gold": None, "silver": None}
    text = page.render(
        facts=FACTS,
        dashboards=boards,
        flows=[{**RECEIPT, "streams": 1, "marts": 2, "agree": True}],
        runs=[RUN, failed],
        receipts=[RECEIPT],
        validations=[VALIDATION],
        lineage=[lineage, LINEAGE],
        tasks=[TASKS, {**TASKS, "tasks": [], "error": "refused"}],
        now=NOW,
        library=library,
    )
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(text, encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wrong_with_the_page(address: str, theme: str, width: int) -> None:
    check(address, theme, width, PICTURES / "samples")


def test_harmful_texts_do_nothing(address: str) -> None:
    with opened(address) as seen:
        dialogs: list[str] = []
        seen.page.on("dialog", lambda of: dialogs.append(of.message))
        seen.page.wait_for_timeout(200)
        assert dialogs == []
        assert NASTY in seen.page.inner_text("#platform-facts")


def test_the_theme_can_be_changed_by_keyboard(address: str) -> None:
    with opened(address, "light") as seen:
        before = [of["marks"] for of in seen.charts()]
        seen.page.focus("button.theme")
        seen.page.keyboard.press("Enter")
        assert seen.theme() == "dark"
        assert [of["marks"] for of in seen.charts()] == before
        assert seen.errors == []


def test_a_column_shows_what_it_comes_from(address: str) -> None:
    with opened(address) as seen:
        area = seen.page.locator(".lineage").first
        area.locator('button[data-column="gold.b|y"]').press("Enter")
        pressed = area.locator('button[aria-pressed="true"]').evaluate_all("all => all.map(of => of.dataset.column)")
        assert pressed == ["bronze.a|x", "silver.a|x", "gold.b|y"]
        assert "comes from 2 columns" in seen.page.locator('[role="status"]').first.inner_text()


def test_it_prints(address: str, tmp_path: Path) -> None:
    with opened(address, "dark") as seen:
        printed = seen.page.pdf(path=tmp_path / "report.pdf", print_background=True)
        assert printed.startswith(b"%PDF-")
        seen.page.emulate_media(media="print")
        assert seen.page.locator("header nav").is_hidden()
        assert (
            json.loads(seen.page.evaluate("JSON.stringify(getComputedStyle(document.body).backgroundColor)"))
            == "rgb(255, 255, 255)"
        )


def test_the_check_finds_what_is_wrong(address: str, tmp_path: Path) -> None:
    with opened(address) as seen:
        wrong = seen.page.content().replace("<nav", '<p style="color: #ccc; background: #ddd">faint</p><nav', 1)
    broken = tmp_path / "index.html"
    broken.write_text(wrong, encoding="utf-8")
    with pytest.raises(AssertionError):
        check(broken.as_uri(), "light", 1366, tmp_path)
