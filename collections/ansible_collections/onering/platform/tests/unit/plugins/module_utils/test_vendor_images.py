"""Pulling and trying a vendor's image, with a program in place of the engine's client that notes what it is asked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.onering.platform.plugins.module_utils import vendor_images
from ansible_collections.onering.platform.plugins.module_utils.vendor_images import Refused, Vendor, last_line

# The first answer whose words all are in the command; its secrets' folder is looked into while the container runs.
CLIENT = """#!/usr/bin/env python3
import json, os, sys, time
here = os.path.dirname(os.path.abspath(__file__))
arguments = sys.argv[1:]
note = {"arguments": arguments}
for argument in arguments:
    if argument.endswith(":/run/secrets:ro"):
        folder = argument.removesuffix(":/run/secrets:ro")
        files = {name: os.stat(os.path.join(folder, name)) for name in os.listdir(folder)}
        note["secrets"] = {name: [oct(stat.st_mode & 0o777), stat.st_uid, stat.st_gid] for name, stat in files.items()}
        note["values"] = [open(os.path.join(folder, name)).read() for name in files]
with open(os.path.join(here, "asked"), "a") as stream:
    stream.write(json.dumps(note) + "\\n")
for words, code, out, error in json.load(open(os.path.join(here, "answers"))):
    if all(word in " ".join(arguments) for word in words):
        if out == "SLEEP":
            time.sleep(10)
        print(out)
        print(error, file=sys.stderr)
        sys.exit(code)
"""
PROBE = {
    "user": f"{os.getuid()}:{os.getgid()}", "memory": "64m", "env": {"MODE": "on"}, "secrets": ["password"],
    "volumes": ["/var/lib/x"], "health": ["CMD", "healthy"], "paths": ["/etc/x"], "version": ["x", "-v"],
    "operation": ["sh", "-c", "x do"],
}  # fmt: skip
IMAGE = {"name": "graphs", "tag": "v/graphs:1.2.3", "version": "1.2.3", "probe": PROBE}
USER = [["image inspect"], 0, str(os.getuid()), ""]
VERSION = [["exec", "x -v"], 0, "Version 1.2.3 (commit: 1)", ""]
Answer = list[Any]


class Engine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client = folder / "docker"
        self.client.write_text(CLIENT)
        self.client.chmod(0o755)
        (folder / "work").mkdir()

    def vendor(self, *answers: Answer, pull_timeout: int = 30) -> Vendor:
        (self.folder / "answers").write_text(json.dumps([*answers, USER, VERSION]))
        return Vendor(str(self.client), str(self.folder / "work"), pull_timeout)

    def asked(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "asked").read_text().splitlines()]

    def verbs(self) -> list[str]:
        return [note["arguments"][0] for note in self.asked()]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


def test_an_image_is_pulled_and_tried_in_a_container_that_goes(engine: Engine) -> None:
    engine.vendor().obtain(IMAGE, there=False)
    assert engine.verbs() == ["pull", "image", "run", "exec", "exec", "exec", "exec", "rm"]
    asked = [note["arguments"] for note in engine.asked()]
    assert asked[0] == ["pull", "--quiet", "v/graphs:1.2.3"]
    name = asked[2][asked[2].index("--name") + 1]
    assert name.startswith("onering-probe-")
    assert [call[1:] for call in asked[3:7]] == [
        [name, "healthy"], [name, "test", "-e", "/etc/x"], [name, "x", "-v"], [name, "sh", "-c", "x do"]
    ]  # fmt: skip
    assert asked[7] == ["rm", "--force", "--volumes", name]
    assert list((engine.folder / "work").iterdir()) == []


def test_the_container_is_confined_and_its_secrets_are_files_of_its_user(engine: Engine) -> None:
    engine.vendor().obtain(IMAGE, there=True)
    assert "pull" not in engine.verbs()
    (run,) = [note for note in engine.asked() if note["arguments"][0] == "run"]
    line = " ".join(run["arguments"])
    for flag in (
        "--network none", "--read-only", "--cap-drop ALL", "--security-opt no-new-privileges:true", "--memory 64m",
        f"--user {PROBE['user']}", "--env MODE=on", "--volume /var/lib/x",
    ):  # fmt: skip
        assert flag in line
    assert run["secrets"] == {"password": ["0o400", os.getuid(), os.getgid()]}
    (value,) = run["values"]
    assert len(value) > 30
    assert value not in line


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ([["pull"], 1, "", "Error response from daemon: no such host"], "no such host"),
        ([["image inspect"], 0, "99:99", ""], f"it runs as user 99:99, not {os.getuid()}"),
        ([["run --detach"], 125, "", "docker: Error response from daemon: no space"], "it does not start: no space"),
        ([["test -e"], 1, "", ""], "it has no /etc/x: no answer"),
        ([["x -v"], 0, "Version 1.2.30", ""], "it is version Version 1.2.30, not 1.2.3"),
        ([["x -v"], 0, "Version 11.2.3", ""], "it is version Version 11.2.3, not 1.2.3"),
        ([["x -v"], 1, "", "not found"], "it does not tell its version: not found"),
        ([["x do"], 22, "", "HTTP 401"], "it does not do what it is asked with its secrets: HTTP 401"),
    ],
)
def test_why_an_image_is_refused(engine: Engine, answer: Answer, why: str) -> None:
    with pytest.raises(Refused) as refused:
        engine.vendor(answer).obtain(IMAGE, there=False)
    assert str(refused.value) == why
    assert ("rm" in engine.verbs()) == ("run" in engine.verbs())


def test_one_that_runs_as_root_is_told(engine: Engine) -> None:
    with pytest.raises(Refused, match="it runs as user root, not"):
        engine.vendor([["image inspect"], 0, "", ""]).obtain(IMAGE, there=True)


def test_one_that_stops_is_told_with_its_last_words(engine: Engine) -> None:
    answers = [[["exec", "healthy"], 1, "", ""], [["inspect", "Running"], 0, "false", ""], [["logs"], 0, "", "no file"]]
    with pytest.raises(Refused, match=r"^it stopped: no file$"):
        engine.vendor(*answers).obtain(IMAGE, there=True)
    assert engine.verbs()[-1] == "rm"


def test_one_that_never_gets_healthy_is_told(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor_images, "PATIENCE", 0)
    monkeypatch.setattr(vendor_images, "INTERVAL", 0)
    answers = [[["exec", "healthy"], 1, "", ""], [["inspect", "Running"], 0, "true", ""], [["logs"], 0, "waiting", ""]]
    with pytest.raises(Refused, match=r"^it was not healthy within 0 s: waiting$"):
        engine.vendor(*answers).obtain(IMAGE, there=True)
    assert engine.verbs()[-1] == "rm"


def test_a_pull_has_a_deadline(engine: Engine) -> None:
    with pytest.raises(Refused, match=r"^docker pull did not end within 1 s$"):
        engine.vendor([["pull"], 0, "SLEEP", ""], pull_timeout=1).obtain(IMAGE, there=False)


def test_of_what_a_client_says_the_end_counts() -> None:
    assert last_line("Using default\n\nError response from daemon: denied\n") == "denied"
    assert last_line("docker: Error response from daemon: busy.\nSee 'docker run --help'.\n") == "busy."
    assert last_line("") == "no answer"
