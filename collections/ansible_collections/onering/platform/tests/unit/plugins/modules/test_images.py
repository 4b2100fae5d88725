from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.onering.platform.plugins.modules import images


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> images.Builder:
    monkeypatch.setattr(images.clients, "docker_client", lambda: "docker")
    monkeypatch.setattr(images, "Settings", lambda folder: None)
    return images.Builder(
        {"timeout": 60, "parallel": 2, "log_dir": str(tmp_path), "progress_path": str(tmp_path / "progress")}
    )


def image(name: str, *parents: str) -> dict[str, Any]:
    return {"name": name, "tag": f"t/{name}:1", "version": "1", "parents": [f"t/{parent}:1" for parent in parents]}


def test_parents_are_built_before_and_present_images_left_alone(
    builder: images.Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    lock = threading.Lock()

    def build(spec: dict[str, Any], settings: Any) -> int:
        with lock:
            order.append(spec["name"])
        return 3

    monkeypatch.setattr(builder, "build", build)
    took = builder.all([image("base"), image("a", "base"), image("b", "a"), image("there")], {"t/there:1"})
    assert took == {"base": 3, "a": 3, "b": 3}
    assert order == ["base", "a", "b"]


def test_the_first_failure_stops_the_others(builder: images.Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(spec: dict[str, Any], settings: Any) -> int:
        raise images.BuildError(f"{spec['name']}: no")

    monkeypatch.setattr(builder, "build", build)
    with pytest.raises(images.BuildError, match="a: no"):
        builder.all([image("a"), image("b", "a")], set())
    assert builder.stopped


def test_a_failing_command_shows_its_last_lines_and_its_log(builder: images.Builder, tmp_path: Path) -> None:
    with open(tmp_path / "x.log", "w") as log, pytest.raises(images.BuildError) as error:
        builder.run(image("x"), ["sh", "-c", "echo one; echo the cause; exit 3"], log)
    assert "x: the build ended with code 3" in str(error.value)
    assert "the cause" in str(error.value)
    assert str(tmp_path / "x.log") in str(error.value)
    assert (tmp_path / "x.log").read_text() == "one\nthe cause\n"


def test_steps_become_progress_without_their_mounts(builder: images.Builder, tmp_path: Path) -> None:
    with open(tmp_path / "x.log", "w") as log:
        builder.run(image("x"), ["echo", "#5 [2/2] RUN --mount=type=secret,id=ca make it"], log)
    assert "x: [2/2] RUN make it" in (tmp_path / "progress").read_text()


def test_a_long_silent_step_is_named_again(
    builder: images.Builder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(images, "QUIET", 0.05)

    def build(spec: dict[str, Any], settings: Any) -> int:
        builder.step(spec["name"], "[2/2] RUN compile")
        threading.Event().wait(0.3)
        return 1

    monkeypatch.setattr(builder, "build", build)
    builder.all([image("a")], set())
    assert "a: still running, 0 s in this step: [2/2] RUN compile" in (tmp_path / "progress").read_text()


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(images.clients, "apt_sources", lambda: ("http://m.local/debian/", ""))
    monkeypatch.setattr(images.clients, "said", lambda *command: "")
    return tmp_path


def test_proxies_of_the_environment_reach_apt(monkeypatch: pytest.MonkeyPatch, settings: Path) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", ".local")
    images.Settings(str(settings))
    conf = (settings / "apt_conf").read_text()
    assert 'Acquire::http::Proxy "http://proxy:3128";\nAcquire::http::Proxy::m.local "DIRECT";\n' in conf
    assert "https::Proxy" not in conf


def test_apts_own_proxy_wins(monkeypatch: pytest.MonkeyPatch, settings: Path) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.setattr(images.clients, "said", lambda *command: 'Acquire::http::Proxy "http://own:1";\n')
    images.Settings(str(settings))
    assert "proxy:3128" not in (settings / "apt_conf").read_text()


def test_settings_survive_the_shell(monkeypatch: pytest.MonkeyPatch, settings: Path) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://me:a$HOME'b`c@m/simple")
    images.Settings(str(settings))
    shown = subprocess.run(
        ["sh", "-c", '. "$1"; printf %s "$PIP_INDEX_URL"', "sh", str(settings / "env")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout == "https://me:a$HOME'b`c@m/simple"


def test_builds_work_beside_the_record(
    builder: images.Builder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    builder.params["record_path"] = str(tmp_path / "home" / "images.json")
    seen: list[str] = []
    monkeypatch.setattr(images.subprocess, "run", lambda *args, **more: None)
    monkeypatch.setattr(builder, "run", lambda spec, command, log: seen.append(command[-1]))
    spec = {**image("a"), "base": False, "context": "c.tar", "args": {}, "suite": ""}
    builder.build(spec, SimpleNamespace(flags=lambda suite: []))  # type: ignore[arg-type]
    assert Path(seen[0]).parent == tmp_path / "home"
    assert not Path(seen[0]).exists()


def test_the_record_keeps_when_something_was_taken(tmp_path: Path) -> None:
    path = str(tmp_path / "images.json")
    store = {"image": "t/a:1", "version": "1", "source": "build", "id": "sha256:1"}
    images.write_record(path, {"a": store}, {})
    first = images.read_record(path)
    images.write_record(path, {"a": store, "b": store}, {**first, "old": first["a"]})
    second = images.read_record(path)
    assert second["a"] == first["a"]
    assert sorted(second) == ["a", "b", "old"]


def test_the_record_keeps_tags_that_were_replaced(tmp_path: Path) -> None:
    path = str(tmp_path / "images.json")
    store = {"version": "1", "source": "build", "id": "sha256:1"}
    old = {"source": "build", "version": "1", "tag": "t/a:1", "id": "sha256:1", "taken": "before"}
    record = {"a": old}
    for tag, earlier in [("t/a:2", ["t/a:1"]), ("t/a:3", ["t/a:1", "t/a:2"]), ("t/a:1", ["t/a:2", "t/a:3"])]:
        images.write_record(path, {"a": {**store, "image": tag}}, record)
        record = images.read_record(path)
        assert (record["a"]["tag"], record["a"]["earlier"]) == (tag, earlier)
        assert images.says(record["a"], {**store, "image": tag})


def test_a_broken_record_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "images.json").write_text("{")
    assert images.read_record(str(tmp_path / "images.json")) == {}


PULLED = {"name": "graphs", "tag": "v/graphs:1.2", "version": "1.2", "vendor": True, "probe": {}, "parents": []}
HAD = {"id": "sha256:1", "megabytes": 5}


class Host:
    """An engine that has some images, and a registry from which images can be had, or not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.there: set[str] = set()
        self.why = ""
        self.asked: list[bool] = []
        self.arguments = {"log_dir": str(folder / "logs"), "record_path": str(folder / "home" / "images.json")}
        monkeypatch.setattr(images.clients, "docker_client", lambda: "docker")
        monkeypatch.setattr(images.clients, "login_environment", lambda: None)
        monkeypatch.setattr(images, "Settings", lambda folder: None)
        monkeypatch.setattr(images.Builder, "look", lambda _builder, tag: dict(HAD) if tag in self.there else None)
        monkeypatch.setattr(images.Builder, "build", lambda _builder, spec, settings: self.there.add(spec["tag"]) or 1)
        monkeypatch.setattr(images.Vendor, "obtain", lambda _vendor, spec, there: self.obtain(spec, there))

    def obtain(self, spec: dict[str, Any], there: bool) -> None:
        self.asked.append(there)
        if self.why:
            raise images.Refused(self.why)
        self.there.add(spec["tag"])


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Host:
    return Host(monkeypatch, tmp_path)


def test_a_vendors_image_is_pulled_once_and_recorded(host: Host, run_module: Callable[..., dict[str, Any]]) -> None:
    given = {**host.arguments, "images": [PULLED, image("a")]}
    looked = run_module(images, check=True, **given)
    assert (looked["changed"], looked["images"]["graphs"]["state"], host.asked) == (False, "absent", [])
    first = run_module(images, **given)
    assert first["changed"]
    assert first["refused"] == {}
    assert [first["images"][name]["state"] for name in ("graphs", "a")] == ["pulled", "built"]
    assert first["images"]["graphs"]["source"] == "vendor"
    record = images.read_record(host.arguments["record_path"])["graphs"]
    assert (record["source"], record["tag"], record["id"]) == ("vendor", "v/graphs:1.2", "sha256:1")
    second = run_module(images, **given)
    assert (second["changed"], second["images"]["graphs"]["state"]) == (False, "cached")
    gathered = run_module(images, **given, state="gathered")
    assert (gathered["images"]["graphs"]["state"], gathered["refused"]) == ("cached", {})
    assert host.asked == [False]


def test_an_image_that_was_loaded_by_hand_is_tried_first(host: Host, run_module: Callable[..., dict[str, Any]]) -> None:
    host.there.add("v/graphs:1.2")
    given = {**host.arguments, "images": [PULLED]}
    gathered = run_module(images, **given, state="gathered")
    assert gathered["images"]["graphs"] | {"seconds": 0} == {
        "image": "v/graphs:1.2", "version": "1.2", "source": "vendor", "state": "absent", "seconds": 0, "id": "",
        "megabytes": 0, "why": "it was not taken on this host yet",
    }  # fmt: skip
    first = run_module(images, **given)
    assert (first["changed"], first["images"]["graphs"]["state"], host.asked) == (True, "cached", [True])


def test_where_it_cannot_be_had_all_else_goes_on(host: Host, run_module: Callable[..., dict[str, Any]]) -> None:
    host.why = "no such host"
    given = {**host.arguments, "images": [PULLED, image("a")]}
    first = run_module(images, **given)
    assert (first["changed"], first["refused"]) == (True, {"graphs": "no such host"})
    assert [first["images"][name]["state"] for name in ("graphs", "a")] == ["absent", "built"]
    assert sorted(images.read_record(host.arguments["record_path"])) == ["a"]
    second = run_module(images, **given)
    assert (second["changed"], second["recorded"], second["refused"]) == (False, True, {"graphs": "no such host"})


def test_what_is_required_fails_before_anything_is_built(host: Host, run_module: Callable[..., dict[str, Any]]) -> None:
    host.why = "no such host"
    failed = run_module(images, **host.arguments, images=[image("a"), PULLED], required=["graphs"])
    assert failed["failed"]
    assert failed["msg"] == "graphs: v/graphs:1.2 can't be had, and is required: no such host. Nothing was built."
    assert host.there == set()
