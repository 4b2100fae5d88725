"""Every finding of the preflight, from injected readings, and the readings themselves from what the kernel writes."""

from __future__ import annotations

import http.server
import json
import os
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.onering.platform.plugins.module_utils import clients, preflight

NOW = 1_800_000_000.0
ANY = preflight.WILDCARDS[0]
STORE = {
    "name": "store", "services": ["store"], "images": ["store"],
    "ports": [{"port": 9000, "variable": "store_port"}],
    "footprint": {"memory_mb": 300, "disk_mb": 2000, "build_seconds": 100},
}  # fmt: skip
TOOL = {
    "name": "tool", "services": [], "images": ["tool"], "ports": [],
    "footprint": {"memory_mb": 50, "disk_mb": 100, "build_seconds": 10},
}  # fmt: skip
GRAPHS = {
    "name": "graphs", "services": ["graphs"], "images": ["graphs"],
    "ports": [{"port": 9000, "variable": "graphs_port"}], "footprint": {"memory_mb": 99999, "disk_mb": 1},
}  # fmt: skip
PULLED = {"name": "graphs", "tag": "v/graphs:1", "vendor": "v/graphs:1"}
IMAGES = [
    {"name": "base", "tag": "o/base:1", "suite": "trixie", "registries": ["debian"],
     "footprint": {"disk_mb": 200, "build_seconds": 40}},
    {"name": "store", "tag": "o/store:1", "suite": "trixie", "registries": ["debian", "go"],
     "parents": {"BASE": "base"}, "architectures": ["x86_64"]},
    {"name": "tool", "tag": "o/tool:1", "suite": "trixie", "registries": ["debian", "maven"],
     "parents": {"BASE": "base"}},
    {"name": "other", "tag": "o/other:1", "registries": ["npm"]},
]  # fmt: skip


def plan(**changed: Any) -> dict[str, Any]:
    return {
        "project": "p", "network": "p", "subnet": "172.29.0.0/16", "bind_address": "127.0.0.1", "publish": True,
        "engine_socket": "/run/engine.sock", "engine_install": True, "environment": None, "components": [STORE, TOOL],
        "images": IMAGES, "cpus": 2, "memory_mb": 0, "disk_mb": 0, "skip": [], "now": NOW, "required": [], **changed,
    }  # fmt: skip


def engine(**changed: Any) -> dict[str, Any]:
    return {
        "state": "present", "detail": "", "version": "20.10.24", "api": "1.41", "root": "/var/lib/docker",
        "containers": [], "networks": [], "tags": [], **changed,
    }  # fmt: skip


def reading(**changed: Any) -> dict[str, Any]:
    """A host on which everything is well and nothing is there yet."""
    return {
        "now": NOW, "os": {"ID": "debian", "VERSION_ID": "12", "PRETTY_NAME": "Debian 12"}, "machine": "x86_64",
        "python": [3, 11, 2], "cpus": 2, "memory_mb": 8000, "routes": [], "engine": engine(),
        "missing": ["base", "store", "tool"], "running": [], "store": {"path": "/var/lib/docker", "free_mb": 50000},
        "taken": [], "listeners": [], "bindable": True, "registries": [], "client": {}, "refused": {},
        "needs": {"debian": ["base", "store", "tool"], "go": ["store"], "maven": ["tool"]}, **changed,
    }  # fmt: skip


def container(name: str = "other", project: str = "", port: int = 9000, address: str = ANY) -> dict[str, Any]:
    return {"name": name, "project": project, "service": "x", "ports": [{"address": address, "port": port}]}


def network(name: str, subnet: str, bridge: str = "br-1") -> dict[str, Any]:
    return {"name": name, "project": "", "bridge": bridge, "subnets": [subnet]}


def listener(address: str = ANY, holder: str = "nginx (process 7)") -> dict[str, Any]:
    return {"address": address, "port": 9000, "holder": holder}


def asked(registry: str = "go", cause: str = "", url: str = "https://me:pw@m/x", remedy: str = "") -> dict[str, Any]:
    return {"registry": registry, "urls": [url] if url else [], "proxies": None, "cause": cause, "remedy": remedy}


