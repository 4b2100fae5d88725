from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.onering.platform.plugins.module_utils import clients

DEBIAN = (
    "http://m/debian/|bookworm|main|Debian\n"
    "http://m/debian/|bookworm-updates|main|Debian\nhttp://m/sec/|bookworm-security|main|Debian\n"
)


@pytest.mark.parametrize(
    ("listed", "fetched"),
    [
        (DEBIAN, ""),
        ("http://x/|bookworm|main|Some Vendor\nhttp://y/|bookworm|stable|Debian\n" + DEBIAN, "'http://z/debian/dists/"),
        (
            "http://x/|bookworm|stable|\n",
            "'http://x/dists/bookworm/stable/binary-amd64/Packages.xz' f 0\n"
            "'http://m/debian/dists/bookworm/InRelease' f 0\n"
            "'http://m/debian/dists/bookworm/main/binary-amd64/Packages.xz' f 0\n"
            "'http://m/sec/dists/bookworm-security/main/binary-amd64/Packages.xz' f 0\n",
        ),
    ],
    ids=["debian only", "others beside it", "before the first update"],
)
def test_archives_are_those_of_the_targets_apt(monkeypatch: pytest.MonkeyPatch, listed: str, fetched: str) -> None:
    monkeypatch.setattr(clients, "said", lambda *command: listed if "indextargets" in command else fetched)
    assert clients.apt_sources() == ("http://m/debian/", "http://m/sec/")


@pytest.mark.parametrize("slashes", ["", "//"])
def test_a_list_of_mirrors_gives_its_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, slashes: str) -> None:
    (tmp_path / "mirrors").write_text("# near\nhttps://m/debian\tpriority:1\nhttps://far/debian\n")
    listed = f"mirror+file:{slashes}{tmp_path}/mirrors/|trixie|main|Debian\n"
    monkeypatch.setattr(clients, "said", lambda *command: listed)
    assert clients.apt_sources() == ("https://m/debian/", "")


def test_a_target_without_an_archive_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "said", lambda *command: "")
    with pytest.raises(clients.ClientError, match="knows no Debian archive"):
        clients.apt_sources()


@pytest.mark.parametrize(
    ("version", "buildx", "works"), [("20.10.24", "", True), ("28.2.2", "", False), ("28.2.2", "v0.24", True)]
)
def test_a_client_that_can_build_is_chosen(
    monkeypatch: pytest.MonkeyPatch, version: str, buildx: str, works: bool
) -> None:
    monkeypatch.setattr(clients.os.path, "exists", lambda path: path == "/usr/bin/docker")
    monkeypatch.setattr(clients.shutil, "which", lambda name: None)
    monkeypatch.setattr(clients, "said", lambda *command: buildx if "buildx" in command else version)
    if works:
        assert clients.docker_client() == "/usr/bin/docker"
    else:
        with pytest.raises(clients.ClientError, match=r"28\.2\.2 lack the buildx plugin"):
            clients.docker_client()


def test_clients_that_are_not_installed_have_settings_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NPM_CONFIG_REGISTRY", "GOPROXY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "npmrc").write_text("cafile=/ca\nregistry = https://m/npm/\n")
    (tmp_path / "go").write_text("GOFLAGS=-x\nGOPROXY=https://m/go,direct\n")
    monkeypatch.setattr(clients, "said", lambda *command: "")
    monkeypatch.setattr(clients, "NPM_FILES", (str(tmp_path / "missing"), str(tmp_path / "npmrc")))
    monkeypatch.setattr(clients, "GO_FILES", (str(tmp_path / "go"),))
    env = clients.environment()
    assert env["NPM_CONFIG_REGISTRY"] == "https://m/npm/"
    assert env["GOPROXY"] == "https://m/go,direct"


def test_what_a_login_sets_counts_where_sudo_drops_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "environment").write_text('PATH="/bin"\nhttps_proxy="http://login:1"\nno_proxy=login\n')
    monkeypatch.setattr(clients, "LOGIN_FILES", (str(tmp_path / "environment"),))
    monkeypatch.setattr(clients.os, "environ", {"no_proxy": "own"})
    clients.login_environment()
    assert clients.os.environ == {"no_proxy": "own", "https_proxy": "http://login:1"}
