"""The program: what it says where it can't make the page."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from platform_report import __main__ as program
from test_page import FACTS


def test_what_keeps_it_from_being_made_is_said_and_the_last_page_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / program.PAGE).write_text("the last one")
    (tmp_path / "password").write_text("secret-of-the-reader")
    monkeypatch.setattr(program, "SITE", tmp_path)
    monkeypatch.setattr(program, "PASSWORD", tmp_path / "password")
    for name, value in {
        "REPORT_POSTGRES_HOST": "127.0.0.1",
        "REPORT_POSTGRES_PORT": "1",  # nobody listens there
        "REPORT_POSTGRES_DATABASE": "onering",
        "REPORT_POSTGRES_USER": "report",
        "REPORT_PROMETHEUS_URL": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["platform_report", "--force"])
    assert program.main() == 1
    said = capsys.readouterr().err
    assert said.startswith("The report could not be made, and the last one stays: Postgres: connection failed")
    assert "secret-of-the-reader" not in said
    assert {path.name for path in tmp_path.iterdir()} == {program.PAGE, "password"}
    assert (tmp_path / program.PAGE).read_text() == "the last one"


def test_what_parts_of_the_installation_took_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "SITE", tmp_path)
    found = []
    for phases in ({"images": 600.0, "flow": 80.0}, {"flow": 70.0}, {}):
        said = FACTS | {"phases": [{"name": name, "seconds": seconds} for name, seconds in phases.items()]}
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(said)))
        found.append({of["name"]: of["seconds"] for of in program.told()["phases"]})
    (tmp_path / program.PHASES).write_text("")
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(FACTS | {"phases": []})))
    assert program.told()["phases"] == [], "what can't be read is nothing"
    assert found == [{"images": 600, "flow": 80}, {"images": 600, "flow": 70}, {"images": 600, "flow": 70}]