def route(to: str, interface: str) -> dict[str, str]:
    return {"network": to, "interface": interface}


FINE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("a bare host", {"engine": engine(state="absent")}, {}),
    ("an engine that has stopped", {"engine": engine(state="stopped")}, {}),
    ("ubuntu", {"os": {"ID": "ubuntu", "VERSION_ID": "24.04"}}, {}),
    ("another machine where all is built", {"machine": "aarch64", "missing": []}, {}),
    ("a clock a minute off", {"now": NOW + 59}, {}),
    ("its own container's port", {"engine": engine(containers=[container("p-store", "p")])}, {}),
    ("the port on another address", {"listeners": [listener("192.0.2.1")]}, {}),
    ("a taken port that is not published", {"listeners": [listener()]}, {"publish": False}),
    ("its own bridge", {
        "engine": engine(networks=[network("p", "172.29.0.0/16", "br-p")]), "routes": [route("172.29.0.0/16", "br-p")],
    }, {}),
    ("a bridge that a stopped engine left", {
        "engine": engine(state="stopped"), "routes": [route("172.29.0.0/16", "br-0123456789ab")],
    }, {}),
    ("no memory left but all runs", {"memory_mb": 60, "running": ["store"]}, {}),
    ("no room left but all is built", {"missing": [], "store": {"path": "/d", "free_mb": 1100}}, {}),
    ("registries that answer", {"registries": [asked()]}, {}),
    ("a client's default", {"registries": [asked(url="")]}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "wanted"), [case[1:] for case in FINE], ids=[case[0] for case in FINE])
