"""The dashboards are Grafana's: read and written by its own models nothing of them is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

FOLDER = Path(__file__).resolve().parents[1] / "observability/grafana/dashboards"
FILES = sorted(FOLDER.glob("*.json"))
WITHOUT_UNIT = ("table", "text", "row")
plugins.register_default_plugins()


def read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def lost(before: Any, after: Any, where: str = "") -> Iterator[str]:
    """What of a document isn't in another. A default that a model leaves out is none."""
    if isinstance(before, dict):
        for key, value in before.items():
            if not isinstance(after, dict) or (key not in after and value not in (None, [], {}, "", False)):
                yield f"{where}.{key} = {value!r}"
            elif key in after:
                yield from lost(value, after[key], f"{where}.{key}")
    elif isinstance(before, list):
        if not isinstance(after, list) or len(before) != len(after):
            yield f"{where} = {before!r}"
        else:
            for number, (one, other) in enumerate(zip(before, after, strict=True)):
                yield from lost(one, other, f"{where}[{number}]")
    elif before != after:
        yield f"{where} = {before!r}, not {after!r}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_grafanas_models_know_all_of_it(path: Path) -> None:
    before = read(path)
    model = Dashboard.from_json(before)
    after = json.loads(JSONEncoder(sort_keys=True).encode(model))
    assert list(lost(before, after)) == []


def test_the_models_find_what_they_do_not_know() -> None:
    wrong = read(FILES[0])
    wrong["panels"][0]["sparkle"] = "much"
    after = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(wrong)))
    assert list(lost(wrong, after)) == [".panels[0].sparkle = 'much'"]


def test_dashboards_are_told_apart() -> None:
    uids = [read(path)["uid"] for path in FILES]
    assert uids == [path.stem for path in FILES]
    assert len(set(uids)) == len(FILES) >= 6


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_panels_have_their_place_and_say_what_they_show(path: Path) -> None:
    taken: dict[tuple[int, int], str] = {}
    panels = read(path)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["title"]
        assert panel["description"], panel["title"]
        if panel["type"] not in WITHOUT_UNIT:
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies over {taken.get((x, y))}"
                taken[x, y] = panel["title"]


def test_every_dataset_with_marts_has_its_own_of_gold() -> None:
    found = [
        yaml.safe_load(path.read_text(encoding="utf-8")) for path in (FOLDER.parents[2] / "datasets").glob("*.yml")
    ]
    lasting = [dataset for dataset in found if not dataset.get("transient")]
    assert len(lasting) >= 2
    for dataset in lasting:
        text = (FOLDER / f"gold-{dataset['name']}.json").read_text(encoding="utf-8")
        assert [mart for mart in dataset["marts"] if f"gold.{mart}" not in text] == []
