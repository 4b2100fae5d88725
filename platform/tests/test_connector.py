"""Extraction speaks with a connector in Airbyte's protocol: here with ones that write what a test tells them to."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from onering import connector

NAMES = {"id": "Id"}


def record(stream: str = "planes", **data: Any) -> str:
    return json.dumps({"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": 1767225600000}})


def trouble(message: str, internal: str | None = None) -> str:
    error = {"message": message, "internal_message": internal}
    return json.dumps({"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 1.0, "error": error}})


def log(level: str, message: str) -> str:
    return json.dumps({"type": "LOG", "log": {"level": level, "message": message}})


class Source:
    """A connector that writes the lines, then runs the statement."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.executable = folder, folder / "source-test"
        self.stop = threading.Event()

    def says(self, *lines: str, then: str = "", end: str = "\n") -> Source:
        self.executable.write_text(
            f"#!{sys.executable}\nimport os, shutil, signal, sys, time\n"
            f"at = sys.argv.index\nfor what in ('config', 'catalog'):\n"
            f"    shutil.copy(sys.argv[at('--' + what) + 1], {str(self._folder)!r} + '/seen-' + what)\n"
            f"sys.stdout.write({end!r}.join({[*lines, '']!r}))\nsys.stdout.flush()\n{then}\n"
        )
        self.executable.chmod(0o700)
        return self

    def read(self, inactivity: float = 60, **names: str) -> list[dict[str, Any]]:
        stream = connector.StreamConnection(
            "planes", {"url": "there", "token": "planted"}, {"id": "string", "seats": "integer"}, names
        )
        connection = connector.Connection("here.yml", "source-test", self.executable, 100, 1, inactivity, (stream,))
        return list(connector.records(connection, stream, self.stop))

    def seen(self, what: str) -> Any:
        return json.loads((self._folder / f"seen-{what}").read_text())


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(tmp_path)


def test_records_come_with_their_ids_in_order(source: Source) -> None:
    came = source.says(log("INFO", "begun"), record(id="a", seats=2), record(id="b", seats=None)).read()
    assert [(of["id"], of["seats"], of["_airbyte_extracted_at"]) for of in came] == [
        ("a", 2, 1767225600000),
        ("b", None, 1767225600000),
    ]
    assert came[0]["_airbyte_raw_id"] < came[1]["_airbyte_raw_id"]


def test_the_connector_is_told_its_configuration_and_the_catalog(source: Source) -> None:
    source.says().read(**NAMES)
    assert source.seen("config") == {"url": "there", "token": "planted"}
    (configured,) = source.seen("catalog")["streams"]
    assert configured["stream"]["name"] == "planes"
    assert set(configured["stream"]["json_schema"]["properties"]) == {"Id", "seats"}
    assert (configured["sync_mode"], configured["destination_sync_mode"]) == ("full_refresh", "overwrite")


def test_fields_have_the_names_that_the_connection_gives(source: Source) -> None:
    (came,) = source.says(record(Id="a", seats=2, owner="x")).read(**NAMES)
    assert {name for name in came if not name.startswith("_")} == {"id", "seats"}


def test_what_is_no_message_goes_to_the_log(source: Source, capfd: pytest.CaptureFixture[str]) -> None:
    others = ["Warming up", '{"level": "info"}', log("NOTICE", "x"), "17"]
    assert len(source.says(*others, log("WARN", "slow"), log("DEBUG", "x = 1"), record(id="a")).read()) == 1
    assert capfd.readouterr().out.splitlines() == [*(f"planes: {line}" for line in others), "planes: WARN slow"]


@pytest.mark.parametrize(
    ("lines", "then", "words"),
    [
        ([record(id="a"), trouble("no", "[Errno 2] no file")], "sys.exit(1)", ["ended with 1 after 1", "[Errno 2]"]),
        ([record(id="a"), trouble("The source is gone")], "", ["told an error after 1 records: The source is gone"]),
        ([record(id="a")], "os.kill(os.getpid(), signal.SIGKILL)", ["was killed by SIGKILL after 1 records"]),
        (['{"type": "RECO'], "", ["no message of Airbyte's protocol after 0", '"RECO']),
        (['{"type": "RECORD"}'], "", ["no message of Airbyte's protocol after 0", "RECORD"]),
        (["Loading... " + record(id="a")], "", ["no message of Airbyte's protocol after 0", "Loading... "]),
        ([record(id="a").replace('"a"', '"\\udcff"')], "", ["no message of Airbyte's protocol after 0", "RECORD"]),
        ([record("ships", id="a")], "", ["the source lacks this stream", "sent ships"]),
    ],
    ids=["error", "error with 0", "killed", "half a message", "empty record", "text before", "no UTF-8", "other one"],
)  # fmt: skip
def test_a_failure_says_why_and_what_next(source: Source, lines: list[str], then: str, words: list[str]) -> None:
    with pytest.raises(connector.ConnectorError) as raised:
        source.says(*lines, then=then).read()
    for word in ["planes: ", "source-test", "here.yml", "date again", *words]:
        assert word in str(raised.value)


def test_a_message_cut_by_a_kill_is_the_kill(source: Source) -> None:
    cut = record(id="b")[:40]
    with pytest.raises(connector.ConnectorError, match="was killed by SIGKILL after 1 records"):
        source.says(f"{record(id='a')}\n{cut}", then="os.kill(os.getpid(), signal.SIGKILL)", end="").read()


def test_silence_ends_it(source: Source) -> None:
    with pytest.raises(connector.ConnectorError, match=r"wrote nothing for 0\.5 s and was ended"):
        source.says(record(id="a"), then="time.sleep(60)").read(inactivity=0.5)


def test_one_that_says_no_more_but_does_not_end_is_ended(source: Source) -> None:
    with pytest.raises(connector.ConnectorError, match=r"wrote nothing for 0\.5 s and was ended"):
        source.says(record(id="a"), then="os.close(1); time.sleep(60)").read(inactivity=0.5)


def test_another_streams_failure_ends_it(source: Source) -> None:
    source.stop.set()
    with pytest.raises(connector.StoppedError, match="another stream failed"):
        source.says(record(id="a"), then="time.sleep(60)").read()