def test_nothing_is_found(changed: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert preflight.judge(reading(**changed), plan(**wanted)) == []


FOUND: list[tuple[str, dict[str, Any], dict[str, Any], str, str, str]] = [
    ("system", {"os": {"ID": "fedora", "VERSION_ID": "41", "PRETTY_NAME": "Fedora Linux 41"}}, {},
     "os", "Fedora Linux 41, which is not supported", "Debian 12 or 13, or Ubuntu 22.04, 24.04 or 26.04"),
    ("release", {"os": {"ID": "debian", "VERSION_ID": "11", "PRETTY_NAME": "Debian 11"}}, {},
     "os", "Debian 11", "use Debian 12"),
    ("no release", {"os": {}}, {}, "os", "an unknown system", "use Debian"),
    ("machine", {"machine": "riscv64"}, {}, "os", "riscv64", "x86_64"),
    ("image of another machine", {"machine": "arm64"}, {},
     "os", "image store can be built for x86_64 only", "without store"),
    ("python", {"python": [3, 10, 12]}, {}, "python", "Python is 3.10.12, modules need 3.11", "newer release"),
    ("cpu", {"cpus": 1}, {}, "cpu", "1 CPU, and 2 are needed", "preflight_skip: [cpu]"),
    ("memory", {"memory_mb": 340}, {}, "memory", "0.3 GiB of memory are available", "onering_profile"),
    ("memory asked for", {}, {"memory_mb": 99999}, "memory", "97.7 GiB are expected", "onering_profile"),
    ("disk", {"store": {"path": "/d", "free_mb": 3000}}, {}, "disk", "2.9 GiB are free at /d", "data-root"),
    ("disk asked for", {}, {"disk_mb": 102400}, "disk", "100.0 GiB are expected", "data-root"),
    ("clock behind", {"now": NOW - 61}, {}, "clock", "61 s behind the control node's", "set-ntp"),
    ("clock ahead", {"now": NOW + 3600}, {}, "clock", "3600 s ahead of", "set-ntp"),
    ("year", {"now": 0.0}, {"now": 0.0}, "clock", "the year 1970", "set-ntp"),
    ("port of a process", {"listeners": [listener()]}, {},
     "ports", "port 9000, which store publishes, is held by nginx (process 7)",
     "set store_port to another port, for instance 9001"),
    ("port of nobody known", {"listeners": [listener("127.0.0.1", "")], "taken": [9000, 9001]}, {},
     "ports", "a process of another user", "9002"),
    ("port of a container", {"engine": engine(containers=[container(project="q")])}, {},
     "ports", "container other of project q", "store_port"),
    ("port twice", {}, {"components": [STORE, {**TOOL, "ports": [{"port": "9000", "variable": "tool_port"}]}]},
     "ports", "store_port and tool_port are both 9000", "set tool_port to 9001"),
    ("address", {"bindable": False}, {"bind_address": "192.0.2.9"},
     "ports", "no interface of this machine has the address 192.0.2.9", "onering_bind_address"),
    ("route", {"routes": [route("172.16.0.0/12", "tun0")]}, {},
     "network", "172.29.0.0/16 overlaps the route to 172.16.0.0/12 by tun0",
     "onering_network_subnet to a free /16: 10.240.0.0/16"),
    ("bridge of another network that a stopped engine left", {
        "engine": engine(state="stopped"), "routes": [route("172.29.128.0/17", "br-0123456789ab")],
     }, {}, "network", "172.29.0.0/16 overlaps the route to 172.29.128.0/17 by br-0123456789ab", "172.31.0.0/16"),
    ("bridge beside an engine that runs", {"routes": [route("172.29.0.0/16", "br-0123456789ab")]}, {},
     "network", "172.29.0.0/16 overlaps the route to 172.29.0.0/16 by br-0123456789ab", "172.31.0.0/16"),
    ("network of the engine", {
        "engine": engine(networks=[network("q", "172.29.0.0/16", "br-q")]), "routes": [route("172.29.0.0/16", "br-q")],
     }, {}, "network", "172.29.0.0/16 of the engine's network q", "172.31.0.0/16"),
    ("no permission", {"engine": engine(state="denied")}, {}, "engine", "/run/engine.sock may not be used", "sudo"),
    ("no answer", {"engine": engine(state="silent", detail="timed out")}, {},
     "engine", "does not answer: timed out", "journalctl -u docker"),
    ("no engine wanted", {"engine": engine(state="absent")}, {"engine_install": False},
     "engine", "engine_install is false", "engine_install: true"),
    ("old engine", {"engine": engine(api="1.39", version="18.09")}, {},
     "engine", "the engine is 18.09 (API 1.39), and API 1.41 is needed", "20.10"),
    ("no client", {"client": {"found": "there is no client", "remedy": "install docker.io"}}, {},
     "engine", "there is no client", "install docker.io"),
    ("registry refused", {"registries": [asked(cause="connection refused")]}, {},
     "registries", "the Go proxy at https://m/x: connection refused; needed for store", "GOPROXY"),
    ("registry's certificate", {"registries": [asked(cause="TLS: self-signed certificate")]}, {},
     "registries", "TLS: self-signed certificate", "update-ca-certificates"),
    ("registry's account", {"registries": [asked("maven", "HTTP 401 Unauthorized")]}, {},
     "registries", "HTTP 401 Unauthorized; needed for tool",
     "give credentials or another address: a mirror in ~/.m2/settings.xml"),
    ("registry's path", {"registries": [asked(cause="HTTP 404 Not Found")]}, {},
     "registries", "HTTP 404", "mend the address"),
    ("no archive", {"registries": [asked("debian", "the target's apt knows no Debian archive", "", "add one")]}, {},
     "registries", "the target's apt knows no Debian archive; needed for base, store, tool", "add one"),
    ("a required image", {"refused": {"graphs": "no such host"}},
     {"components": [STORE, GRAPHS], "images": [*IMAGES, PULLED], "required": ["graphs"]},
     "images", "v/graphs:1 can't be had, the vendor's image of graphs, which is required: no such host", "docker load"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "wanted", "check", "says", "remedy"), [case[1:] for case in FOUND], ids=[case[0] for case in FOUND]
)
def test_a_finding_names_cause_and_remedy(
    changed: dict[str, Any], wanted: dict[str, Any], check: str, says: str, remedy: str
) -> None:
    (only,) = preflight.judge(reading(**changed), plan(**wanted))
    assert (only["check"], only["level"]) == (check, "error")
    assert says in only["found"]
    assert remedy in only["remedy"]
    assert "pw" not in only["found"]


def test_every_check_can_fail() -> None:
    assert {case[3] for case in FOUND} == set(preflight.JUDGES)


def test_two_ports_get_two_others() -> None:
    two = {**STORE, "ports": [{"port": 9000, "variable": "a_port"}, {"port": 9001, "variable": "b_port"}]}
    held = engine(containers=[container(), container(port=9001)])
    found = preflight.judge(reading(engine=held), plan(components=[two]))
    assert [entry["remedy"].rpartition(" ")[2] for entry in found] == ["9002", "9003"]


def test_a_skipped_check_warns() -> None:
    (only,) = preflight.judge(reading(cpus=1), plan(skip=["cpu"]))
    assert only["level"] == "warning"


def test_what_has_no_image_is_left_out_and_nothing_is_asked_for_it() -> None:
    """Its port is another's and its memory more than there is: neither is in the way of what stays."""
    wanted = plan(components=[STORE, GRAPHS], images=[*IMAGES, PULLED])
    (only,) = preflight.judge(reading(refused={"graphs": "no such host"}), wanted)
    assert (only["check"], only["level"]) == ("images", "warning")
    assert "which is left out: no such host" in only["found"]
    assert {entry["check"] for entry in preflight.judge(reading(), wanted)} == {"ports", "memory"}


def test_only_what_is_still_to_be_built_needs_registries(tmp_path: Path) -> None:
    wanted = plan(environment=str(tmp_path))
    assert preflight.fetches(wanted, reading(missing=["tool"])) == {
        "debian": ["tool"],
        "maven": ["tool"],
        "pypi": ["the modules' Python"],
    }
    (tmp_path / ".complete").touch()
    assert preflight.fetches(wanted, reading(missing=[])) == {}
    assert preflight.fetches(plan(components=[STORE]), reading())["debian"] == ["base", "store"]


def test_notes_say_what_will_be_installed_and_what_was_not_checked() -> None:
    told = preflight.notes(reading(engine=engine(state="absent"), registries=[asked("pypi", url="")]), plan())
    assert told == ["no engine answers: it will be installed", "client's default, not checked: PyPI"]
    wanted = plan(components=[GRAPHS], images=[PULLED])
    assert preflight.notes(reading(engine=engine(state="absent")), wanted)[1:] == [
        "only an engine can say whether these can be had: v/graphs:1"
    ]


# --- readings --------------------------------------------------------------------------------------------------------


def test_the_release_is_read_with_or_without_quotes() -> None:
    read = preflight.os_release('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n')
    assert (read["ID"], read["VERSION_ID"], read["PRETTY_NAME"]) == ("debian", "12", "Debian GNU/Linux 12 (bookworm)")


def test_memory_is_what_programs_can_still_get() -> None:
    assert preflight.memory_available("MemTotal: 9 kB\nMemFree: 1 kB\nMemAvailable:   2097152 kB\n") == 2048


def test_routes_are_read_without_defaults() -> None:
    lines = [
        "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT",
        "eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0",
        "tun1 00000080 00000000 0001 0 0 0 00000080 0 0 0",
        "tun0 000010AC 00000000 0001 0 0 0 0000F0FF 0 0 0",
    ]
    assert preflight.routes("\n".join(lines)) == [route("172.16.0.0/12", "tun0")]


def test_listeners_are_read_of_both_families() -> None:
    head = "  sl  local_address rem_address   st\n"
    rest = "00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1 0\n"
    four = f"{head}   0: 0100007F:1F90 {rest}   1: 0100007F:0016 0200007F:0100 01 0:0 0:0 0 0 0 1 1 0\n"
    six = f"{head}   0: {'0' * 32}:0050 {rest}   1: 0000000000000000FFFF00000100007F:0051 {rest}"
    assert preflight.listeners([four, six]) == [
        {"address": "127.0.0.1", "port": 8080, "inode": "77"},
        {"address": "::", "port": 80, "inode": "77"},
        {"address": "127.0.0.1", "port": 81, "inode": "77"},
    ]


def test_a_sockets_holder_is_named(tmp_path: Path) -> None:
    (tmp_path / "7/fd").mkdir(parents=True)
    (tmp_path / "7/comm").write_text("nginx\n")
    (tmp_path / "self").mkdir()
    (tmp_path / "7/fd/3").symlink_to("socket:[77]")
    assert preflight.holder("77", str(tmp_path)) == "nginx (process 7)"
    assert preflight.holder("78", str(tmp_path)) == ""


def test_this_machine_owns_loopback_only() -> None:
    assert preflight.owns("127.0.0.1")
    assert not preflight.owns("192.0.2.1")


def test_the_store_is_the_nearest_folder_that_exists(tmp_path: Path) -> None:
    at = preflight.store(str(tmp_path / "var/lib/engine"))
    assert at["path"] == str(tmp_path / "var/lib/engine")
    assert at["free_mb"] > 0


class _Socket(socketserver.ThreadingUnixStreamServer):
    allow_reuse_address = True


ANSWERS: dict[str, Any] = {
    "/version": {"Version": "20.10.24", "ApiVersion": "1.41"},
    "/info": {"DockerRootDir": "/srv/docker"},
    "/containers/json": [
        {
            "Names": ["/p-store"],
            "Labels": {"onering.project": "p", "onering.service": "store"},
            "Ports": [
                {"IP": "127.0.0.1", "PrivatePort": 1, "PublicPort": 9000, "Type": "tcp"},
                {"PrivatePort": 2, "Type": "tcp"},
            ],
        }
    ],
    "/networks": [
        {
            "Name": "p",
            "Id": "0123456789abcdef",
            "Labels": {"onering.project": "p"},
            "Options": {},
            "IPAM": {"Config": [{"Subnet": "172.29.0.0/16"}, {"Subnet": "fd00::/64"}]},
        },
        {
            "Name": "bridge",
            "Id": "f" * 64,
            "Labels": None,
            "Options": {"com.docker.network.bridge.name": "docker0"},
            "IPAM": {"Config": None},
        },
    ],
    "/images/o/store%3A1/json": {"Id": "x"},
    "/distribution/v/graphs%3A1/json": {"Descriptor": {}},
}
# What the engine answers about registries that it can't use.
STATUS = {
    "/distribution/v/secret%3A1/json": (403, "pull access denied"),
    "/distribution/v/closed%3A1/json": (401, "no basic auth credentials"),
    "/distribution/v/nowhere%3A1/json": (500, 'Get "registry": no such host'),
}


class _Engine(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = self.path in ANSWERS
        status, message = STATUS.get(self.path, (200 if known else 404, "no such thing"))
        body = json.dumps(ANSWERS.get(self.path, {"message": message})).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return ""

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def engine_socket(tmp_path: Path) -> Iterator[str]:
    path = str(tmp_path / "e.sock")
    with _Socket(path, _Engine) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield path
        server.shutdown()


def test_the_engine_is_read_from_its_socket(engine_socket: str) -> None:
    read = preflight.engine(engine_socket, ["o/store:1", "o/gone:1"])
    assert (read["state"], read["api"], read["root"]) == ("present", "1.41", "/srv/docker")
    assert read["tags"] == ["o/store:1"]
    (mine,) = read["containers"]
    assert (mine["name"], mine["project"], mine["service"]) == ("p-store", "p", "store")
    assert mine["ports"] == [{"address": "127.0.0.1", "port": 9000}]
    assert [(n["name"], n["bridge"], n["subnets"]) for n in read["networks"]] == [
        ("p", "br-0123456789ab", ["172.29.0.0/16"]),
        ("bridge", "docker0", []),
    ]


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("v/graphs:1", ""),
        ("v/secret:1", ""),
        ("v/closed:1", ""),
        ("v/gone:1", "its registry does not know it"),
        ("v/nowhere:1", 'Get "registry": no such host'),
    ],
)
def test_the_engine_says_whether_an_image_can_be_had(engine_socket: str, image: str, why: str) -> None:
    assert preflight.unavailable(engine_socket, image) == why


