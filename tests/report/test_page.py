"""The page: safe whatever the data are, bounded whatever the history."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from platform_report import books, dashboard, draw, page
from platform_report.sources import Column, Frame
from samples import NOW, Answering, document, panel

NASTY = "</script><script>alert(1)</script><!--&'\"{{x}}"
FACTS = {
    "project": NASTY,
    "host": NASTY,
    "links": [{"title": NASTY, "url": "http://127.0.0.1"}],
    "phases": [{"name": NASTY, "seconds": 61}],
    "containers": [
        {"service": NASTY, "state": "running", "health": "", "image": NASTY, "memory": 2**20, "started": NASTY}
    ],
    "accounts": [{"store": NASTY, "account": NASTY, "rights": [NASTY]}],
    "evidence": [dict.fromkeys(("title", "product", "image", "result", "date"), NASTY)],
    "left_out": [{"title": NASTY, "why": NASTY}],
}
RUN = {
    "dataset": NASTY,
    "run_id": "r",
    "attempt": 1,
    "state": "succeeded",
    "failed_task": NASTY,
    "cause": NASTY,
    "notes": None,
    "logical": NOW,
    "started": NOW - 100,
    "silver": NOW - 60,
    "gold": NOW - 20,
    "ended": NOW,
}
RECEIPT = {
    "dataset": NASTY,
    "kind": "stream",
    "name": NASTY,
    "measure": "rows",
    "source": 5.0,
    "bronze": 5.0,
    "silver": 4.0,
    "quarantined": 1.0,
    "gold": None,
    "expected": None,
    "balanced": True,
}
VALIDATION = {
    "dataset": NASTY,
    "layer": "gold",
    "suite": NASTY,
    "lines": [
        {"expectation": NASTY, "parameters": NASTY, "outcomes": [{"success": False, "found": NASTY, "run": NASTY}]}
    ],
}
TASKS = {
    "dataset": NASTY,
    "logical": NOW,
    "error": "",
    "tasks": [
        {"name": NASTY, "state": "success", "tries": 1, "began": NOW - 9, "ended": NOW - 4},
        {"name": "load", "state": "running", "tries": 2, "began": NOW - 4, "ended": None},
    ],
}
LINEAGE = {
    "dataset": NASTY,
    "edges": [[NASTY, NASTY]],
    "layers": [{"layer": "Bronze", "tables": [{"table": NASTY, "columns": [NASTY]}]}],
}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "library.js"
    path.write_text("var echarts = {};")
    return path


def made(library: Path, **more: Any) -> str:
    frames = [Frame([Column("time", "time", [1, 2]), Column(NASTY, "number", [1, 2])])]
    of = dashboard.parse(
        document(panel("timeseries"), panel("stat", title=NASTY, id=2), description=NASTY), "board.json"
    )
    given: dict[str, Any] = {
        "facts": FACTS,
        "dashboards": [(of, draw.draw(of, Answering(*frames)))],
        "flows": books.flows([RECEIPT]),
        "runs": [RUN],
        "receipts": [RECEIPT],
        "validations": [VALIDATION],
        "lineage": [LINEAGE],
        "tasks": [TASKS],
        "now": NOW,
        "library": library,
        **more,
    }
    return page.render(**given)


def test_nothing_of_the_data_is_markup_or_script(library: Path) -> None:
    text = made(library)
    assert "<script>alert" not in text
    assert text.count("<script") == text.count("</script>") == 3
    data = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', text, re.S)
    assert data
    assert NASTY in json.loads(data[1])["edges"]


def test_only_the_two_scripts_of_the_page_may_run(library: Path) -> None:
    text = made(library)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    allowed = set(re.findall(r"sha256-[\w+/=]+", policy[1].replace("&#39;", "'")))
    scripts = re.findall(r"<script>(.*?)</script>", text, re.S)
    assert allowed == {page.digest(script) for script in scripts}
    assert "default-src" in policy[1]


def test_nothing_is_fetched(library: Path) -> None:
    assert re.findall(r'(?:src|href)="(?!#|http://127|data:,)[^"]*"', made(library)) == []


def test_headings_are_in_order_and_ids_are_single(library: Path) -> None:
    text = made(library)
    levels = [int(level) for level in re.findall(r"<h([1-6])", text)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def test_empty_panels_are_told(library: Path) -> None:
    of = dashboard.parse(document(panel("stat")), "board.json")
    text = made(library, dashboards=[(of, draw.draw(of, Answering()))])
    assert '<p class="empty">no data</p>' in text
    assert "<li>A dashboard: A question?</li>" in text


def test_before_the_first_run_the_page_says_so(library: Path) -> None:
    text = made(library, runs=[], tasks=[], flows=[], receipts=[], validations=[], lineage=[])
    assert text.count("No run yet.") == 2


def test_a_page_too_large_is_an_error(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MOST_BYTES", 1000)
    with pytest.raises(page.PageError, match="more than 1000"):
        made(library)


def test_a_library_that_ends_its_element_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.js").write_text("'</SCRIPT>'")
    with pytest.raises(page.PageError, match="ends its own element"):
        page.script(tmp_path / "x.js")


def test_facts_have_their_schema() -> None:
    schema = json.loads((Path(page.__file__).parent / "facts.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(FACTS, schema)
    for wrong in ({**FACTS, "password": "x"}, {**FACTS, "links": [{"title": "x", "url": "javascript:alert(1)"}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_tasks_stand_where_they_began(library: Path) -> None:
    option = page.tasks_gantt(TASKS["tasks"], NOW)
    assert option["yAxis"]["data"] == [NASTY, "load"]
    offset, took = option["series"]
    assert offset["data"] == [0, 5]
    assert [of["value"] for of in took["data"]] == [5, 4]
    assert [of["itemStyle"]["color"]["$color"] for of in took["data"]] == ["green", "blue"]
    assert 'id="chart-tasks-1"' in made(library)


def test_an_orchestrator_that_does_not_answer_is_told(library: Path) -> None:
    text = made(library, tasks=[{**TASKS, "tasks": [], "error": "Airflow at http://a did not tell: refused"}])
    assert "Airflow at http://a did not tell: refused" in text
    assert 'id="chart-tasks-1"' not in text