def test_only_vendors_images_that_are_missing_are_asked_for(engine_socket: str) -> None:
    gone = {**PULLED, "tag": "v/gone:1"}
    wanted = plan(components=[STORE, GRAPHS], images=[*IMAGES, gone], engine_socket=engine_socket)
    missing = reading(missing=["store", "graphs"])
    assert preflight.refusals(wanted, missing) == {"graphs": "its registry does not know it"}
    assert preflight.refusals(wanted, reading()) == {}
    assert preflight.refusals({**wanted, "skip": ["images"]}, missing) == {}
    assert preflight.refusals(wanted, {**missing, "engine": engine(state="absent")}) == {}


def test_a_registry_that_is_silent_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "PULL_TIMEOUT", 0.1)
    path = str(tmp_path / "mute.sock")
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(path)
        mute.listen()
        assert "did not answer within" in preflight.unavailable(path, "v/graphs:1")


def test_what_the_engine_says_is_told_even_if_it_is_no_message() -> None:
    assert preflight.EngineError("/x", 500, b'{"message": "why"}').said == "why"
    assert preflight.EngineError("/x", 500, b"<html>").said == "/x answered 500: <html>"


def test_a_socket_that_is_not_there_or_dead(tmp_path: Path) -> None:
    path = str(tmp_path / "dead.sock")
    assert preflight.engine(path, [])["state"] == "absent"
    socket.socket(socket.AF_UNIX).bind(path)
    assert preflight.engine(path, [])["state"] == "stopped"


def test_a_socket_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "TIMEOUT", 0.1)
    path = str(tmp_path / "mute.sock")
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(path)
        mute.listen()
        assert preflight.engine(path, [])["state"] == "silent"


def test_a_socket_that_may_not_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Any, path: str) -> None:
        raise PermissionError("denied")

    monkeypatch.setattr(preflight.Engine, "get", denied)
    assert preflight.engine(os.devnull, [])["state"] == "denied"


# --- package registries ----------------------------------------------------------------------------------------------


class _Registry(http.server.BaseHTTPRequestHandler):
    seen: list[str] = []

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization", ""))
        self.send_response(int(self.path.rstrip("/").rpartition("/")[2]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Registry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_registry_that_answers_gets_the_credentials_of_its_address(registry: str) -> None:
    assert preflight.ask(f"http://me:p%40ss@{registry}/200/", None) == ""
    assert _Registry.seen[-1] == "Basic bWU6cEBzcw=="


def test_a_registrys_status_is_the_cause(registry: str) -> None:
    assert preflight.ask(f"http://{registry}/403/", None) == "HTTP 403 Forbidden"


def test_a_proxy_is_used(registry: str) -> None:
    by_proxy = preflight.ask("http://registry.invalid/503/", {"http": f"http://{registry}"})
    assert by_proxy == "HTTP 503 Service Unavailable"


def test_a_closed_port_is_refused() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    assert preflight.ask(url, {}) == "connection refused"


def test_a_name_that_is_not_known() -> None:
    assert preflight.ask("http://registry.invalid/", {}) == "DNS: the name registry.invalid is not known"


def test_a_certificate_that_is_not_trusted() -> None:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = "self-signed certificate"
    assert preflight.cause(error, "m") == "TLS: self-signed certificate"


def test_silence_is_named() -> None:
    assert preflight.cause(TimeoutError(), "m") == "no answer within 5 s"


def test_all_are_asked_side_by_side_and_nobody_waits_for_ever() -> None:
    waits = threading.Event()

    def one(url: str, proxies: Any) -> str:
        if "slow" in url:
            waits.wait(20)
        return "refused" if "bad" in url else ""

    questions = [
        {"registry": "go", "urls": ["bad", "good"], "proxies": None, "cause": "", "remedy": ""},
        {"registry": "npm", "urls": ["slow"], "proxies": None, "cause": "", "remedy": ""},
        {"registry": "pypi", "urls": ["bad"], "proxies": None, "cause": "", "remedy": ""},
        {"registry": "maven", "urls": [], "proxies": None, "cause": "", "remedy": ""},
    ]
    causes = [answer["cause"] for answer in preflight.answers(questions, one, patience=0.3)]
    waits.set()
    assert causes == ["", "no answer within 5 s", "refused", ""]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in clients.PASSED_ON:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(clients, "said", lambda *command: "")
    monkeypatch.setattr(clients, "pip_index", lambda: "")
    monkeypatch.setattr(clients, "maven_settings", lambda: "")
    monkeypatch.setattr(clients, "apt_sources", lambda: ("http://m/debian/", "http://m/sec/"))
    return monkeypatch


def urls(*registries: str) -> list[list[str]]:
    return [q["urls"] for q in preflight.questions({name: [] for name in registries}, ["trixie"])]


def test_questions_go_where_the_targets_clients_go(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("PIP_INDEX_URL", "https://m/simple/")
    settings.setenv("NPM_CONFIG_REGISTRY", "https://m/npm")
    settings.setenv("GOPROXY", "https://m/go,https://n/go|direct")
    assert urls("debian", "pypi", "npm", "go") == [
        ["http://m/debian/dists/trixie/InRelease"],
        ["http://m/sec/dists/trixie-security/InRelease"],
        ["https://m/simple/pip/"],
        ["https://m/npm/npm"],
        ["https://m/go/golang.org/x/sys/@v/list", "https://n/go/golang.org/x/sys/@v/list"],
    ]


def test_a_client_without_a_setting_is_not_guessed(settings: pytest.MonkeyPatch) -> None:
    assert urls("pypi", "npm", "go", "maven") == [[], [], [], []]


def test_pip_tells_its_own_default(settings: pytest.MonkeyPatch) -> None:
    help_text = "  -i, --index-url <url>  Base URL of the Python Package\n    Index (default https://m/simple)."
    settings.setattr(clients, "said", lambda *command: help_text if "--help" in command else "")
    assert urls("pypi") == [["https://m/simple/pip/"]]


def test_go_that_may_not_fetch_is_told(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("GOPROXY", "off")
    (only,) = preflight.questions({"go": []}, [])
    assert "GOPROXY is off" in only["cause"]


def test_a_target_without_an_archive_is_told(settings: pytest.MonkeyPatch) -> None:
    def none() -> tuple[str, str]:
        raise clients.ClientError("no archive", "add one")

    settings.setattr(clients, "apt_sources", none)
    (only,) = preflight.questions({"debian": []}, ["trixie"])
    assert (only["cause"], only["remedy"]) == ("no archive", "add one")


MAVEN = """<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0">
  <mirrors>
    <mirror><id>b</id><mirrorOf>external:http:*</mirrorOf><url>http://0.0.0.0/</url><blocked>true</blocked></mirror>
    <mirror><id>m</id><mirrorOf>{of}</mirrorOf><url>https://m/maven</url></mirror>
  </mirrors>
  <proxies><proxy><active>true</active><host>proxy</host><port>3128</port></proxy></proxies>
</settings>"""


@pytest.mark.parametrize(("of", "used"), [("*", True), ("central", True), ("other", False), ("*,!central", False)])
def test_mavens_mirror_is_that_of_its_settings(of: str, used: bool) -> None:
    found, proxies = preflight.maven(MAVEN.format(of=of))
    assert found == (["https://m/maven"] if used else [])
    assert proxies == {"http": "http://proxy:3128", "https": "http://proxy:3128"}


def test_apts_proxy_is_that_of_the_address() -> None:
    conf = ['Acquire::http::Proxy "http://proxy:3128";', 'Acquire::http::Proxy::near "DIRECT";']
    assert preflight.apt_proxy(conf, "http://far/debian/") == {"http": "http://proxy:3128"}
    assert preflight.apt_proxy(conf, "http://near/debian/") == {}
